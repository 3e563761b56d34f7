#include "store/fallback/fallback_store.h"

#include <gtest/gtest.h>

#include <vector>

#include "store/fallback/fallback_fixture.h"

namespace rateguard {
namespace {

TEST_F(FallbackStoreTest, TheRemotesDecisionsArePassedOn) {
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
  EXPECT_EQ(left_here("shadow", window_), 9U) << "charged on its own, as always";
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

}  // namespace
}  // namespace rateguard
