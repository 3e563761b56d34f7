// Buckets of amounts beyond 32 bits: token buckets, GCRA and leaky buckets alike, for money in nano-dollars, bytes, and
// other things counted in billions. They decide as bucket.h does and are kept in another form, in the same 20 bytes.
// Not inline, so that ordinary limits do not pay for it. store/redis/lua/bucket.lua has the same.
//
// Form: time_us is the anchor, and the units used at it and its fraction mean what they mean in bucket.h; they are
// spread over x, y, z and `extra`, with the exponent of the smallest power of two, in microseconds, after which from
// its anchor the state equals one never used.
//
// A limit is kept in this form if its capacity or its rate needs more than 32 bits. A state that an edited limit left
// in this form stays in it until it expires.
#pragma once

#include <cstdint>

#include "algorithm/exact.h"
#include "algorithm/state.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard::algorithm {

struct Debt;

// What a bucket in this form remembers.
struct WideBucket {
  Instant anchor;
  uint64_t fraction = 0;  // of a microsecond, in 1/rate.units: below 2^45
  uint64_t used = 0;      // up to kUnitsMax

  // REQUIRES: `state` has the form.
  static WideBucket read(const State& state);
  // `lasts`: from the anchor until nothing is owed, above 0 and at most 2^51 us.
  State write(Algorithm algorithm, Duration lasts) const;
};

// Whether `limit` is kept in this form.
constexpr bool is_wide(const Limit& limit) {
  return ((limit.capacity | limit.rate.units) >> 32) != 0;
}

// Whether evaluate_wide() and settle_wide() decide, rather than bucket.h and gcra.h. REQUIRES: limit is a bucket.
inline bool needs_wide(const State& state, const Limit& limit, Instant now) {
  return is_wide(limit) || (state.algorithm == wide_tag(limit.algorithm) && now < expires_at(state));
}

// As evaluate(), for Movement::kTake only. REQUIRES: needs_wide(state, limit, now).
State evaluate_wide(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision);

// For settle.cc. What a bucket owes at `now`, for either form of its state.
Debt any_bucket_debt(const State& state, const Limit& limit, Instant now);
// The state of one that owed `debt` and has `used` units in use since `now`, all of which are back after `reset_after`.
State wide_state(const Debt& debt, const Limit& limit, uint64_t used, Instant now, Duration reset_after);

}  // namespace rateguard::algorithm
