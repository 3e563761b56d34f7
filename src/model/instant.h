// Time as the limiter counts it: whole microseconds, signed, since the Unix epoch (docs/decisions/0002).
#pragma once

#include <compare>
#include <cstdint>

namespace rateguard {

// A length of time in microseconds.
struct Duration {
  int64_t us = 0;

  static constexpr Duration micros(int64_t n) { return {n}; }
  static constexpr Duration millis(int64_t n) { return {n * 1'000}; }
  static constexpr Duration seconds(int64_t n) { return {n * 1'000'000}; }
  // "This will never happen": the wait for a cost above the capacity. Larger than every real wait.
  static constexpr Duration never() { return {INT64_MAX}; }

  constexpr bool is_never() const { return us == INT64_MAX; }
  // Rounded up, so that a caller that waits as told is never early. REQUIRES: !is_never() and us >= 0.
  constexpr int64_t ceil_millis() const { return us / 1'000 + (us % 1'000 != 0); }
  constexpr int64_t ceil_seconds() const { return us / 1'000'000 + (us % 1'000'000 != 0); }

  auto operator<=>(const Duration&) const = default;
};

constexpr Duration operator+(Duration a, Duration b) {
  return {a.us + b.us};
}
constexpr Duration operator-(Duration a, Duration b) {
  return {a.us - b.us};
}
constexpr Duration operator*(Duration a, int64_t n) {
  return {a.us * n};
}

// A point in time: microseconds since the Unix epoch. Stored states hold 52 bits of it, which lasts until the year
// 2112.
struct Instant {
  int64_t us = 0;

  static constexpr Instant from_seconds(int64_t s) { return {s * 1'000'000}; }
  static constexpr Instant max() { return {(int64_t{1} << 52) - 1}; }

  auto operator<=>(const Instant&) const = default;
};

constexpr Instant operator+(Instant t, Duration d) {
  return {t.us + d.us};
}
constexpr Instant operator-(Instant t, Duration d) {
  return {t.us - d.us};
}
constexpr Duration operator-(Instant a, Instant b) {
  return {a.us - b.us};
}

// The time of a turn of a loop, or of a call, by two clocks (docs/decisions/0021). As an Instant it is the counters'
// time, which never goes back: limits count by it. `wall()` is what the wall clock says, which may be set back; it
// decides what is named by dates (calendar windows, the times of tokens) and what is shown to people.
struct Now : Instant {
  constexpr Now() = default;
  // Both clocks agree, as in virtual time.
  constexpr Now(Instant both) : Instant(both) {}
  constexpr Now(Instant counted, Duration its_ahead) : Instant(counted), ahead(its_ahead) {}

  constexpr Instant wall() const { return {us - ahead.us}; }

  Duration ahead;  // how far the counters' time is ahead of the wall clock; negative: it is behind
};

}  // namespace rateguard
