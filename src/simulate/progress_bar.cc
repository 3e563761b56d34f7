#include "simulate/progress_bar.h"

#include <fmt/format.h>

#include <algorithm>

namespace rateguard::simulate {
namespace {

constexpr uint64_t kMebibyte = 1024 * 1024;
constexpr uint64_t kRequestsPerStep = 100'000;  // of what the line shows

// Only what changes seldom, so that the line is drawn a few hundred times at most, however often it is told.
std::string text_of(const ProgressUpdate& update, int columns) {
  const bool reading = update.stage == ProgressUpdate::Stage::kRead;
  const char* stage = reading ? "reading " : "deciding";
  if (update.total == 0) {
    return reading ? fmt::format("{}  {} MiB", stage, update.done / kMebibyte)
                   : fmt::format("{}  {} requests", stage, update.done / kRequestsPerStep * kRequestsPerStep);
  }
  const uint64_t done = std::min(update.done, update.total);
  const auto part = static_cast<double>(done) / static_cast<double>(update.total);
  // The words beside the bar take about 20 columns; beyond 50 a bar says no more.
  const int width = std::clamp(columns - 20, 10, 50);
  const int filled = static_cast<int>(part * width);
  return fmt::format("{} [{}{}] {:3}%", stage, std::string(static_cast<size_t>(filled), '='),
                     std::string(static_cast<size_t>(width - filled), ' '), static_cast<int>(part * 100));
}

}  // namespace

void ProgressBar::update(const ProgressUpdate& update) {
  const bool reading = update.stage == ProgressUpdate::Stage::kRead;
  const uint64_t size = std::max(update.done, update.total);
  if (size < (reading ? kQuietBelowBytes : kQuietBelowRequests)) return;
  std::string text = text_of(update, columns_);
  if (text == shown_) return;
  shown_ = std::move(text);
  // Carriage return, the text, erase to the end of the line (ECMA-48 EL).
  std::fputs(fmt::format("\r{}\x1b[K", shown_).c_str(), out_);
  std::fflush(out_);
}

void ProgressBar::clear() {
  if (shown_.empty()) return;
  shown_.clear();
  std::fputs("\r\x1b[K", out_);
  std::fflush(out_);
}

}  // namespace rateguard::simulate
