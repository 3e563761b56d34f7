// For tests of FallbackStore: a FallbackStore in front of a store that fails on request.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "store/fallback/fallback_store.h"
#include "store/memory/memory_store.h"

namespace rateguard {

inline constexpr Instant kNow = Instant::from_seconds(1'700'006'400);
inline constexpr Duration kDay = Duration::seconds(86'400);

// A remote store that answers from its own counters, or fails, as the test says.
class UnreliableRemote final : public RemoteStore {
 public:
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override {
    ++calls;
    if (is_down) {
      if (charges_before_failing) counters->charge_batch(groups, now);
      set_unavailable(groups);
    } else {
      counters->charge_batch(groups, now);
      for (const size_t i : failing_groups) set_unavailable(groups.subspan(i, 1));
    }
    finish(std::move(done));
  }
  void reset(std::string_view key, const Terms& terms, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    ++calls;
    const ResetResult result = is_down ? ResetResult::kUnavailable : counters->reset(key, terms);
    finish([result, done = std::move(done)]() mutable { done(result); });
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    ++calls;
    const ReleaseResult result = is_down ? ReleaseResult::kUnavailable : counters->release(hold, now);
    finish([result, done = std::move(done)]() mutable { done(result); });
  }
  void tick(Instant) override { ++ticks; }

  // Gives the oldest answer that is held back.
  void answer() {
    Done done = std::move(held.front());
    held.pop_front();
    done();
  }

  std::unique_ptr<MemoryStore> counters = MemoryStore::create({.max_keys = 1'000}).value();
  bool is_down = false;
  bool charges_before_failing = false;
  bool holds_back = false;
  std::set<size_t> failing_groups;
  std::deque<Done> held;
  int calls = 0;
  int ticks = 0;

 private:
  void finish(Done done) {
    if (holds_back) {
      held.push_back(std::move(done));
    } else {
      done();
    }
  }
};

class FallbackStoreTest : public testing::Test {
 protected:
  static Charge on(std::string_view key, const Limit& limit, OnStoreFailure failure, Mode mode = Mode::kEnforce,
                   uint64_t cost = 1) {
    return {.key = key, .limit = &limit, .cost = {cost}, .mode = mode, .terms = {.on_failure = failure}};
  }
  // One request's limits, as they come back.
  std::vector<Charge> ask(std::vector<Charge> charges, Duration later = {}) {
    ChargeGroup group = {charges};
    bool is_done = false;
    store_.charge({&group, 1}, kNow + later, [&] { is_done = true; });
    EXPECT_TRUE(is_done);
    return charges;
  }
  Charge ask(const Charge& charge, Duration later = {}) { return ask(std::vector{charge}, later)[0]; }
  uint64_t left_here(std::string_view key, const Limit& limit) { return left(*local_, key, limit); }
  static uint64_t left(Store& store, std::string_view key, const Limit& limit) {
    Charge look = {.key = key, .limit = &limit, .cost = {0}};
    store.charge({{&look, 1}}, kNow);
    return look.decision.remaining;
  }
  ReleaseResult release(const HoldId& hold) {
    auto result = ReleaseResult::kUnknown;
    store_.release(hold, kNow, [&](ReleaseResult r) { result = r; });
    return result;
  }
  ResetResult reset(std::string_view key) {
    auto result = ResetResult::kNotThere;
    store_.reset(key, {}, kNow, [&](ResetResult r) { result = r; });
    return result;
  }
  void open_breaker() {
    remote_.is_down = true;
    for (int i = 0; i < 5; ++i) ask(on("opens", window_, OnStoreFailure::kAllow));
    ASSERT_EQ(store_.stats().state, BreakerState::kOpen);
  }

  const Limit window_ = Limit::fixed_window(10, kDay).value();
  const Limit bucket_ = Limit::token_bucket(9, {1, kDay}).value();
  const Limit holds_ = Limit::concurrency(4, kDay).value();

  uint32_t instances_ = 1;
  std::vector<BreakerState> told_;
  UnreliableRemote remote_;
  std::unique_ptr<MemoryStore> local_ = MemoryStore::create({.max_keys = 1'000}).value();
  FallbackStore store_{remote_,
                       *local_,
                       {.instances = [this] { return instances_; },
                        .on_change = [this](BreakerState state) { told_.push_back(state); },
                        .random = [] { return uint32_t{1} << 31; }}};
};

}  // namespace rateguard
