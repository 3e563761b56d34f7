#include "zoneinfo/zone_rules.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace rateguard::zoneinfo {
namespace {

constexpr int32_t kFirstYear = 1969;  // counters have no instants before 1970
constexpr int32_t kLastYear = 2150;   // the last one, Instant::max(), is in 2112

int32_t year_of(int64_t unix_s) {
  const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_seconds{std::chrono::seconds{unix_s}});
  return static_cast<int>(std::chrono::year_month_day{day}.year());
}

}  // namespace

ZoneRules::ZoneRules(int32_t offset_before_s, std::vector<Change> changes, const PosixTimeZone* footer)
    : offset_before_s_(offset_before_s), changes_(std::move(changes)) {
  if (footer != nullptr) expand(*footer);
  int32_t offset_s = offset_before_s_;
  std::erase_if(changes_,
                [&](const Change& change) { return std::exchange(offset_s, change.offset_s) == change.offset_s; });
}

void ZoneRules::expand(const PosixTimeZone& footer) {
  const bool is_listed = !changes_.empty();
  const int64_t last_s = is_listed ? changes_.back().at_s : INT64_MIN;
  if (!footer.summer) {
    if (!is_listed) offset_before_s_ = footer.offset_s;
    return;
  }
  // A date in one year may be an instant in the previous or next year, hence the year before.
  const int64_t known_s = std::clamp<int64_t>(last_s, 0, int64_t{kLastYear - kFirstYear} * 366 * 86'400);
  std::vector<Change> yearly;
  for (int32_t year = std::max(kFirstYear, year_of(known_s) - 1); year <= kLastYear; ++year) {
    yearly.push_back({instant_of(footer.summer->begin, year, footer.offset_s), footer.summer->offset_s});
    yearly.push_back({instant_of(footer.summer->end, year, footer.summer->offset_s), footer.offset_s});
  }
  // If summer time lasts all year, it ends at the instant at which the next one begins, and the beginning counts.
  std::ranges::stable_sort(yearly, {}, &Change::at_s);
  for (const Change& change : yearly) {
    if (is_listed && change.at_s <= last_s) continue;
    if (!changes_.empty() && changes_.back().at_s == change.at_s) {
      changes_.back() = change;
    } else {
      changes_.push_back(change);
    }
  }
}

OffsetSpan ZoneRules::span_at(int64_t unix_s) const {
  const auto next = std::ranges::upper_bound(changes_, unix_s, {}, &Change::at_s);
  const bool is_first = next == changes_.begin();
  return {.begin_s = is_first ? INT64_MIN : std::prev(next)->at_s,
          .end_s = next == changes_.end() ? INT64_MAX : next->at_s,
          .offset_s = is_first ? offset_before_s_ : std::prev(next)->offset_s};
}

}  // namespace rateguard::zoneinfo
