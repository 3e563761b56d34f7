// Calendar windows: days, weeks from Monday (ISO 8601), months and years of the Gregorian calendar, in a time zone.
#pragma once

#include <string>
#include <string_view>

#include "algorithm/window.h"
#include "base/result.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// The day, week, month or year of `t` in `zone` (null: UTC). Windows follow each other without a gap: where a zone
// skips midnight its day begins at the skip; where midnight comes twice the day begins at the first. REQUIRES: unit is
// kDay, kWeek, kMonth or kYear; zone comes from find_zone. Thread-safe.
Window calendar_window(Instant t, Anchor unit, const zoneinfo::TimeZone* zone);

// What clocks in a zone show.
struct WallTime {
  int weekday = 0;     // Monday 0 to Sunday 6
  int32_t second = 0;  // since midnight, as the clock counts: 0 to 86,399
};

// What clocks in `zone` (null: UTC) show at `t`. Thread-safe.
WallTime wall_time(Instant t, const zoneinfo::TimeZone* zone);

// A zone of this machine's time zone database by name: "Europe/Berlin". "UTC" and "Etc/UTC" are null, and need no
// database. Errors: as zoneinfo::Database::find. Thread-safe.
Result<const zoneinfo::TimeZone*> find_zone(std::string_view name);

// The name of a zone from find_zone.
std::string zone_name(const zoneinfo::TimeZone* zone);

}  // namespace rateguard::algorithm
