// The generic cell rate algorithm (ITU-T I.371, annex A): one stored instant, the theoretical arrival time (TAT), at
// which nothing is owed any more. A request fits while the TAT stays within burst * period / units of now. Its
// decisions are those of a token bucket of capacity `burst`.
//
// State: time_us and x are the TAT, in whole microseconds and a fraction in units of 1/rate.units us. The rest lets
// it survive an edit of the rate and a clock that steps back, which a lone TAT cannot: y is the number of units owed
// when it was stored; z and extra are how long those units took at the rate of that time, from which an edit is
// recognised.
#pragma once

#include <bit>
#include <cstdint>

#include "algorithm/bucket.h"
#include "algorithm/evaluation.h"
#include "algorithm/exact.h"

namespace rateguard::algorithm {

// A length of time in 40 bits: 36 bits of microseconds and a left shift in 4 bits, rounded down. Exact below 19 hours;
// the longest, kFillTimeMax, needs a shift of 15.
struct PackedSpan {
  static constexpr int kMantissaBits = 36;
  uint64_t mantissa = 0;
  int shift = 0;

  static PackedSpan from(uint64_t us) {
    const int shift = std::max(0, static_cast<int>(std::bit_width(us)) - kMantissaBits);
    return {.mantissa = us >> shift, .shift = shift};
  }
  static PackedSpan read(const State& state) {
    return {.mantissa = state.z | (uint64_t{state.extra & 0xFU} << 32), .shift = static_cast<int>(state.extra >> 4)};
  }
  // The form that read() takes.
  uint32_t z() const { return static_cast<uint32_t>(mantissa); }
  uint8_t extra() const { return static_cast<uint8_t>((mantissa >> 32) | (static_cast<uint64_t>(shift) << 4)); }
  uint64_t us() const { return mantissa << shift; }
  uint64_t next_us() const { return (mantissa + 1) << shift; }
};

// What a live GCRA state owes at `now`.
inline Debt gcra_debt(const State& state, const Rate& rate, Instant now) {
  const Instant arrival = {static_cast<int64_t>(state.time_us)};
  const auto period_us = static_cast<uint64_t>(rate.period.us);
  const uint64_t owed = state.y;
  const PackedSpan span = PackedSpan::read(state);
  const Wide all = product(owed, period_us);
  if (all < product(span.us(), rate.units) || all >= product(span.next_us(), rate.units)) [[unlikely]] {
    // The rate is not the one of the last charge: go back to the instant at which `owed` units were owed, rounded up so
    // that the edit gives nothing away, and let them come back from there at the new rate.
    const Instant anchor = arrival - Duration{static_cast<int64_t>(span.us())} + Duration{state.x != 0};
    return Debt::since(anchor, 0, owed, rate, now);
  }
  if (now > arrival) return {};
  const uint64_t fraction = std::min<uint64_t>(state.x, rate.units - 1);
  return Debt::from(product(static_cast<uint64_t>((arrival - now).us), rate.units) + fraction, owed, period_us);
}

// The state that owes `owed` units, which drain within `drain` from `now` on.
inline State gcra_state(const Limit& limit, uint64_t owed, const Quotient& drain, Instant now) {
  const Wide time_owed = product(owed, static_cast<uint64_t>(limit.rate.period.us));
  const PackedSpan span = PackedSpan::from(divide(time_owed, limit.rate.units).whole);
  State next;
  stamp(next, Algorithm::kGcra, now + Duration{static_cast<int64_t>(drain.whole)}, span.extra());
  next.x = static_cast<uint32_t>(drain.rest);
  next.y = static_cast<uint32_t>(owed);
  next.z = span.z();
  return next;
}

// REQUIRES: as evaluate().
[[gnu::always_inline]] inline State evaluate_gcra(const State& state, const Limit& limit, Cost cost, Instant now,
                                                  Decision& decision) {
  const Instant expires = expires_at(state);
  Debt debt;
  if (state.algorithm == state_tag(Algorithm::kGcra) && now < expires) debt = gcra_debt(state, limit.rate, now);
  const Quotient drain = step_bucket(debt, limit, cost, now, expires, decision);
  if (cost.units == 0 || !decision.allowed()) return state;

  const uint64_t owed = debt.used + cost.units;
  const Wide time_owed = product(owed, static_cast<uint64_t>(limit.rate.period.us));
  const PackedSpan span = PackedSpan::from(debt.used == 0 ? drain.whole : divide(time_owed, limit.rate.units).whole);
  State next;
  stamp(next, Algorithm::kGcra, now + Duration{static_cast<int64_t>(drain.whole)}, span.extra());
  next.x = static_cast<uint32_t>(drain.rest);
  next.y = static_cast<uint32_t>(owed);
  next.z = span.z();
  return next;
}

}  // namespace rateguard::algorithm
