// The sources of a program's figures, in the order in which a scrape sees them.
#pragma once

#include <string>
#include <vector>

#include "metrics/source.h"

namespace rateguard::metrics {

// Filled before the first scrape; constant and thread-safe from then on.
class Registry {
 public:
  // `source` outlives the registry's last use.
  void add(const Source& source) { sources_.push_back(&source); }

  // What every source has to report now. Any thread.
  std::string text(Instant now) const;

 private:
  std::vector<const Source*> sources_;
};

}  // namespace rateguard::metrics
