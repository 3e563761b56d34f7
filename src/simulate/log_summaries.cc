#include "simulate/log_summaries.h"

#include <algorithm>
#include <string>
#include <utility>

namespace rateguard::simulate {

Result<void> LogSummaries::add(LogPart log, Result<void> read) {
  if (read) read = conclude(log, options_, summary_);
  if (!read) {
    if (read.error().code == ErrorCode::kExhausted) return read;
    const std::string text = read.error().to_string();
    log.log.problem = text.substr(0, text.find('\n'));
    if (!first_error_) first_error_ = read.error();
    ++failed_;
  }
  summary_.logs.push_back(std::move(log.log));
  out_.end_log();
  if (options_.end_of_log) options_.end_of_log();
  return {};
}

Result<ReadSummary> LogSummaries::finish() {
  if (failed_ == summary_.logs.size() && first_error_) return std::unexpected(*first_error_);
  return std::move(summary_);
}

void RoomGuess::make(Recording& out, uint64_t done) {
  constexpr uint64_t kBytesToGuessBy = 16 * 1024 * 1024;
  if (guessed_ || done < kBytesToGuessBy || done >= total_) return;
  guessed_ = true;
  const auto events = static_cast<double>(out.size());
  const double guess = events * 1.05 * static_cast<double>(total_) / static_cast<double>(done);
  out.reserve(static_cast<size_t>(std::min(guess, static_cast<double>(options_.requests_max))));
}

}  // namespace rateguard::simulate
