// Hours of the week in a time zone, for rules that apply only at some times.
#pragma once

#include <cstdint>
#include <string>

#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::rules {

// Days of the week, bit 0 Monday to bit 6 Sunday.
using DaySet = uint8_t;
inline constexpr DaySet kEveryDay = 0x7F;
inline constexpr int32_t kDaySeconds = 86'400;

// From one time of day to another, on some days of each week, as clocks in the zone show it: an hour that they skip
// does not occur, and one that they show twice counts twice.
struct WeeklySpan {
  DaySet days = kEveryDay;                   // on which it begins
  int32_t begin_s = 0;                       // seconds since midnight by the clock; less than kDaySeconds
  int32_t end_s = kDaySeconds;               // excluded; not after begin_s: on the next day
  const zoneinfo::TimeZone* zone = nullptr;  // null is UTC

  // Whether a wall clock that shows `wall` in UTC is inside.
  bool holds(Instant wall) const;
  // "mon-fri 09:00-18:00 Europe/Berlin"
  std::string to_string() const;
  bool operator==(const WeeklySpan&) const = default;
};

}  // namespace rateguard::rules
