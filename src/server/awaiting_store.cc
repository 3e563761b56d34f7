#include "server/awaiting_store.h"

#include <utility>

namespace rateguard::server {

// The store uses the caller's memory until it answers, and has its own deadline, so every question is waited for.

void AwaitingStore::charge(ChargeGroup group, Now now) {
  charge_batch({&group, 1}, now);
}

void AwaitingStore::charge_batch(std::span<ChargeGroup> groups, Now now) {
  const auto ask = [&](auto answered) { remote_.charge(groups, now, answered); };
  if (tasks_.await_whole(ask) == net::Woken::kAnswered) return;
  for (const ChargeGroup& group : groups) {
    for (Charge& charge : group.charges) charge.basis = Basis::kNotAsked;
  }
}

ResetResult AwaitingStore::reset(std::string_view key, const Terms& terms) {
  ResetResult result = ResetResult::kUnavailable;
  tasks_.await_whole([&](auto answered) {
    remote_.reset(key, terms, loop_.now(), [&result, answered](ResetResult answer) {
      result = answer;
      answered();
    });
  });
  return result;
}

ReleaseResult AwaitingStore::release(const HoldId& hold, Instant now) {
  ReleaseResult result = ReleaseResult::kUnavailable;
  tasks_.await_whole([&](auto answered) {
    remote_.release(hold, now, [&result, answered](ReleaseResult answer) {
      result = answer;
      answered();
    });
  });
  return result;
}

}  // namespace rateguard::server
