// For tests: wraps a store that may fail, with `on_store_failure: deny`.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "store/remote_store.h"

namespace rateguard::server {

// Refuses checks if the store behind it could not be asked.
class DenyingStore final : public RemoteStore {
 public:
  explicit DenyingStore(RemoteStore& remote) : remote_(remote) {}

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override {
    remote_.charge(groups, now, [groups, done = std::move(done)]() mutable {
      for (const ChargeGroup& group : groups) {
        for (Charge& charge : group.charges) {
          if (charge.basis != Basis::kUnavailable) continue;
          charge.basis = Basis::kDenied;
          charge.decision = {.verdict = Verdict::kRefused, .retry_after = Duration::seconds(1)};
        }
      }
      done();
    });
  }
  void reset(std::string_view key, const Terms& terms, Instant now,
             std::move_only_function<void(ResetResult)> done) override {
    remote_.reset(key, terms, now, std::move(done));
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    remote_.release(hold, now, std::move(done));
  }
  void tick(Instant) override {}

 private:
  RemoteStore& remote_;
};

}  // namespace rateguard::server
