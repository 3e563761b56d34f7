// The movements that do not depend on what is left: use after the fact, which is taken in full and may leave a debt,
// and giving back. Not on the hot path, and so not inline. store/redis/lua has the same for Redis.
//
// A debt is use beyond the capacity: the state holds what was used, so it needs no field of its own. It is bounded by
// Limit::units_max(). Giving back returns at most what is in use, and never into a window that has ended.
#pragma once

#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// As evaluate(), for movements other than Movement::kTake. Returns the state to be stored; all zero, like one never
// used, if everything is given back.
State settle(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision);

// Whether a charge with this decision changes the counter's state.
constexpr bool moves_state(Cost cost, const Decision& decision) {
  return cost.units != 0 && (decision.allowed() || cost.movement == Movement::kTakeWhole);
}

}  // namespace rateguard::algorithm
