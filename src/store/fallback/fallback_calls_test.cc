// When the remote store is asked, and what is not a decision.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/count_allocations_for_tests.h"
#include "store/fallback/fallback_fixture.h"
#include "store/fallback/fallback_store.h"

namespace rateguard {
namespace {

using FallbackCallsTest = FallbackStoreTest;

TEST_F(FallbackCallsTest, AnOpenBreakerDecidesAtOnceAndTheRemoteIsNotAsked) {
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

TEST_F(FallbackCallsTest, ARemoteThatIsBackIsUsedAgainAfterOneProbe) {
  open_breaker();
  remote_.is_down = false;
  const Duration soon = Duration::millis(250);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon - Duration{1}).basis, Basis::kDenied);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon).basis, Basis::kCounter);
  EXPECT_EQ(ask(on("k", window_, OnStoreFailure::kDeny), soon).basis, Basis::kCounter);
  EXPECT_EQ(store_.stats().state, BreakerState::kClosed);
  EXPECT_EQ(told_, (std::vector{BreakerState::kOpen, BreakerState::kHalfOpen, BreakerState::kClosed}));
}

TEST_F(FallbackCallsTest, AProbeIsMadeWhereACallWouldBeAndCountsLikeOne) {
  int asked = 0;
  bool works = false;
  const auto ask_remote = [&](FallbackStore::Told told) {
    ++asked;
    told(works);
  };
  for (int i = 0; i < 5; ++i) store_.probe(kNow, ask_remote);
  EXPECT_EQ(store_.stats().state, BreakerState::kOpen);
  EXPECT_EQ(store_.stats().failures, 5U);
  EXPECT_EQ(store_.stats().groups, 0U) << "nobody's request was decided";
  store_.probe(kNow, ask_remote);
  EXPECT_EQ(asked, 5) << "the breaker is open";
  works = true;
  store_.probe(kNow + Duration::seconds(1), ask_remote);
  EXPECT_EQ(asked, 6);
  EXPECT_EQ(store_.stats().state, BreakerState::kClosed);
}

TEST_F(FallbackCallsTest, WhileAProbeIsUnderWayOthersAreDecidedHere) {
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

TEST_F(FallbackCallsTest, CallsUnderWayAreKeptApart) {
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

TEST_F(FallbackCallsTest, ACallbackMayMakeTheNextCall) {
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

TEST_F(FallbackCallsTest, HoldsGoBackToWhereTheyWereGiven) {
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

TEST_F(FallbackCallsTest, ResetForgetsInBothPlaces) {
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

TEST_F(FallbackCallsTest, ResetsAndReleasesCountForTheBreakerToo) {
  remote_.is_down = true;
  for (int i = 0; i < 3; ++i) reset("k");
  for (int i = 0; i < 2; ++i) release(HoldId{.bytes = {1}});
  EXPECT_EQ(store_.stats().state, BreakerState::kOpen);
  EXPECT_EQ(store_.stats().failures, 5U);
}

TEST_F(FallbackCallsTest, AsksAtOnceWhenTheConnectionIsBack) {
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

TEST_F(FallbackCallsTest, NoGroupsAreNoCall) {
  bool is_done = false;
  store_.charge({}, kNow, [&] { is_done = true; });
  EXPECT_TRUE(is_done);
  EXPECT_EQ(remote_.calls, 0);
}

TEST_F(FallbackCallsTest, TicksTheRemoteStoreAndMovesItsClock) {
  remote_.is_down = true;
  store_.tick(kNow + Duration::seconds(10));
  EXPECT_EQ(remote_.ticks, 1);
  for (int i = 0; i < 5; ++i) ask(on("k", window_, OnStoreFailure::kAllow));
  EXPECT_EQ(store_.breaker().state(), BreakerState::kOpen);
  EXPECT_EQ(store_.breaker().since(), kNow + Duration::seconds(10));
}

TEST_F(FallbackCallsTest, AllocatesNothingOnceItHasSeenAsMuch) {
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
