// How far one zone's clocks are from UTC, at every time.
#pragma once

#include <cstdint>
#include <vector>

#include "zoneinfo/posix_time_zone.h"

namespace rateguard::zoneinfo {

// Seconds since the Unix epoch [begin_s, end_s) in which the offset does not change; INT64_MIN and INT64_MAX where it
// never did or will.
struct OffsetSpan {
  int64_t begin_s;
  int64_t end_s;
  int32_t offset_s;  // east of UTC: local time is UTC plus this
};

// Immutable; any thread.
class ZoneRules {
 public:
  struct Change {
    int64_t at_s;
    int32_t offset_s;  // from then on
    bool operator==(const Change&) const = default;
  };

  // `changes` in ascending order. `footer` applies after the last of them, or always if there are none; if it is null,
  // the last offset stays.
  ZoneRules(int32_t offset_before_s, std::vector<Change> changes, const PosixTimeZone* footer);

  OffsetSpan span_at(int64_t unix_s) const;

  bool operator==(const ZoneRules&) const = default;

 private:
  void expand(const PosixTimeZone& footer);

  int32_t offset_before_s_;
  std::vector<Change> changes_;  // each to a different offset than before
};

}  // namespace rateguard::zoneinfo
