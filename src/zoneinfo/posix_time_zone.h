// The rule at the end of a zone's file: a TZ string of POSIX with the extensions of RFC 9636, section 3.3.1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace rateguard::zoneinfo {

// A day of each year, and the time on it at which an offset changes.
struct YearlyChange {
  enum class Kind : uint8_t {
    kDayWithoutLeap,  // Jn: day 1 to 365; 29 February is never counted
    kDayFromZero,     // n: day 0 to 365; 29 February is counted
    kWeekday,         // Mm.w.d: the w-th weekday d of month m; w = 5 is the last one
  };
  Kind kind = Kind::kDayFromZero;
  int32_t day = 0;     // of the first two kinds; for the third the weekday, 0 is Sunday
  int32_t week = 0;    // 1 to 5
  int32_t month = 0;   // 1 to 12
  int32_t time_s = 0;  // since midnight by the clock in force before the change; -167 h to 167 h

  bool operator==(const YearlyChange&) const = default;
};

struct PosixTimeZone {
  struct Summer {
    int32_t offset_s = 0;  // east of UTC
    YearlyChange begin;
    YearlyChange end;
    bool operator==(const Summer&) const = default;
  };
  int32_t offset_s = 0;  // of standard time, east of UTC
  std::optional<Summer> summer = {};

  bool operator==(const PosixTimeZone&) const = default;
};

// "CET-1CEST,M3.5.0,M10.5.0/3". Summer time needs its two dates: POSIX does not define what applies without them.
// Errors: kCorrupt, naming what is wrong.
Result<PosixTimeZone> parse_posix_time_zone(std::string_view text);

// The instant of a change in a year of the Gregorian calendar, in seconds since the Unix epoch, given that `offset_s`
// is in force before it. REQUIRES: 1 <= year <= 9999.
int64_t instant_of(const YearlyChange& change, int32_t year, int32_t offset_s);

}  // namespace rateguard::zoneinfo
