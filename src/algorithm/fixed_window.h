// The fixed window: a count that starts again with each window. It lets up to twice the limit through around a
// boundary.
//
// State: y is the count; z is the window's end in seconds, rounded up. time_us is the last charge for windows of the
// epoch and the calendar: the window is computed from now, and the count holds while the last charge lies in it, so
// that an edited period keeps what was used. For windows from the first request time_us is that request, where the
// window starts.
#pragma once

#include <algorithm>
#include <cstdint>

#include "algorithm/calendar.h"
#include "algorithm/evaluation.h"
#include "algorithm/window.h"

namespace rateguard::algorithm {

// The window that holds `now`, given the stored time (null: none), and whether that time's count is its count.
struct CountedWindow {
  Window window;
  bool is_counted = false;
};

inline CountedWindow window_of(const Limit& limit, const Instant* stored, Instant now) {
  const Instant t = stored == nullptr ? now : std::max(now, *stored);
  if (limit.anchor == Anchor::kFirstRequest) {
    if (stored != nullptr && t < *stored + limit.period()) return {{*stored, *stored + limit.period()}, true};
    return {{t, t + limit.period()}, false};
  }
  const Window window =
      limit.anchor == Anchor::kEpoch ? epoch_window(t, limit.period()) : calendar_window(t, limit.anchor, limit.zone);
  return {window, stored != nullptr && *stored >= window.start};
}

// REQUIRES: as evaluate().
inline State evaluate_fixed_window(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  const Instant stored = {static_cast<int64_t>(state.time_us)};
  const bool live = is_live(state, Algorithm::kFixedWindow, now);
  const auto [window, is_counted] = window_of(limit, live ? &stored : nullptr, now);
  const uint64_t count = is_counted ? state.y : 0;
  const uint64_t most = limit.capacity;

  decision = Decision();
  decision.limit = limit.capacity;
  if (cost.units != 0 && count + cost.units <= most) {
    decision.remaining = static_cast<uint32_t>(most - count - cost.units);
    decision.reset_after = window.end - now;
    const Instant last = live ? std::max(now, stored) : now;
    State next;
    stamp(next, Algorithm::kFixedWindow, limit.anchor == Anchor::kFirstRequest ? window.start : last);
    next.x = 0;
    next.y = static_cast<uint32_t>(count + cost.units);
    next.z = expiry_seconds(window.end);
    return next;
  }
  decision.remaining = static_cast<uint32_t>(most - std::min(most, count));
  if (count != 0) decision.reset_after = std::min(window.end, expires_at(state)) - now;
  if (cost.units == 0) return state;
  decision.verdict = Verdict::kRefused;
  decision.retry_after = cost.units > most ? Duration::never() : decision.reset_after;
  return state;
}

}  // namespace rateguard::algorithm
