#include "algorithm/calendar.h"

#include <date/date.h>
#include <date/tz.h>
#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <string>

namespace rateguard::algorithm {
namespace {

using std::chrono::microseconds;
using SysMicros = date::sys_time<microseconds>;

SysMicros to_sys(Instant t) {
  return SysMicros{microseconds{t.us}};
}

date::local_days local_day(Instant t, const date::time_zone* zone) {
  std::chrono::seconds offset{0};
  if (zone != nullptr) offset = zone->get_info(to_sys(t)).offset;
  return date::floor<date::days>(date::local_time<microseconds>{to_sys(t).time_since_epoch() + offset});
}

// The instant at which a local day begins.
Instant begin_of(date::local_days day, const date::time_zone* zone) {
  const date::local_seconds midnight{day};
  std::chrono::seconds sys = midnight.time_since_epoch();
  if (zone != nullptr) {
    const date::local_info info = zone->get_info(midnight);
    sys = info.result == date::local_info::nonexistent ? info.first.end.time_since_epoch() : sys - info.first.offset;
  }
  return Instant::from_seconds(sys.count());
}

// The first day of the unit that holds `day`.
date::local_days first_day(date::local_days day, Anchor unit) {
  const date::year_month_day ymd{day};
  switch (unit) {
    case Anchor::kWeek:
      return day - (date::weekday{day} - date::Monday);
    case Anchor::kMonth:
      return date::local_days{ymd.year() / ymd.month() / 1};
    case Anchor::kYear:
      return date::local_days{ymd.year() / date::January / 1};
    default:
      return day;
  }
}

// The first day of the next unit, given the first day of one.
date::local_days next_first(date::local_days first, Anchor unit) {
  const date::year_month_day ymd{first};
  switch (unit) {
    case Anchor::kWeek:
      return first + date::days{7};
    case Anchor::kMonth:
      return date::local_days{(ymd.year() / ymd.month() + date::months{1}) / 1};
    case Anchor::kYear:
      return date::local_days{(ymd.year() + date::years{1}) / date::January / 1};
    default:
      return first + date::days{1};
  }
}

}  // namespace

Window calendar_window(Instant t, Anchor unit, const date::time_zone* zone) {
  const date::local_days first = first_day(local_day(t, zone), unit);
  const date::local_days next = next_first(first, unit);
  const Window window = {.start = begin_of(first, zone), .end = begin_of(next, zone)};
  // A zone that sets its clocks back over midnight returns to a day that has ended already.
  if (t >= window.end) return {.start = window.end, .end = begin_of(next_first(next, unit), zone)};
  return window;
}

Result<const date::time_zone*> find_zone(std::string_view name) {
  if (name == "UTC" || name == "Etc/UTC") return nullptr;
  try {
    date::get_tzdb();
  } catch (const std::exception& e) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("time zone '{}' needs the time zone database (package tzdata): {}", name, e.what()));
  }
  try {
    const date::time_zone* zone = date::locate_zone(name);
    zone->get_info(date::sys_seconds{});  // reads the zone's file now, where a damaged one can be reported
    return zone;
  } catch (const std::exception&) {
    return invalid(
        fmt::format("unknown time zone '{}'; expected a name of the IANA database, such as Europe/Berlin", name));
  }
}

std::string zone_name(const date::time_zone* zone) {
  return zone == nullptr ? "UTC" : zone->name();
}

}  // namespace rateguard::algorithm
