// The fixed window: a count that starts again with each window. It lets up to twice the limit through around a
// boundary.
//
// State: x and y are the upper and the lower half of the count; z is when the window ends, in seconds, rounded up.
// time_us is the last charge for windows of the epoch and the calendar: the window is computed from now, and the count
// holds while the last charge lies in it, so that an edited period keeps what was used. For windows from the first
// request time_us is that request, where the window starts.
//
// Windows of the calendar are named by the wall clock, so time_us is by the wall clock there, while z is by the
// counters' time as everywhere. If the wall clock was set back behind the last charge, the count stays that of the
// charge's window until the wall clock has passed that window, or until its length has passed by the counters' time
// (docs/decisions/0021).
#pragma once

#include <algorithm>
#include <cstdint>

#include "algorithm/calendar.h"
#include "algorithm/evaluation.h"
#include "algorithm/window.h"

namespace rateguard::algorithm {

// The value of `extra` in a state whose time_us is by the wall clock.
inline constexpr uint8_t kByWallClock = 1;

// The window that contains `now`, and whether the count stored at `last` (null: none) belongs to it.
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

// How long a window lasts from `now`, by the clock that names it. A window that has not begun, because the clock was
// set back, counts with its length.
constexpr Duration rest_of(const Window& window, Instant now) {
  return window.end - std::max(now, window.start);
}

// What a counter holds at `now`.
struct FoundWindow {
  Window window;
  uint64_t count = 0;
  Instant named;  // now, by the clock that names the window
  Instant last;   // the last charge by that clock, or `named` where that is later
};

inline FoundWindow found_window(const State& state, const Limit& limit, Now now) {
  const Instant stored = {static_cast<int64_t>(state.time_us)};
  const bool live = is_live(state, Algorithm::kFixedWindow, now);
  const Instant named = limit.is_of_calendar() ? now.wall() : Instant(now);
  const auto [window, is_counted] = window_of(limit, live ? &stored : nullptr, named);
  return {.window = window,
          .count = is_counted ? uint64_t{state.x} << 32 | state.y : 0,
          .named = named,
          .last = live ? std::max(named, stored) : named};
}

// The state with `count` in the window in which `state` was found. Fills in when the window ends.
inline State counted_state(const State& state, const Limit& limit, const FoundWindow& found, uint64_t count, Now now,
                           Decision& decision) {
  const bool of_calendar = limit.is_of_calendar();
  decision.reset_after = found.window.end - found.named;
  Instant end = now + decision.reset_after;
  if (of_calendar && found.named < found.window.start) {
    end = std::max(expires_at(state), now + rest_of(found.window, found.named));
    decision.reset_after = std::min(decision.reset_after, end - now);
  }
  State next;
  stamp(next, Algorithm::kFixedWindow, limit.anchor == Anchor::kFirstRequest ? found.window.start : found.last,
        of_calendar ? kByWallClock : 0);
  next.x = static_cast<uint32_t>(count >> 32);
  next.y = static_cast<uint32_t>(count);
  next.z = expiry_seconds(end);
  return next;
}

// REQUIRES: as evaluate().
inline State evaluate_fixed_window(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision) {
  const FoundWindow found = found_window(state, limit, now);
  const uint64_t count = found.count;
  const uint64_t most = limit.capacity;

  decision = Decision();
  decision.limit = limit.capacity;
  if (cost.units != 0 && count + cost.units <= most) {
    decision.remaining = most - count - cost.units;
    return counted_state(state, limit, found, count + cost.units, now, decision);
  }
  decision.remaining = most - std::min(most, count);
  if (count != 0) decision.reset_after = std::min(found.window.end - found.named, expires_at(state) - now);
  if (cost.units == 0) return state;
  decision.verdict = Verdict::kRefused;
  decision.retry_after = cost.units > most ? Duration::never() : decision.reset_after;
  return state;
}

}  // namespace rateguard::algorithm
