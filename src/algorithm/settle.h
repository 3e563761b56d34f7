// The movements that what is left does not decide: use after the fact, which is taken whole and may leave a debt, and
// what is given back. Beside the hot path, and so not inline. store/redis/lua has the same for Redis.
//
// A debt is use beyond the capacity: the state holds what was used, so it needs no field of its own. It is bounded by
// Limit::units_max(). What is given back ends with what is used; it reaches no window that has ended.
#pragma once

#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// As evaluate(), for movements other than Movement::kTake. Returns the state to be stored; all zero, as one never used,
// where everything is given back.
State settle(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision);

// Whether a charge that was decided so leaves another state behind than it found.
constexpr bool moves_state(Cost cost, const Decision& decision) {
  return cost.units != 0 && (decision.allowed() || cost.movement == Movement::kTakeWhole);
}

}  // namespace rateguard::algorithm
