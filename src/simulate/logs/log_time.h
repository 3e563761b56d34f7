// The times that logs write, to whole microseconds since the Unix epoch; digits beyond the sixth decimal are cut off.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
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

// "17/May/2015:10:05:03 +0000", as Apache's %t and nginx's $time_local write it between their brackets. Keeps the time
// last read, which many lines share, and its date and zone, which nearly all do.
class AccessTimeParser {
 public:
  static constexpr size_t kLength = 26;

  // `text` without the brackets. nullopt: not such a time.
  std::optional<Instant> parse(std::string_view text) {
    if (text.size() != kLength) return std::nullopt;
    if (std::memcmp(text.data(), last_.data(), kLength) == 0) return time_;
    return parse_other(text);
  }

 private:
  std::optional<Instant> parse_other(std::string_view text);

  std::array<char, kLength> last_ = {};  // "17/May/2015:10:05:03 +0000"
  Instant time_ = {};                    // of it
  int64_t midnight_s_ = 0;               // of its date in its zone, as seconds since the epoch
};

// RFC 3339 ("2023-11-16T18:17:03.97Z"; a space for the T, no zone meaning UTC, and "+0100", "+01", " UTC" are taken
// too), a count since the epoch ("1700158623", "1700158623.97"), or the form above, with a fraction or without a zone
// as HAProxy and Tomcat write it ("06/Feb/2009:12:14:14.655"). A count's unit follows from its size: below 1e11
// seconds, below 1e14 milliseconds, below 1e17 microseconds, else nanoseconds.
std::optional<Instant> parse_timestamp(std::string_view text);

// The same for the times of one log, one after the other: keeps the second of RFC 3339 times and of access logs' times
// with a fraction from line to line, which many lines share, and the date of the former, which nearly all do.
class TimestampParser {
 public:
  std::optional<Instant> parse(std::string_view text);

 private:
  std::optional<Instant> parse_rfc3339(std::string_view text);
  std::optional<Instant> parse_access(std::string_view text);

  AccessTimeParser access_;
  std::array<char, 10> date_ = {};  // "2023-11-16"
  int64_t midnight_s_ = 0;          // of that date, as seconds since the epoch
  // What stands before the fraction and the zone of the last time: "2023-11-16T18:17:03" or "06/Feb/2009:12:14:14".
  std::array<char, 20> whole_ = {};
  int64_t second_ = 0;  // of it, as if its zone were UTC
};

// A date as "2023-11-16" and a time of the day as "18:17:03" or "18:17:03.97", both in UTC: W3C logs write them apart.
std::optional<Instant> parse_date_and_clock(std::string_view date, std::string_view clock);

}  // namespace rateguard::simulate
