// A progress bar on a terminal. Without a clock: it redraws only when what it shows has changed.
#pragma once

#include <cstdio>
#include <string>

#include "simulate/progress.h"

namespace rateguard::simulate {

// Draws to `out` (standard error, if that is a terminal: the caller asks) on one line of `columns`, which outlives
// this. Input shorter than kQuietBelow is read too quickly for a bar, and draws none. Not thread-safe.
class ProgressBar {
 public:
  // 8 MiB of log or 100,000 requests: about a tenth of a second.
  static constexpr uint64_t kQuietBelowBytes = 8 * 1024 * 1024;
  static constexpr uint64_t kQuietBelowRequests = 100'000;

  ProgressBar(std::FILE* out, int columns) : out_(out), columns_(columns) {}
  ~ProgressBar() { clear(); }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void update(const ProgressUpdate& update);
  // Removes the bar from the terminal.
  void clear();

 private:
  std::FILE* out_;
  int columns_;
  std::string shown_;
};

}  // namespace rateguard::simulate
