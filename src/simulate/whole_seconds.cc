#include "simulate/whole_seconds.h"

#include <algorithm>

namespace rateguard::simulate {
namespace {

constexpr int64_t kSecondUs = 1'000'000;

uint64_t spread_second(std::span<Event> second) {
  const auto count =
      static_cast<int64_t>(std::ranges::count_if(second, [](const Event& event) { return !event.has_fraction; }));
  if (count < 2) return 0;
  int64_t place = 0;
  for (Event& event : second) {
    if (!event.has_fraction) event.time_us += place++ * kSecondUs / count;
  }
  if (count < static_cast<int64_t>(second.size())) std::ranges::stable_sort(second, {}, &Event::time_us);
  return static_cast<uint64_t>(count);
}

}  // namespace

uint64_t spread_whole_seconds(std::span<Event> events) {
  uint64_t spread = 0;
  for (size_t begin = 0; begin < events.size();) {
    const int64_t end_us = events[begin].time_us - events[begin].time_us % kSecondUs + kSecondUs;
    size_t end = begin + 1;
    while (end < events.size() && events[end].time_us < end_us) ++end;
    if (end - begin > 1) spread += spread_second(events.subspan(begin, end - begin));
    begin = end;
  }
  return spread;
}

}  // namespace rateguard::simulate
