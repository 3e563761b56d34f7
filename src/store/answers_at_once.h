// A local store behind the interface of a remote one.
#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <utility>

#include "store/remote_store.h"

namespace rateguard {

// The store outlives it; its owner sweeps it.
class AnswersAtOnce final : public RemoteStore {
 public:
  explicit AnswersAtOnce(Store& store) : store_(store) {}

  void charge(std::span<ChargeGroup> groups, Now now, Done done) override {
    for (const ChargeGroup& group : groups) {
      for (Charge& charge : group.charges) charge.basis = Basis::kCounter;
    }
    store_.charge_batch(groups, now);
    done();
  }
  void reset(std::string_view key, const Terms& terms, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    done(store_.reset(key, terms));
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    done(store_.release(hold, now));
  }
  void tick(Instant) override {}

 private:
  Store& store_;
};

}  // namespace rateguard
