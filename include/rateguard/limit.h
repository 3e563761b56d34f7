// Limits as values: an algorithm and its figures, checked when they are made.
#pragma once

#include <rateguard/result.h>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace rateguard::api {

// A length of time. The limiter counts whole microseconds.
using Duration = std::chrono::microseconds;
// A point in time: microseconds since the Unix epoch.
using TimePoint = std::chrono::time_point<std::chrono::system_clock, Duration>;

// "This will never happen": the wait for a cost above the limit.
inline constexpr Duration kNever = Duration::max();

// The most units of a limit or a cost: 2^53 - 1, enough for nine million dollars in nano-dollars.
inline constexpr uint64_t kUnitsMax = (uint64_t{1} << 53) - 1;

// Units per period, kept as a fraction: per_second(3) admits exactly 3,000,000 in a million seconds.
struct Rate {
  uint64_t units = 1;
  Duration period = std::chrono::seconds(1);
};

// Shorthands for the usual periods.
constexpr Rate per_second(uint64_t units) {
  return {units, std::chrono::seconds(1)};
}
constexpr Rate per_minute(uint64_t units) {
  return {units, std::chrono::minutes(1)};
}
constexpr Rate per_hour(uint64_t units) {
  return {units, std::chrono::hours(1)};
}
constexpr Rate per_day(uint64_t units) {
  return {units, std::chrono::hours(24)};
}

// What a calendar window follows: a day from midnight, a week from Monday, a month, a year.
enum class CalendarUnit : uint8_t { kDay, kWeek, kMonth, kYear };

// How much one key may use. A small value; copy it freely. docs/algorithms/ has a page with a picture for each.
//
// Units go from 1 to kUnitsMax, for sliding windows and concurrency to 2^32 - 1, and for a rate to 2^45 - 1; periods
// from 1 ms to 366 days in whole milliseconds. Anything else is an Error that states the bound.
class Limit {
 public:
  // A bucket of `capacity` that starts full and refills evenly: bursts up to `capacity`, `refill` over time.
  static Result<Limit> token_bucket(uint64_t capacity, Rate refill);
  // The same decisions as a token bucket of capacity `burst`, from one stored instant (the generic cell rate
  // algorithm).
  static Result<Limit> gcra(uint64_t burst, Rate rate);
  // A queue of `queue` that drains evenly; for an admitted request Decision::delay says how long to wait for its
  // turn.
  static Result<Limit> leaky_bucket(uint64_t queue, Rate drain);
  // At most `limit` in each window of `period`; windows begin at multiples of it since the Unix epoch.
  static Result<Limit> fixed_window(uint64_t limit, Duration period);
  // The same, but a key's window begins with the first request after the previous window has ended.
  static Result<Limit> fixed_window_from_first_request(uint64_t limit, Duration period);
  // At most `limit` in each day, week, month or year of a time zone named as in the IANA database ("Europe/Berlin").
  static Result<Limit> calendar_window(uint64_t limit, CalendarUnit unit, std::string_view zone = "UTC");
  // At most `limit` in any `period`, exactly.
  static Result<Limit> sliding_window_log(uint64_t limit, Duration period);
  // The same estimated from two fixed windows, in constant memory.
  static Result<Limit> sliding_window_counter(uint64_t limit, Duration period);
  // At most `limit` held at once; a hold that is not given back expires after `hold`.
  static Result<Limit> concurrency(uint64_t limit, Duration hold);
  // The same limit, taking debt: a check's cost is charged in full, even below zero, and `allowed` says whether
  // anything was left before it; a cost of 0 asks, and is refused while nothing is left. For use that is known only
  // afterwards. Error for leaky buckets and concurrency, which take no debt.
  Result<Limit> with_overdraft() const;
  // "5/m", "100/10s burst 20": a token bucket written as in a rules file.
  static Result<Limit> parse(std::string_view text);

 private:
  friend struct LimitAccess;  // between this and the core's own type
  Limit() = default;

  uint8_t algorithm_ = 0;
  uint8_t anchor_ = 0;
  bool overdraft_ = false;
  uint64_t capacity_ = 0;
  uint64_t rate_units_ = 0;
  int64_t period_us_ = 0;
  const void* zone_ = nullptr;
};

}  // namespace rateguard::api
