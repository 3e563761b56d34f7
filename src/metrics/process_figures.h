// The operating system's figures about this process, with the names of Prometheus's own clients.
#pragma once

#include <cstdint>

#include "metrics/source.h"

namespace rateguard::metrics {

struct ProcessFigures {
  double cpu_seconds = 0;  // user and system
  uint64_t resident_bytes = 0;
  uint64_t virtual_bytes = 0;
  uint64_t open_fds = 0;
  uint64_t max_fds = 0;
  double start_time_seconds = 0;  // since the Unix epoch
};

// Reads /proc; a figure that cannot be read stays 0.
ProcessFigures read_process_figures();

class ProcessSource final : public Source {
 public:
  void report(Writer& out) const override;
};

}  // namespace rateguard::metrics
