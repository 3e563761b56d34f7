// A RemoteStore as a Store, so that the suite of all stores (store/store_suite.h) also runs over those that answer
// later.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <mutex>
#include <span>
#include <string_view>

#include "store/answers_at_once.h"
#include "store/remote_store.h"
#include "store/store.h"

namespace rateguard {

// The remote store behind it must answer before its calls return. Any thread may call this; calls are serialised. Its
// figures are those of `counted`, which has the counters.
class StoreOverRemote : public Store {
 public:
  StoreOverRemote(RemoteStore& remote, Store& counted) : remote_(remote), counted_(counted) {}

  void charge(ChargeGroup group, Now now) override { charge_batch({&group, 1}, now); }
  void charge_batch(std::span<ChargeGroup> groups, Now now) override {
    const std::lock_guard lock(mutex_);
    bool is_done = false;
    remote_.charge(groups, now, [&] { is_done = true; });
    EXPECT_TRUE(is_done);
  }
  ResetResult reset(std::string_view key, const Terms& terms) override {
    const std::lock_guard lock(mutex_);
    ResetResult result = ResetResult::kUnavailable;
    remote_.reset(key, terms, {}, [&](ResetResult answer) { result = answer; });
    return result;
  }
  ReleaseResult release(const HoldId& hold, Instant now) override {
    const std::lock_guard lock(mutex_);
    ReleaseResult result = ReleaseResult::kUnavailable;
    remote_.release(hold, now, [&](ReleaseResult answer) { result = answer; });
    return result;
  }
  void tick(Instant now, TickBudget budget) override {
    const std::lock_guard lock(mutex_);
    remote_.tick(now);
    counted_.tick(now, budget);
  }
  StoreStats stats() const override { return counted_.stats(); }

 private:
  std::mutex mutex_;
  RemoteStore& remote_;
  Store& counted_;
};

// The same, owning what it needs: `Parts` has `front`, a RemoteStore, and `counters`, the Store behind it.
template <typename Parts>
class SuiteStore final : private Parts, public StoreOverRemote {
 public:
  SuiteStore() : StoreOverRemote(Parts::front, *Parts::counters) {}
};

}  // namespace rateguard
