// The one entrance to the algorithms: (state, limit, cost, now) -> (decision, next state). Pure: no clock, no I/O, no
// allocation. Each algorithm has a file of its own below this; docs/algorithms/ has a page with a picture of each.
#pragma once

#include "algorithm/bucket.h"
#include "algorithm/bucket_whole.h"
#include "algorithm/evaluation.h"
#include "algorithm/fixed_window.h"
#include "algorithm/gcra.h"
#include "algorithm/settle.h"
#include "algorithm/sliding_window_counter.h"
#include "algorithm/state.h"
#include "algorithm/wide_bucket.h"
#include "base/check.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

constexpr bool has_fixed_state(Algorithm algorithm) {
  return algorithm != Algorithm::kSlidingWindowLog && algorithm != Algorithm::kConcurrency;
}

// evaluate() below, for Movement::kTake only.
[[gnu::always_inline]] inline State evaluate_taking(const State& state, const Limit& limit, Cost cost, Now now,
                                                    Decision& decision) {
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket: {
      State next;
      if (limit.unit_us != 0 && evaluate_whole_units(state, limit, cost, now, decision, next)) [[likely]]
        return decision.allowed() ? next : state;
      if (needs_wide(state, limit, now)) [[unlikely]]
        return evaluate_wide(state, limit, cost, now, decision);
      return evaluate_bucket(state, limit, cost, now, decision);
    }
    case Algorithm::kLeakyBucket:
      if (needs_wide(state, limit, now)) [[unlikely]]
        return evaluate_wide(state, limit, cost, now, decision);
      return evaluate_bucket(state, limit, cost, now, decision);
    case Algorithm::kGcra:
      if (needs_wide(state, limit, now)) [[unlikely]]
        return evaluate_wide(state, limit, cost, now, decision);
      return evaluate_gcra(state, limit, cost, now, decision);
    case Algorithm::kFixedWindow:
      return evaluate_fixed_window(state, limit, cost, now, decision);
    case Algorithm::kSlidingWindowCounter:
      return evaluate_sliding_window_counter(state, limit, cost, now, decision);
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kConcurrency:
      break;
  }
  check_failed(__FILE__, __LINE__, "has_fixed_state(limit.algorithm)");
}

// Decides a request of `cost` at `now` against a limit whose state fits 20 bytes: every algorithm but the log and
// concurrency. Fills in `decision`, and returns the state to be stored, which is `state` unchanged unless
// moves_state().
//
// A state of another algorithm, or one that has expired, is read as never used. An instant before the state's own is
// read as the state's own (a clock that steps back creates no units), while waits count from `now`. Windows of the
// calendar are those of now.wall(). Cost 0 is always admitted and takes nothing: it reports what is left and when
// everything will be. REQUIRES: limit was made by Limit's functions; 0 <= now.us <= Instant::max() / 2;
// has_fixed_state(limit.algorithm); `decision` does not overlap the other arguments.
[[gnu::always_inline]] inline State evaluate(const State& state, const Limit& limit, Cost cost, Now now,
                                             Decision& decision) {
  if (cost.movement != Movement::kTake) [[unlikely]]
    return settle(state, limit, cost, now, decision);
  return evaluate_taking(state, limit, cost, now, decision);
}

// The same, as one value.
inline Evaluation evaluate(const State& state, const Limit& limit, Cost cost, Now now) {
  Evaluation evaluation;
  evaluation.next = evaluate(state, limit, cost, now, evaluation.decision);
  return evaluation;
}

}  // namespace rateguard::algorithm
