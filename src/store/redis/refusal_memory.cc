#include "store/redis/refusal_memory.h"

#include <algorithm>

#include "algorithm/settle.h"

namespace rateguard::redis_store {

void RefusalMemory::learn(const Charge& charge, Instant asked, Instant answered) {
  const Decision& decision = charge.decision;
  if (charge.basis != Basis::kCounter || algorithm::moves_state(charge.cost, decision)) return forget(charge.key);
  if (decision.allowed() || decision.remaining != 0 || charge.cost != Cost{1}) return;
  // A hold may be released at any time.
  if (charge.limit->algorithm == Algorithm::kConcurrency || decision.retry_after.is_never()) return;
  if (kept_.empty()) kept_.resize(places_);
  Place& place = kept_[place_of(charge.key)];
  place.key.assign(charge.key);
  place.limit = *charge.limit;
  place.asked = asked;
  place.known_until = std::min(asked + decision.retry_after, answered + kRememberedFor);
  place.unit_comes = answered + decision.retry_after;
  place.all_is_unused = answered + decision.reset_after;
}

bool RefusalMemory::recall(Charge& charge, Instant now) const {
  if (kept_.empty() || charge.cost != Cost{1}) return false;
  const Place& place = kept_[place_of(charge.key)];
  if (now >= place.known_until || now < place.asked) return false;
  if (place.key != charge.key || !(place.limit == *charge.limit)) return false;
  charge.basis = Basis::kCounter;
  charge.decision = {.verdict = Verdict::kRefused,
                     .limit = charge.limit->capacity,
                     .remaining = 0,
                     .retry_after = place.unit_comes - now,
                     .reset_after = std::max(Duration(), place.all_is_unused - now)};
  return true;
}

void RefusalMemory::forget(std::string_view key) {
  if (kept_.empty()) return;
  Place& place = kept_[place_of(key)];
  if (place.known_until != Instant() && place.key == key) place.known_until = {};
}

void RefusalMemory::forget_all() {
  for (Place& place : kept_) place.known_until = {};
}

}  // namespace rateguard::redis_store
