#include "store/fallback/fallback_store.h"

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/count_allocations_for_tests.h"
#include "store/memory/memory_store.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);
constexpr Duration kDay = Duration::seconds(86'400);

// A remote store that does as it is told: it answers from counters of its own, or fails.
class FakeRemote final : public RemoteStore {
 public:
  void charge(std::span<ChargeGroup> groups, Instant now, Done done) override {
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
  void reset(std::string_view key, CounterPlace place, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    ++calls;
    const ResetResult result = is_down ? ResetResult::kUnavailable : counters->reset(key, place);
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
                   uint32_t cost = 1) {
    return {.key = key, .limit = &limit, .cost = {cost}, .mode = mode, .on_failure = failure};
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
  uint32_t left_here(std::string_view key, const Limit& limit) { return left(*local_, key, limit); }
  static uint32_t left(Store& store, std::string_view key, const Limit& limit) {
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
    store_.reset(key, 0, kNow, [&](ResetResult r) { result = r; });
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
  FakeRemote remote_;
  std::unique_ptr<MemoryStore> local_ = MemoryStore::create({.max_keys = 1'000}).value();
  FallbackStore store_{remote_,
                       *local_,
                       {.instances = [this] { return instances_; },
                        .on_change = [this](BreakerState state) { told_.push_back(state); },
                        .random = [] { return uint32_t{1} << 31; }}};
};

TEST_F(FallbackStoreTest, WhatTheRemoteDecidesIsPassedOn) {
  const Charge charge = ask(on("k", window_, OnStoreFailure::kDeny, Mode::kEnforce, 3));
  EXPECT_EQ(charge.basis, Basis::kCounter);
  EXPECT_EQ(charge.decision.remaining, 7U);
  EXPECT_EQ(left_here("k", window_), 10U);
  EXPECT_EQ(store_.stats().groups, 0U);
  EXPECT_EQ(store_.stats().failures, 0U);
}

TEST_F(FallbackStoreTest, AllowAdmitsAsACounterNeverUsedWould) {
  remote_.is_down = true;
  for (const Limit* limit : {&window_, &bucket_, &holds_}) {
    const Charge charge = ask(on("k", *limit, OnStoreFailure::kAllow, Mode::kEnforce, 2));
    EXPECT_EQ(charge.basis, Basis::kAllowed);
    EXPECT_EQ(charge.decision, (Decision{.limit = limit->capacity, .remaining = limit->capacity}));
    EXPECT_EQ(left_here("k", *limit), limit->capacity);
  }
  EXPECT_EQ(store_.stats().groups, 3U);
  EXPECT_EQ(store_.stats().failures, 3U);
}

TEST_F(FallbackStoreTest, DenyRefusesForASecond) {
  remote_.is_down = true;
  const Charge charge = ask(on("k", window_, OnStoreFailure::kDeny));
  EXPECT_EQ(charge.basis, Basis::kDenied);
  EXPECT_FALSE(charge.decision.allowed());
  EXPECT_EQ(charge.decision.limit, 10U);
  EXPECT_EQ(charge.decision.remaining, 0U);
  EXPECT_EQ(charge.decision.retry_after, Duration::seconds(1));
}

TEST_F(FallbackStoreTest, LocalEnforcesTheShare) {
  remote_.is_down = true;
  instances_ = 3;
  for (uint32_t i = 0; i < 3; ++i) {
    const Charge charge = ask(on("k", window_, OnStoreFailure::kLocal));
    EXPECT_EQ(charge.basis, Basis::kLocalShare);
    EXPECT_TRUE(charge.decision.allowed());
    EXPECT_EQ(charge.decision.limit, 3U);
    EXPECT_EQ(charge.decision.remaining, 2 - i);
  }
  const Charge refused = ask(on("k", window_, OnStoreFailure::kLocal));
  EXPECT_FALSE(refused.decision.allowed());
  EXPECT_EQ(refused.basis, Basis::kLocalShare);
  EXPECT_EQ(refused.limit, &window_) << "the caller's charge keeps its limit";
}

TEST_F(FallbackStoreTest, AnInstanceMoreMakesTheShareSmallerAtOnce) {
  remote_.is_down = true;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal, Mode::kEnforce, 4)).decision.remaining, 6U);
  instances_ = 2;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal)).decision.remaining, 0U) << "4 of 5 were used";
  instances_ = 0;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal)).decision.remaining, 4U) << "0 counts as 1";
}

TEST_F(FallbackStoreTest, ACostAboveTheShareIsNotAboveTheLimit) {
  remote_.is_down = true;
  instances_ = 2;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal, Mode::kEnforce, 6)).decision.retry_after,
            Duration::seconds(1));
  EXPECT_TRUE(ask(on("k", window_, OnStoreFailure::kLocal, Mode::kEnforce, 11)).decision.retry_after.is_never());
}

TEST_F(FallbackStoreTest, LocalLimitsOfARequestAreAllOrNothing) {
  remote_.is_down = true;
  const Limit tight = Limit::fixed_window(1, kDay).value();
  ask(on("tight", tight, OnStoreFailure::kLocal));
  const auto charges = ask({on("wide", window_, OnStoreFailure::kLocal), on("tight", tight, OnStoreFailure::kLocal),
                            on("free", bucket_, OnStoreFailure::kAllow)});
  EXPECT_TRUE(charges[0].decision.allowed());
  EXPECT_FALSE(charges[1].decision.allowed());
  EXPECT_EQ(charges[2].basis, Basis::kAllowed);
  EXPECT_EQ(left_here("wide", window_), 10U);
}

TEST_F(FallbackStoreTest, WhereOneIsDeniedTheOthersAreOnlyLookedAt) {
  remote_.is_down = true;
  const auto charges =
      ask({on("local", window_, OnStoreFailure::kLocal), on("holds", holds_, OnStoreFailure::kLocal),
           on("deny", window_, OnStoreFailure::kDeny), on("shadow", window_, OnStoreFailure::kLocal, Mode::kShadow)});
  EXPECT_EQ(charges[0].basis, Basis::kLocalShare);
  EXPECT_TRUE(charges[0].decision.allowed());
  EXPECT_EQ(charges[0].cost.units, 1U);
  EXPECT_FALSE(charges[1].decision.hold.is_set());
  EXPECT_EQ(charges[2].basis, Basis::kDenied);
  EXPECT_EQ(left_here("local", window_), 10U);
  EXPECT_EQ(left_here("holds", holds_), 4U);
  EXPECT_EQ(left_here("shadow", window_), 9U) << "charged on its own, as ever";
}

TEST_F(FallbackStoreTest, AShadowThatIsDeniedStopsNothing) {
  remote_.is_down = true;
  const auto charges =
      ask({on("local", window_, OnStoreFailure::kLocal), on("shadow", window_, OnStoreFailure::kDeny, Mode::kShadow)});
  EXPECT_TRUE(charges[0].decision.allowed());
  EXPECT_EQ(charges[1].basis, Basis::kDenied);
  EXPECT_EQ(left_here("local", window_), 9U);
}

TEST_F(FallbackStoreTest, AShadowThatRefusesStopsNothing) {
  remote_.is_down = true;
  const Limit tight = Limit::fixed_window(1, kDay).value();
  const std::vector both = {on("local", window_, OnStoreFailure::kLocal),
                            on("shadow", tight, OnStoreFailure::kLocal, Mode::kShadow)};
  ask(both);
  const auto charges = ask(both);
  EXPECT_TRUE(charges[0].decision.allowed());
  EXPECT_FALSE(charges[1].decision.allowed());
  EXPECT_EQ(left_here("local", window_), 8U);
}

TEST_F(FallbackStoreTest, ALookTakesNothing) {
  remote_.is_down = true;
  for (const OnStoreFailure failure : {OnStoreFailure::kAllow, OnStoreFailure::kDeny, OnStoreFailure::kLocal}) {
    ask(on("k", window_, failure, Mode::kEnforce, 0));
  }
  EXPECT_EQ(local_->stats().keys, 0U);
}

TEST_F(FallbackStoreTest, OnlyTheGroupsThatFailedAreDecidedHere) {
  remote_.failing_groups = {1, 3};
  std::vector<Charge> charges;
  const std::vector<std::string> keys = {"a", "b", "c", "d"};
  for (const std::string& key : keys) charges.push_back(on(key, window_, OnStoreFailure::kLocal));
  std::vector<ChargeGroup> groups;
  for (Charge& charge : charges) groups.push_back({{&charge, 1}});
  instances_ = 2;
  bool is_done = false;
  store_.charge(groups, kNow, [&] { is_done = true; });
  ASSERT_TRUE(is_done);
  for (size_t i = 0; i < 4; ++i) {
    const bool is_local = i % 2 == 1;
    EXPECT_EQ(charges[i].basis, is_local ? Basis::kLocalShare : Basis::kCounter) << i;
    EXPECT_EQ(charges[i].decision.remaining, is_local ? 4U : 9U) << i;
  }
  EXPECT_EQ(store_.stats().groups, 2U);
  EXPECT_EQ(store_.stats().failures, 1U) << "one call, one failure";
}

TEST_F(FallbackStoreTest, GroupsOfOneCallAreDecidedInOrderEachOnItsOwn) {
  remote_.is_down = true;
  const Limit two = Limit::fixed_window(2, kDay).value();
  std::vector<std::vector<Charge>> requests;
  for (int i = 0; i < 3; ++i) {
    requests.push_back({on("k", two, OnStoreFailure::kLocal), on("wide", window_, OnStoreFailure::kLocal)});
  }
  requests.push_back({on("free", window_, OnStoreFailure::kAllow)});
  requests.push_back({});
  std::vector<ChargeGroup> groups(requests.begin(), requests.end());
  store_.charge(groups, kNow, [] {});
  EXPECT_TRUE(requests[0][0].decision.allowed());
  EXPECT_TRUE(requests[1][0].decision.allowed());
  EXPECT_FALSE(requests[2][0].decision.allowed());
  EXPECT_EQ(left_here("wide", window_), 8U);
  EXPECT_EQ(requests[3][0].basis, Basis::kAllowed);
}

TEST_F(FallbackStoreTest, ACallThatWasChargedAndFailedCountsInBothPlacesAndIsNotSentAgain) {
  remote_.is_down = true;
  remote_.charges_before_failing = true;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal)).decision.remaining, 9U);
  EXPECT_EQ(remote_.calls, 1);
  EXPECT_EQ(left(*remote_.counters, "k", window_), 9U);
  EXPECT_EQ(left_here("k", window_), 9U);
}

TEST_F(FallbackStoreTest, AnOpenBreakerDecidesAtOnceAndTheRemoteIsNotAsked) {
  open_breaker();
  EXPECT_EQ(remote_.calls, 5);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kAllow)).basis, Basis::kAllowed);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny)).basis, Basis::kDenied);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kLocal)).basis, Basis::kLocalShare);
  EXPECT_EQ(reset("k"), ResetResult::kUnavailable);
  EXPECT_EQ(release(HoldId{.bytes = {1}}), ReleaseResult::kUnavailable);
  EXPECT_EQ(remote_.calls, 5);
  EXPECT_EQ(store_.stats().groups, 8U);
  EXPECT_EQ(store_.stats().failures, 5U);
  EXPECT_EQ(store_.stats().openings, 1U);
}

TEST_F(FallbackStoreTest, ARemoteThatIsBackIsUsedAgainAfterOneProbe) {
  open_breaker();
  remote_.is_down = false;
  const Duration soon = Duration::millis(250);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon - Duration{1}).basis, Basis::kDenied);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon).basis, Basis::kCounter);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon).basis, Basis::kCounter);
  EXPECT_EQ(store_.stats().state, BreakerState::kClosed);
  EXPECT_EQ(told_, (std::vector{BreakerState::kOpen, BreakerState::kHalfOpen, BreakerState::kClosed}));
}

TEST_F(FallbackStoreTest, WhileAProbeIsUnderWayOthersAreDecidedHere) {
  open_breaker();
  remote_.holds_back = true;
  remote_.is_down = false;
  Charge probe = on("k", window_, OnStoreFailure::kAllow);
  ChargeGroup group = {{&probe, 1}};
  bool is_done = false;
  store_.charge({&group, 1}, kNow + Duration::seconds(1), [&] { is_done = true; });
  EXPECT_FALSE(is_done);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kAllow), Duration::seconds(1)).basis, Basis::kAllowed);
  remote_.answer();
  EXPECT_TRUE(is_done);
  EXPECT_EQ(probe.basis, Basis::kCounter);
  EXPECT_EQ(store_.stats().state, BreakerState::kClosed);
}

TEST_F(FallbackStoreTest, CallsUnderWayAreKeptApart) {
  remote_.holds_back = true;
  struct Call {
    Charge charge;
    ChargeGroup group;
    bool is_done = false;
  };
  std::deque<Call> calls(50);
  for (int round = 0; round < 2; ++round) {
    for (size_t i = 0; i < calls.size(); ++i) {
      remote_.is_down = i % 10 == 0;  // too few to open the breaker
      calls[i].charge = on("k", window_, OnStoreFailure::kAllow, Mode::kEnforce, 0);
      calls[i].group = {{&calls[i].charge, 1}};
      calls[i].is_done = false;
      store_.charge({&calls[i].group, 1}, kNow, [&call = calls[i]] { call.is_done = true; });
    }
    for (size_t i = 0; i < calls.size(); ++i) {
      EXPECT_FALSE(calls[i].is_done);
      remote_.answer();
      EXPECT_TRUE(calls[i].is_done);
      EXPECT_EQ(calls[i].charge.basis, i % 10 == 0 ? Basis::kAllowed : Basis::kCounter);
    }
  }
  EXPECT_EQ(store_.stats().failures, 10U);
}

TEST_F(FallbackStoreTest, WhoeverIsToldMayAskAgainAtOnce) {
  remote_.is_down = true;
  Charge first = on("k", window_, OnStoreFailure::kLocal);
  Charge second = on("k", window_, OnStoreFailure::kLocal);
  ChargeGroup one = {{&first, 1}};
  ChargeGroup two = {{&second, 1}};
  bool is_done = false;
  store_.charge({&one, 1}, kNow, [&] { store_.charge({&two, 1}, kNow, [&] { is_done = true; }); });
  EXPECT_TRUE(is_done);
  EXPECT_EQ(first.decision.remaining, 9U);
  EXPECT_EQ(second.decision.remaining, 8U);
}

TEST_F(FallbackStoreTest, HoldsGoBackToWhereTheyWereGiven) {
  const Charge there = ask(on("k", holds_, OnStoreFailure::kLocal));
  remote_.is_down = true;
  const Charge here = ask(on("k", holds_, OnStoreFailure::kLocal));
  ASSERT_TRUE(there.decision.hold.is_set());
  ASSERT_TRUE(here.decision.hold.is_set());
  EXPECT_EQ(release(there.decision.hold), ReleaseResult::kUnavailable);
  EXPECT_EQ(release(here.decision.hold), ReleaseResult::kReleased);
  EXPECT_EQ(left_here("k", holds_), 4U);
  remote_.is_down = false;
  EXPECT_EQ(release(there.decision.hold), ReleaseResult::kReleased);
  EXPECT_EQ(release(there.decision.hold), ReleaseResult::kUnknown);
  EXPECT_EQ(release(here.decision.hold), ReleaseResult::kUnknown) << "once";
  EXPECT_EQ(left(*remote_.counters, "k", holds_), 4U);
}

TEST_F(FallbackStoreTest, ResetForgetsInBothPlaces) {
  ask(on("k", window_, OnStoreFailure::kLocal));
  remote_.is_down = true;
  ask(on("k", window_, OnStoreFailure::kLocal));
  EXPECT_EQ(reset("k"), ResetResult::kUnavailable) << "the remote counter may be there still";
  EXPECT_EQ(left_here("k", window_), 10U);
  ask(on("k", window_, OnStoreFailure::kLocal));
  remote_.is_down = false;
  EXPECT_EQ(reset("k"), ResetResult::kForgotten);
  EXPECT_EQ(left_here("k", window_), 10U);
  EXPECT_EQ(left(*remote_.counters, "k", window_), 10U);
  EXPECT_EQ(reset("k"), ResetResult::kNotThere);
  remote_.is_down = true;
  ask(on("k", window_, OnStoreFailure::kLocal));
  remote_.is_down = false;
  EXPECT_EQ(reset("k"), ResetResult::kForgotten) << "it was here alone";
}

TEST_F(FallbackStoreTest, ResetsAndReleasesCountForTheBreakerToo) {
  remote_.is_down = true;
  for (int i = 0; i < 3; ++i) reset("k");
  for (int i = 0; i < 2; ++i) release(HoldId{.bytes = {1}});
  EXPECT_EQ(store_.stats().state, BreakerState::kOpen);
  EXPECT_EQ(store_.stats().failures, 5U);
}

TEST_F(FallbackStoreTest, AsksAtOnceWhenTheConnectionIsBack) {
  remote_.is_down = true;
  for (int i = 0; i < 5; ++i) ask(on("k", window_, OnStoreFailure::kAllow));
  EXPECT_EQ(store_.stats().state, BreakerState::kOpen);
  remote_.is_down = false;
  remote_.calls = 0;
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kAllow)).basis, Basis::kAllowed);
  EXPECT_EQ(remote_.calls, 0);
  store_.end_wait(kNow);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kAllow)).basis, Basis::kCounter);
  EXPECT_EQ(store_.stats().state, BreakerState::kClosed);
}

TEST_F(FallbackStoreTest, NoGroupsAreNoCall) {
  bool is_done = false;
  store_.charge({}, kNow, [&] { is_done = true; });
  EXPECT_TRUE(is_done);
  EXPECT_EQ(remote_.calls, 0);
}

TEST_F(FallbackStoreTest, TicksTheRemoteStoreAndMovesItsClock) {
  remote_.is_down = true;
  store_.tick(kNow + Duration::seconds(10));
  EXPECT_EQ(remote_.ticks, 1);
  for (int i = 0; i < 5; ++i) ask(on("k", window_, OnStoreFailure::kAllow));
  EXPECT_EQ(store_.breaker().state(), BreakerState::kOpen);
  EXPECT_EQ(store_.breaker().since(), kNow + Duration::seconds(10));
}

TEST_F(FallbackStoreTest, AllocatesNothingOnceItHasSeenAsMuch) {
  std::vector<Charge> charges;
  const std::vector<std::string> keys = {"a", "b", "c", "d"};
  for (const std::string& key : keys) charges.push_back(on(key, bucket_, OnStoreFailure::kLocal));
  std::vector<ChargeGroup> groups = {{std::span(charges).first(3)}, {std::span(charges).last(1)}};
  instances_ = 2;
  told_.reserve(10);
  const auto call = [&] {
    for (Charge& charge : charges) charge.basis = Basis::kCounter;
    store_.charge(groups, kNow, [] {});
  };
  for (const bool is_down : {false, true}) {  // the last of these find the breaker open
    remote_.is_down = is_down;
    call();
    const size_t before = allocations;
    for (int i = 0; i < 10; ++i) call();
    EXPECT_EQ(allocations, before) << is_down;
  }
  EXPECT_EQ(store_.stats().state, BreakerState::kOpen);
}

}  // namespace
}  // namespace rateguard
