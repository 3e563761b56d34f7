#include "suggest/time_order.h"

#include <algorithm>
#include <array>
#include <utility>

#include "simulate/recording.h"

namespace rateguard::suggest {

void LogSpans::add(Instant time) {
  if (!open_) open_ = Span{time, time};
  open_->first = std::min(open_->first, time);
  open_->last = std::max(open_->last, time);
}

void LogSpans::end_log() {
  if (open_) ended_.push_back(*std::exchange(open_, std::nullopt));
}

bool LogSpans::overlap() const {
  constexpr Duration kMinute = Duration::seconds(60);
  std::vector<Span> spans = ended_;
  std::ranges::sort(spans, {}, &Span::first);
  for (size_t i = 1; i < spans.size(); ++i) {
    if (spans[i - 1].last - spans[i].first >= kMinute) return true;
    spans[i].last = std::max(spans[i].last, spans[i - 1].last);
  }
  return false;
}

bool is_out_of_order(const TrafficProfile& profile, const LogSpans& spans) {
  const uint64_t usual_max = spans.overlap() ? 0 : profile.requests() / 100;
  return std::ranges::any_of(
      std::array{&profile.addresses(), &profile.users(), &profile.api_keys()},
      [&](const PeakTable* callers) { return callers->restarts() > 0 || callers->late() > usual_max; });
}

Result<std::unique_ptr<TrafficProfile>> measure_by_time(std::span<const std::string> logs, simulate::ReadOptions read,
                                                        const simulate::ProgressCallback& progress) {
  read.each = {};
  read.end_of_log = {};
  simulate::Recording recording;
  const auto input = simulate::read_logs(logs, read, progress, recording);
  if (!input) return std::unexpected(input.error());
  recording.sort();
  auto profile = std::make_unique<TrafficProfile>();
  recording.for_each_in_order([&](const simulate::LogEntry& entry) { profile->add(entry); });
  return profile;
}

}  // namespace rateguard::suggest
