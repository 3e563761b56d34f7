// An object that reports figures.
#pragma once

#include "metrics/writer.h"

namespace rateguard::metrics {

// A module hands one over: it knows the names, the help and the values of its own metrics (as a Prometheus collector
// does). Asked at every scrape, by whichever thread serves it: report() is thread-safe.
class Source {
 public:
  virtual void report(Writer& out) const = 0;

 protected:
  Source() = default;
  Source(const Source&) = default;
  Source& operator=(const Source&) = default;
  ~Source() = default;
};

}  // namespace rateguard::metrics
