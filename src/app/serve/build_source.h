// What is running, as a scrape sees it.
#pragma once

#include "metrics/source.h"

namespace rateguard::app {

// The releases of the program and of its time zone database.
class BuildSource final : public metrics::Source {
 public:
  void report(metrics::Writer& out) const override;
};

}  // namespace rateguard::app
