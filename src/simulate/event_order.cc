#include "simulate/event_order.h"

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace rateguard::simulate {
namespace {

// A block and the room to sort it in fit in a second-level cache of half a megabyte.
constexpr size_t kBlockEvents = 8 * 1024;
// How far events may reach from a block into those before it. A server under load logs some ten thousand requests a
// second, and seldom one that took longer than ten of them.
constexpr size_t kOverlapMax = 16 * kBlockEvents;
// More ordered runs than this are not a concatenation of ordered files: a general sort is then quicker than merging.
constexpr size_t kRunsMax = 16;

bool earlier(const Event& a, const Event& b) {
  return a.time_us < b.time_us;
}

// Memory that each block reuses.
struct SortSpace {
  std::vector<Event> sorted;
  std::vector<uint32_t> begins;  // of each second, in `sorted`
};

// A counting sort by the second, then by time within those seconds that need it: most logs know whole seconds only.
void sort_block(std::span<Event> block, SortSpace& work) {
  const auto [first, last] = std::ranges::minmax_element(block, earlier);
  const int64_t begin_us = first->time_us;
  const int64_t seconds = (last->time_us - begin_us) / 1'000'000 + 1;
  if (seconds > static_cast<int64_t>(block.size())) {
    std::ranges::stable_sort(block, earlier);
    return;
  }
  const auto second_of = [&](const Event& event) {
    return static_cast<uint64_t>(event.time_us - begin_us) / 1'000'000;
  };
  work.begins.assign(static_cast<size_t>(seconds) + 2, 0);
  for (const Event& event : block) ++work.begins[second_of(event) + 2];
  for (size_t i = 2; i < work.begins.size(); ++i) work.begins[i] += work.begins[i - 1];
  work.sorted.resize(block.size());
  for (const Event& event : block) work.sorted[work.begins[second_of(event) + 1]++] = event;
  for (size_t i = 0; i + 1 < work.begins.size(); ++i) {
    const std::span<Event> second(work.sorted.data() + work.begins[i], work.begins[i + 1] - work.begins[i]);
    if (!std::ranges::is_sorted(second, earlier)) std::ranges::stable_sort(second, earlier);
  }
  std::ranges::copy(work.sorted, block.begin());
}

// Sorts block by block in the nearer caches, without a copy of all events. False if they lie too far from their places
// for that; then some are in order, and those with equal times keep theirs.
bool sort_near_order(std::span<Event> events) {
  SortSpace work;
  for (size_t begin = 0; begin < events.size(); begin += kBlockEvents) {
    const std::span<Event> block = events.subspan(begin, std::min(kBlockEvents, events.size() - begin));
    sort_block(block, work);
    if (begin == 0 || !earlier(block.front(), events[begin - 1])) continue;
    const size_t reach = std::min(begin, kOverlapMax);
    const std::span<Event> before = events.subspan(begin - reach, reach);
    if (reach < begin && earlier(block.front(), before.front())) return false;
    const auto from = std::ranges::upper_bound(before, block.front(), earlier);
    const auto to = std::ranges::lower_bound(block, before.back(), earlier);
    std::inplace_merge(from, block.begin(), to, earlier);
  }
  return true;
}

// A counting sort by the second, then by time within those seconds that need it. False, with nothing changed, if the
// events lie too far apart for it to pay.
bool sort_by_seconds(HugePageVector<Event>& events) {
  const auto [first, last] = std::ranges::minmax_element(events, earlier);
  const int64_t begin_us = first->time_us;
  const auto second_of = [&](const Event& event) {
    return static_cast<size_t>((event.time_us - begin_us) / 1'000'000);
  };
  const size_t seconds = second_of(*last) + 1;
  if (seconds > events.size()) return false;

  std::vector<size_t> begins(seconds + 1);
  for (const Event& event : events) ++begins[second_of(event) + 1];
  for (size_t i = 1; i <= seconds; ++i) begins[i] += begins[i - 1];
  HugePageVector<Event> sorted(events.size());
  std::vector<size_t> next(begins.begin(), begins.end() - 1);
  for (const Event& event : events) sorted[next[second_of(event)]++] = event;
  for (size_t i = 0; i < seconds; ++i) {
    const std::span<Event> second(sorted.data() + begins[i], begins[i + 1] - begins[i]);
    if (!std::ranges::is_sorted(second, earlier)) std::ranges::stable_sort(second, earlier);
  }
  events = std::move(sorted);
  return true;
}

}  // namespace

void sort_by_time(HugePageVector<Event>& events) {
  std::vector<size_t> ends;  // of the runs that are in order already
  for (size_t i = 1; i < events.size() && ends.size() <= kRunsMax; ++i) {
    if (earlier(events[i], events[i - 1])) ends.push_back(i);
  }
  if (ends.empty()) return;
  if (ends.size() > kRunsMax) {
    if (!sort_near_order(events) && !sort_by_seconds(events)) std::ranges::stable_sort(events, earlier);
    return;
  }
  const auto begin = events.begin();
  ends.push_back(events.size());
  for (size_t i = 1; i < ends.size(); ++i) {
    std::inplace_merge(begin, begin + static_cast<ptrdiff_t>(ends[i - 1]), begin + static_cast<ptrdiff_t>(ends[i]),
                       earlier);
  }
}

}  // namespace rateguard::simulate
