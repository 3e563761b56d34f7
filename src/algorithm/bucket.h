// The token bucket, and the leaky bucket, which is the same water level read from the other end.
//
// State: time_us and x are the anchor, an instant in whole microseconds and a fraction in units of 1/rate.units us; y
// is the number of units used at the anchor; z is when all of it is back, in seconds rounded up. Units come back one by
// one from the anchor on, each rate.period / rate.units after the one before. A charge moves the anchor by exactly the
// time of the units that are back, so no remainder is lost. What is stored is units used, not units left: a raised
// capacity or rate takes effect at once.
#pragma once

#include <algorithm>
#include <cstdint>

#include "algorithm/evaluation.h"
#include "algorithm/exact.h"

namespace rateguard::algorithm {

// What a bucket owes at an instant.
struct Debt {
  Wide time = 0;      // from now until nothing is owed, in units of 1/rate.units us
  uint64_t used = 0;  // the same in whole units, rounded up; an instant before the anchor is read as the anchor

  // REQUIRES: `time` is what `owed` units owed at the anchor have become.
  static Debt from(Wide time, uint64_t owed, uint64_t period_us) {
    if (time == 0) return {};
    const Wide all_but_one = product(owed - 1, period_us);
    if (time > all_but_one) return {.time = time, .used = owed};
    return {.time = time, .used = divide(time, period_us).rounded_up()};
  }
  // The debt of `owed` units, none of which had come back `fraction` / rate.units us after `anchor`.
  static Debt since(Instant anchor, uint64_t fraction, uint64_t owed, const Rate& rate, Instant now) {
    const auto period_us = static_cast<uint64_t>(rate.period.us);
    const Wide all = product(owed, period_us);
    if (now <= anchor)
      return from(all + product(static_cast<uint64_t>((anchor - now).us), rate.units) + fraction, owed, period_us);
    const Wide elapsed = product(static_cast<uint64_t>((now - anchor).us), rate.units) - fraction;
    return elapsed >= all ? Debt{} : from(all - elapsed, owed, period_us);
  }
};

// Fills in the decision of a bucket that owes `debt`. `expires` is when its state is forgotten; no wait is longer.
// Returns, when a charge is admitted, how long the debt after it takes to drain: microseconds, and what is left of a
// microsecond in units of 1/rate.units.
[[gnu::always_inline]] inline Quotient step_bucket(const Debt& debt, const Limit& limit, Cost cost, Instant now,
                                                   Instant expires, Decision& decision) {
  const auto period_us = static_cast<uint64_t>(limit.rate.period.us);
  const uint64_t capacity = limit.capacity;
  decision = Decision();
  decision.limit = limit.capacity;
  if (cost.units != 0 && debt.used + cost.units <= capacity) [[likely]] {
    decision.remaining = capacity - debt.used - cost.units;
    const Quotient drain = divide(debt.time + product(cost.units, period_us), limit.rate.units);
    decision.reset_after = drain.wait();
    return drain;
  }
  decision.remaining = capacity - std::min(capacity, debt.used);
  if (debt.time != 0) decision.reset_after = std::min(divide(debt.time, limit.rate.units).wait(), expires - now);
  if (cost.units == 0) return {};
  decision.verdict = Verdict::kRefused;
  if (cost.units > capacity) {
    decision.retry_after = Duration::never();
    return {};
  }
  const Wide missing = debt.time - product(capacity - cost.units, period_us);
  decision.retry_after = std::min(divide(missing, limit.rate.units).wait(), expires - now);
  return {};
}

// What a bucket's state owes at `now`. A rate edited to fewer units leaves a fraction out of range; it is then read as
// its largest value, which gives nothing away.
[[gnu::always_inline]] inline Debt bucket_debt(const State& state, const Limit& limit, Instant now) {
  if (state.algorithm != state_tag(limit.algorithm) || now >= Instant::from_seconds(state.z)) return {};
  const uint64_t fraction = std::min<uint64_t>(state.x, limit.rate.units - 1);
  return Debt::since({static_cast<int64_t>(state.time_us)}, fraction, state.y, limit.rate, now);
}

// `state`, which owes `debt`, with its anchor moved to the last unit that came back up to `now`. The caller sets the
// units used and the expiry.
[[gnu::always_inline]] inline State bucket_at(const State& state, const Limit& limit, const Debt& debt, Instant now) {
  Instant moved = {static_cast<int64_t>(state.time_us)};
  State next;
  if (debt.used == 0) {
    moved = now;
    next.x = 0;
  } else if (debt.used == state.y) {
    next.x = static_cast<uint32_t>(std::min<uint64_t>(state.x, limit.rate.units - 1));
  } else {
    // Units came back: the anchor goes to where the last of them did, `since_last` before now.
    const Wide since_last = product(debt.used, static_cast<uint64_t>(limit.rate.period.us)) - debt.time;
    const Quotient back = divide(since_last, limit.rate.units);
    moved = now - Duration{static_cast<int64_t>(back.rounded_up())};
    next.x = back.rest == 0 ? 0 : static_cast<uint32_t>(limit.rate.units - back.rest);
  }
  stamp(next, limit.algorithm, moved);
  return next;
}

// REQUIRES: as evaluate(); limit.algorithm is kTokenBucket or kLeakyBucket.
[[gnu::always_inline]] inline State evaluate_bucket(const State& state, const Limit& limit, Cost cost, Instant now,
                                                    Decision& decision) {
  const Debt debt = bucket_debt(state, limit, now);
  step_bucket(debt, limit, cost, now, Instant::from_seconds(state.z), decision);
  if (cost.units == 0 || !decision.allowed()) return state;
  if (limit.algorithm == Algorithm::kLeakyBucket && debt.time != 0) {
    decision.delay = divide(debt.time, limit.rate.units).wait();
  }
  State next = bucket_at(state, limit, debt, now);
  next.y = static_cast<uint32_t>(debt.used + cost.units);
  next.z = expiry_seconds(now + decision.reset_after);
  return next;
}

}  // namespace rateguard::algorithm
