// The progress of a long run, for display.
#pragma once

#include <cstdint>
#include <functional>

namespace rateguard::simulate {

struct ProgressUpdate {
  enum class Stage : uint8_t {
    kRead,    // counted in bytes of the logs on disk
    kDecide,  // counted in requests
  };
  Stage stage = Stage::kRead;
  uint64_t done = 0;
  uint64_t total = 0;  // 0: unknown, as for a pipe
};

// Called from time to time on the thread that runs; empty if not needed.
using ProgressCallback = std::function<void(const ProgressUpdate&)>;

}  // namespace rateguard::simulate
