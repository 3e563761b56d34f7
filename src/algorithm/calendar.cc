#include "algorithm/calendar.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "zoneinfo/database.h"

namespace rateguard::algorithm {
namespace {

using std::chrono::local_days;
using zoneinfo::OffsetSpan;
using zoneinfo::TimeZone;
using zoneinfo::ZoneRules;

constexpr int64_t kDay_s = 86'400;
constexpr int64_t kOffsetMax_s = 26 * 3'600;  // zoneinfo/tzif.h refuses more

int64_t floor_seconds(Instant t) {
  return std::chrono::floor<std::chrono::seconds>(std::chrono::microseconds{t.us}).count();
}

// Since the Unix epoch, as clocks in the zone count.
std::chrono::seconds local_second(Instant t, const ZoneRules* rules) {
  const int64_t utc_s = floor_seconds(t);
  return std::chrono::seconds{utc_s + (rules == nullptr ? 0 : rules->span_at(utc_s).offset_s)};
}

local_days local_day(Instant t, const ZoneRules* rules) {
  return local_days{std::chrono::floor<std::chrono::days>(local_second(t, rules))};
}

// The instant at which a local day begins: the first at which the clocks show its midnight or more.
Instant begin_of(local_days day, const ZoneRules* rules) {
  const int64_t midnight_s = day.time_since_epoch().count() * kDay_s;
  if (rules == nullptr) return Instant::from_seconds(midnight_s);
  OffsetSpan span = rules->span_at(midnight_s - kOffsetMax_s);
  while (span.end_s != INT64_MAX && span.end_s + span.offset_s <= midnight_s) span = rules->span_at(span.end_s);
  // Clocks that skip midnight show more from the span's first instant on.
  return Instant::from_seconds(std::max(span.begin_s, midnight_s - span.offset_s));
}

// The first day of the unit that holds `day`.
local_days first_day(local_days day, Anchor unit) {
  const std::chrono::year_month_day ymd{day};
  switch (unit) {
    case Anchor::kWeek:
      return day - (std::chrono::weekday{day} - std::chrono::Monday);
    case Anchor::kMonth:
      return local_days{ymd.year() / ymd.month() / 1};
    case Anchor::kYear:
      return local_days{ymd.year() / std::chrono::January / 1};
    default:
      return day;
  }
}

// The first day of the next unit, given the first day of one.
local_days next_first(local_days first, Anchor unit) {
  const std::chrono::year_month_day ymd{first};
  switch (unit) {
    case Anchor::kWeek:
      return first + std::chrono::days{7};
    case Anchor::kMonth:
      return local_days{(ymd.year() / ymd.month() + std::chrono::months{1}) / 1};
    case Anchor::kYear:
      return local_days{(ymd.year() + std::chrono::years{1}) / std::chrono::January / 1};
    default:
      return first + std::chrono::days{1};
  }
}

}  // namespace

Window calendar_window(Instant t, Anchor unit, const TimeZone* zone) {
  const ZoneRules* rules = zone == nullptr ? nullptr : &zone->rules();
  const local_days first = first_day(local_day(t, rules), unit);
  local_days next = next_first(first, unit);
  Window window = {.start = begin_of(first, rules), .end = begin_of(next, rules)};
  // A zone that sets its clocks back over midnight returns to a day that has ended already.
  while (t >= window.end) {
    next = next_first(next, unit);
    window = {.start = window.end, .end = begin_of(next, rules)};
  }
  return window;
}

WallTime wall_time(Instant t, const TimeZone* zone) {
  const std::chrono::seconds local = local_second(t, zone == nullptr ? nullptr : &zone->rules());
  const auto day = std::chrono::floor<std::chrono::days>(local);
  return {.weekday = static_cast<int>(std::chrono::weekday{local_days{day}}.iso_encoding()) - 1,
          .second = static_cast<int32_t>((local - day).count())};
}

Result<const TimeZone*> find_zone(std::string_view name) {
  if (name == "UTC" || name == "Etc/UTC") return nullptr;
  return zoneinfo::system_database().find(name);
}

std::string zone_name(const TimeZone* zone) {
  return zone == nullptr ? "UTC" : zone->name();
}

}  // namespace rateguard::algorithm
