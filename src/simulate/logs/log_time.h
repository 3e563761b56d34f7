// The times that logs write, to whole microseconds since the Unix epoch; digits beyond the sixth decimal are cut off.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "model/instant.h"

namespace rateguard::simulate {

// The instants that the limiter can decide at: from 1970 to the year 2041 (algorithm/evaluate.h).
inline constexpr Instant kInstantMin = {};
inline constexpr Instant kInstantMax = {Instant::max().us / 2};
constexpr bool in_range(Instant t) {
  return kInstantMin <= t && t <= kInstantMax;
}

// "17/May/2015:10:05:03 +0000", as Apache's %t and nginx's $time_local write it between their brackets. Keeps the last
// date and zone, which seldom change from line to line.
class AccessTimeParser {
 public:
  static constexpr size_t kLength = 26;

  // `text` without the brackets. nullopt: not such a time.
  std::optional<Instant> parse(std::string_view text);

 private:
  std::array<char, 11> date_ = {};  // "17/May/2015"
  std::array<char, 5> zone_ = {};   // "+0000"
  int64_t midnight_s_ = 0;          // of that date in that zone, as seconds since the epoch
};

// RFC 3339 ("2023-11-16T18:17:03.97Z"; a space for the T, no zone meaning UTC, and "+0100" are taken too), a count
// since the epoch ("1700158623", "1700158623.97"), or the form above. A count's unit follows from its size: below 1e11
// seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
std::optional<Instant> parse_timestamp(std::string_view text);

}  // namespace rateguard::simulate
