// The sliding window counter: the count of this window plus the previous one's, weighted by how much of it the sliding
// window still covers. It assumes that the previous window's requests were spread evenly.
//
// State: time_us is the last charge; x is the count of its window, y that of the window before; z is the end of the
// window after it, in seconds rounded up. Windows follow each other from the Unix epoch.
#pragma once

#include <algorithm>
#include <cstdint>

#include "algorithm/evaluation.h"
#include "algorithm/exact.h"
#include "algorithm/window.h"

namespace rateguard::algorithm {

struct TwoWindows {
  Window window;
  uint64_t current = 0;
  uint64_t previous = 0;

  // The units that count at `into` after the window's start, rounded up: previous * (1 - into/period) + current.
  uint64_t weight(Duration into) const {
    if (previous == 0) return current;
    const auto period_us = static_cast<uint64_t>((window.end - window.start).us);
    return current + divide(product(previous, period_us - static_cast<uint64_t>(into.us)), period_us).rounded_up();
  }
};

// How long after a window's start `previous` units of the window before weigh at most `room`: exact, and at most the
// period.
inline Duration until_weighs(uint64_t previous, Cost room, Duration period) {
  if (previous <= room.units) return {};
  return period -
         Duration{static_cast<int64_t>(divide(product(room.units, static_cast<uint64_t>(period.us)), previous).whole)};
}

// The first instant at which `cost` fits if no other request comes. REQUIRES: cost does not fit now and cost <=
// capacity.
inline Instant fits_at(const TwoWindows& counts, const Limit& limit, Cost cost) {
  const Duration period = limit.period();
  const uint64_t taken = counts.current + cost.units;
  if (taken <= limit.capacity) {
    const Cost room = {limit.capacity - taken};
    return counts.window.start + until_weighs(counts.previous, room, period);
  }
  // Not in this window, whose own count alone is too much: in the next one, as the weight of the previous count sinks.
  return counts.window.end + until_weighs(counts.current, Cost{limit.capacity - cost.units}, period);
}

// The counts of a live state at `t`, which is not before its last charge.
inline TwoWindows read_windows(const State& state, const Limit& limit, Instant t) {
  const Instant last = {static_cast<int64_t>(state.time_us)};
  TwoWindows counts = {.window = epoch_window(t, limit.period())};
  if (last >= counts.window.start) {
    counts.current = state.x;
    counts.previous = state.y;
  } else if (last >= counts.window.start - limit.period()) {
    counts.previous = state.x;
  }
  return counts;
}

// REQUIRES: as evaluate().
inline State evaluate_sliding_window_counter(const State& state, const Limit& limit, Cost cost, Instant now,
                                             Decision& decision) {
  const bool live = is_live(state, Algorithm::kSlidingWindowCounter, now);
  const Instant t = live ? std::max(now, Instant{static_cast<int64_t>(state.time_us)}) : now;
  const TwoWindows counts = live ? read_windows(state, limit, t) : TwoWindows{epoch_window(t, limit.period())};
  const uint64_t used = counts.weight(t - counts.window.start);
  const uint64_t most = limit.capacity;
  const Instant gone = counts.window.end + limit.period();

  decision = Decision();
  decision.limit = limit.capacity;
  if (cost.units != 0 && used + cost.units <= most) {
    decision.remaining = most - used - cost.units;
    decision.reset_after = gone - now;
    State next;
    stamp(next, Algorithm::kSlidingWindowCounter, t);
    next.x = static_cast<uint32_t>(counts.current + cost.units);
    next.y = static_cast<uint32_t>(counts.previous);
    next.z = expiry_seconds(gone);
    return next;
  }
  const Instant expires = expires_at(state);
  decision.remaining = most - std::min(most, used);
  if (counts.current != 0) {
    decision.reset_after = std::min(gone, expires) - now;
  } else if (counts.previous != 0) {
    decision.reset_after = std::min(counts.window.end, expires) - now;
  }
  if (cost.units == 0) return state;
  decision.verdict = Verdict::kRefused;
  decision.retry_after = cost.units > most ? Duration::never() : std::min(fits_at(counts, limit, cost), expires) - now;
  return state;
}

}  // namespace rateguard::algorithm
