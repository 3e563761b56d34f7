// A limit: an algorithm and its parameters. docs/algorithms/ describes each algorithm.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/instant.h"

namespace rateguard::zoneinfo {
class TimeZone;  // owned by the time zone database, which lives as long as the process
}

namespace rateguard {

// The most units that a limit may have, or a caller may ask for (no limit admits a cost above it): the largest
// whole number up to which a double holds all whole numbers; counters in Redis (Lua) and many readers of JSON use
// doubles.
inline constexpr int kUnitsBits = 53;
inline constexpr uint64_t kUnitsMax = (uint64_t{1} << kUnitsBits) - 1;
// The most units of a rate: those times a period, in microseconds, stay inside what the scripts in Redis multiply
// exactly.
inline constexpr int kRateUnitsBits = 45;
inline constexpr uint64_t kRateUnitsMax = (uint64_t{1} << kRateUnitsBits) - 1;

// Which way a charge moves its counter.
enum class Movement : uint8_t {
  kTake,       // takes the cost if it fits, else nothing
  kTakeWhole,  // takes the cost whatever is left: use that has already happened. Refused if nothing was left before
  kGiveBack,   // puts the cost back, at most what is in use. Always admitted
};

// What one request takes from a limit, or gives back to it, in the limit's units. 0 takes nothing: it looks, and is
// always admitted; as kTakeWhole it asks, and is refused while nothing is left.
struct Cost {
  uint64_t units = 1;
  Movement movement = Movement::kTake;
  auto operator<=>(const Cost&) const = default;
};

// `units` per `period`, as a fraction that is never reduced to a floating-point number.
struct Rate {
  uint64_t units = 1;
  Duration period = Duration::seconds(1);
  bool operator==(const Rate&) const = default;
};

enum class Algorithm : uint8_t {
  kTokenBucket,
  kGcra,
  kLeakyBucket,
  kFixedWindow,
  kSlidingWindowLog,
  kSlidingWindowCounter,
  kConcurrency,
};

// The most units that a limit of the algorithm may have: kUnitsMax for fixed windows and buckets, 2^32 - 1 for sliding
// windows, whose states keep two counts, and for concurrency.
uint64_t capacity_max(Algorithm algorithm);

// The name in rules files and requests: "token_bucket".
std::string_view to_string(Algorithm algorithm);
// The algorithm of a name; "sliding_window" means the log. For an invalid name the error lists the valid ones.
Result<Algorithm> parse_algorithm(std::string_view name);

// Where a fixed window begins.
enum class Anchor : uint8_t { kEpoch, kFirstRequest, kDay, kWeek, kMonth, kYear };

// Bounds on the parameters, from the definition of the limits (docs/configuration.md).
inline constexpr Duration kPeriodMin = Duration::millis(1);
inline constexpr Duration kPeriodMax = Duration::seconds(366LL * 86'400);
// The longest time in which an empty bucket may fill, or an over-full queue may drain: about 35 years. It keeps every
// instant that a state can reach inside the 52 bits that a state has for it.
inline constexpr Duration kFillTimeMax = Duration{int64_t{1} << 50};
// The highest value of Limit::unit_us: an edited limit may have to multiply it by 2^32 units, which makes 2^63 us.
inline constexpr Duration kUnitMax = Duration{int64_t{1} << 31};

// Made by the functions below only, which check every bound, so that no arithmetic over a Limit can overflow.
struct Limit {
  Algorithm algorithm = Algorithm::kTokenBucket;
  Anchor anchor = Anchor::kEpoch;  // fixed window only
  bool overdraft = false;          // takes debt: a request's cost is charged in full (cost_on)
  uint64_t capacity = 1;           // most units: bucket capacity, burst, queue, limit of a window, units held
  Rate rate = {};                  // refill or drain; for windows `capacity` per period; for concurrency the hold time
  const zoneinfo::TimeZone* zone = nullptr;  // calendar anchors only; null is UTC
  // Token buckets only: how long one unit takes to come back if that is a whole number of microseconds up to
  // kUnitMax, as at nearly every rate people write; otherwise 0. Derived from `rate`, to avoid the arithmetic of
  // fractions.
  uint32_t unit_us = 0;

  // Whether its windows are named by dates (docs/decisions/0021).
  constexpr bool is_of_calendar() const { return anchor != Anchor::kEpoch && anchor != Anchor::kFirstRequest; }

  // The most units that a counter may have in use, debt included: the most that its state can hold. For buckets, also
  // no more than come back within kFillTimeMax.
  uint64_t units_max() const;
  // The same limit, taking debt. kInvalid for leaky buckets, in whose queue requests wait, and for concurrency, whose
  // units are held and not used up.
  Result<Limit> with_overdraft() const;

  // The length of the window, or how long a hold lasts.
  constexpr Duration period() const { return rate.period; }

  // Periods are whole milliseconds from 1 ms to 366 days; units from 1 to capacity_max(), of a rate to kRateUnitsMax.
  // Otherwise: kInvalid, saying the bound.
  static Result<Limit> token_bucket(uint64_t capacity, Rate refill);
  static Result<Limit> gcra(uint64_t burst, Rate rate);
  static Result<Limit> leaky_bucket(uint64_t queue, Rate drain);
  static Result<Limit> fixed_window(uint64_t limit, Duration period);
  static Result<Limit> fixed_window_from_first_request(uint64_t limit, Duration period);
  // `unit` is kDay, kWeek (from Monday), kMonth or kYear in `zone` (null: UTC).
  static Result<Limit> calendar_window(uint64_t limit, Anchor unit, const zoneinfo::TimeZone* zone);
  static Result<Limit> sliding_window_log(uint64_t limit, Duration period);
  static Result<Limit> sliding_window_counter(uint64_t limit, Duration period);
  static Result<Limit> concurrency(uint64_t limit, Duration hold);

  bool operator==(const Limit&) const = default;
};

// A cost as protocols write it: a negative one gives back. None if it has more units than a cost can have.
constexpr std::optional<Cost> signed_cost(int64_t units) {
  constexpr auto kMost = static_cast<int64_t>(kUnitsMax);
  if (units < -kMost || units > kMost) return std::nullopt;
  const int64_t magnitude = units < 0 ? -units : units;
  return Cost{static_cast<uint64_t>(magnitude), units < 0 ? Movement::kGiveBack : Movement::kTake};
}

// What a request of cost `asked` is charged on `limit`: a limit that takes debt takes all of it.
constexpr Cost cost_on(const Limit& limit, Cost asked) {
  if (limit.overdraft && asked.movement == Movement::kTake) asked.movement = Movement::kTakeWhole;
  return asked;
}

}  // namespace rateguard
