// The commonest decision by far, in its shortest form: a token bucket whose units each take a whole number of
// microseconds to come back. It gives the same decision and state as evaluate_bucket(), with one division, and admits
// without a branch that depends on what the state holds, so that the processor can begin the next request while it
// still waits for the state's memory.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// Fills in a refusal. `owed_us` is how long it takes until nothing is owed, as long as `used` units take.
inline void refuse_whole_units(const Limit& limit, Cost cost, uint64_t used, uint64_t owed_us, Duration until_expiry,
                               Decision& decision) {
  const auto wait = [&](uint64_t us) { return std::min(Duration{static_cast<int64_t>(us)}, until_expiry); };
  decision = Decision();
  decision.verdict = Verdict::kRefused;
  decision.limit = limit.capacity;
  decision.remaining = limit.capacity - std::min<uint64_t>(limit.capacity, used);
  if (owed_us != 0) decision.reset_after = wait(owed_us);
  decision.retry_after = cost.units > limit.capacity
                             ? Duration::never()
                             : wait(owed_us - uint64_t{limit.capacity - cost.units} * limit.unit_us);
}

// Whether the decision could be made here; if not, nothing was written. `next` is filled in if it admits. REQUIRES: as
// evaluate(); limit.unit_us is not 0.
[[gnu::always_inline]] inline bool evaluate_whole_units(const State& state, const Limit& limit, Cost cost, Instant now,
                                                        Decision& decision, State& next) {
  uint64_t head;
  std::memcpy(&head, &state, sizeof head);
  constexpr int kTimeBits = 52;
  const uint64_t anchor_us = head & ((uint64_t{1} << kTimeBits) - 1);
  const auto now_us = static_cast<uint64_t>(now.us);
  // A limit that was edited leaves a fraction of a microsecond, a clock that went back an anchor after now. Other
  // movements than taking are settled elsewhere.
  if (head >> kTimeBits != state_tag(Algorithm::kTokenBucket) || state.x != 0 || now_us < anchor_us ||
      cost.units == 0 || cost.movement != Movement::kTake) [[unlikely]] {
    return false;
  }
  const uint64_t unit_us = limit.unit_us;
  const Instant expires = Instant::from_seconds(state.z);
  const uint64_t owed_us = state.y * unit_us;
  const uint64_t since_us = now_us - anchor_us;
  const bool is_whole = (now >= expires) | (since_us >= owed_us);  // full again, like one never used
  const uint64_t since_anchor_us = is_whole ? 0 : since_us;
  const uint64_t back = since_anchor_us / unit_us;
  const uint64_t used = (is_whole ? 0 : state.y) - back;
  if (used + cost.units > limit.capacity) [[unlikely]] {
    refuse_whole_units(limit, cost, used, is_whole ? 0 : owed_us - since_us, expires - now, decision);
    return true;
  }
  const Instant moved = {static_cast<int64_t>((is_whole ? now_us : anchor_us) + back * unit_us)};
  const Instant drained = moved + Duration{static_cast<int64_t>((used + cost.units) * unit_us)};
  decision = Decision();
  decision.limit = limit.capacity;
  decision.remaining = limit.capacity - used - cost.units;
  decision.reset_after = drained - now;
  stamp(next, Algorithm::kTokenBucket, moved);
  next.x = 0;
  next.y = static_cast<uint32_t>(used + cost.units);
  next.z = expiry_seconds(drained);
  return true;
}

}  // namespace rateguard::algorithm
