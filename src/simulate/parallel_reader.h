// Reads logs on several threads: side by side, and large plain ones in pieces.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/progress.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

// As read_logs() with one thread, to the byte: every piece is read into a recording of its own, and the calling thread
// takes these up in the order of the logs. `total` bytes will be read. REQUIRES: options.jobs >= 1; no path is "-".
Result<ReadSummary> read_logs_in_parallel(std::span<const std::string> paths, const ReadOptions& options,
                                          const ProgressCallback& progress, uint64_t total, Recording& out);

}  // namespace rateguard::simulate
