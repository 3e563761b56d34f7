// Between the public types and the core's. The core's stand one namespace up, under names that the public ones repeat;
// here and in this folder `core::` says which is meant.
#pragma once

#include <rateguard/limiter.h>

#include "base/result.h"
#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"
#include "store/store.h"

namespace rateguard::api {

namespace core = ::rateguard;

// The one who sees into a public Limit.
struct LimitAccess {
  static Limit from_core(const core::Limit& limit);
  static core::Limit to_core(const Limit& limit);
  static core::Algorithm algorithm(const Limit& limit) { return static_cast<core::Algorithm>(limit.algorithm_); }
};

Error from_core(const core::Error& error);
Decision from_core(const core::Decision& decision);
Stats from_core(const core::StoreStats& stats);

// Duration::max() and core::Duration::never() are the same count, so "never" needs no case of its own.
constexpr Duration from_core(core::Duration duration) {
  return Duration(duration.us);
}
constexpr core::Duration to_core(Duration duration) {
  return core::Duration::micros(duration.count());
}

// Errors: kInvalid where the core could not count from it: before 1970, or so late that a state could not hold what
// follows (half of what 52 bits of microseconds hold, the year 2041).
core::Result<core::Instant> to_core(TimePoint now);

// A Result of the core as a public one, `convert` applied to its value.
template <typename T, typename Convert>
auto from_core(core::Result<T> result, Convert convert) -> Result<decltype(convert(*result))> {
  if (!result) return from_core(result.error());
  return convert(*std::move(result));
}

}  // namespace rateguard::api
