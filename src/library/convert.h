// Conversions between the public types and the core's. The core's are one namespace up and have the same names; in this
// folder `core::` says which one is meant.
#pragma once

#include <rateguard/limiter.h>

#include "base/result.h"
#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"
#include "store/settlement.h"
#include "store/store.h"

namespace rateguard::api {

namespace core = ::rateguard;

// Access to the inside of a public Limit.
struct LimitAccess {
  static Limit from_core(const core::Limit& limit);
  static core::Limit to_core(const Limit& limit);
  static core::Algorithm algorithm(const Limit& limit) { return static_cast<core::Algorithm>(limit.algorithm_); }
};

struct ChargeAccess {
  static Charge from_core(std::string_view counter, const Limit& limit, const core::ChargeReceipt& receipt);
  static std::string_view counter(const Charge& charge) { return charge.counter_; }
  static const Limit& limit(const Charge& charge) { return *charge.limit_; }
  static core::ChargeReceipt receipt(const Charge& charge);
};

Error from_core(const core::Error& error);
Decision from_core(const core::Decision& decision);
Stats from_core(const core::StoreStats& stats);
Settlement from_core(const core::Settlement& settlement);

// Duration::max() and core::Duration::never() are the same count, so "never" needs no case of its own.
constexpr Duration from_core(core::Duration duration) {
  return Duration(duration.us);
}
constexpr core::Duration to_core(Duration duration) {
  return core::Duration::micros(duration.count());
}

// Errors: kInvalid for more units than a cost can have.
core::Result<core::Cost> to_core_cost(int64_t units);

// Errors: kInvalid if the core cannot count from it: before 1970, or too late for a state to hold later times (half of
// what 52 bits of microseconds hold, the year 2041).
core::Result<core::Instant> to_core(TimePoint now);

// decide(now), or an error if the time is out of range.
template <typename Decide>
auto at(TimePoint now, Decide decide) -> decltype(decide(core::Instant{})) {
  const auto instant = to_core(now);
  if (!instant) return from_core(instant.error());
  return decide(*instant);
}

}  // namespace rateguard::api
