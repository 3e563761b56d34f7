// A store behind a network: it answers later, and may fail. store/redis, store/fallback and store/lease implement this
// interface and stand in front of one another; the caller of the outermost waits (server/awaiting_store.h).
#pragma once

#include <functional>
#include <span>
#include <string_view>

#include "store/store.h"

namespace rateguard {

// One event loop's: on its thread only.
class RemoteStore {
 public:
  using Done = std::move_only_function<void()>;

  virtual ~RemoteStore() = default;

  // As Store::charge_batch: `done` is called once, when every decision is filled in, perhaps before the call returns;
  // all arguments live until then. A group that could not be decided has Basis::kUnavailable in each of its charges; it
  // is then unknown whether it was charged.
  virtual void charge(std::span<ChargeGroup> groups, Now now, Done done) = 0;
  // As Store's. `key` is borrowed for the call.
  virtual void reset(std::string_view key, const Terms& terms, Instant now,
                     std::move_only_function<void(ResetResult)> done) = 0;
  virtual void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) = 0;
  // Background work; to be called from time to time.
  virtual void tick(Instant now) = 0;
};

// Marks `groups` as not decided.
inline void set_unavailable(std::span<ChargeGroup> groups) {
  for (const ChargeGroup& group : groups) {
    for (Charge& charge : group.charges) charge.basis = Basis::kUnavailable;
  }
}

}  // namespace rateguard
