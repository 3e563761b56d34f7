// The one entrance to the algorithms: (state, limit, cost, now) -> (decision, next state). Pure: no clock, no I/O, no
// allocation. Each algorithm has a file of its own below this; docs/algorithms/ has a page with a picture of each.
#pragma once

#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

struct Evaluation {
  Decision decision;
  State next;  // to be stored when the decision admits a cost above 0; equal to the given state otherwise
};

// Decides a request of `cost` at `now` against a limit whose state fits 20 bytes: every algorithm but the log and
// concurrency. A state of another algorithm is read as never used. An instant before the state's own is read as the state's
// own (a clock that steps back mints nothing).
// REQUIRES: limit was made by Limit's functions; 0 <= now.us <= Instant::max() / 2; has_fixed_state(limit.algorithm).
Evaluation evaluate(const State& state, const Limit& limit, Cost cost, Instant now);

constexpr bool has_fixed_state(Algorithm algorithm) {
  return algorithm != Algorithm::kSlidingWindowLog && algorithm != Algorithm::kConcurrency;
}

}  // namespace rateguard::algorithm
