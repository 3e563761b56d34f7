#include "store/lease/lease_store.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

#include "base/count_allocations_for_tests.h"
#include "store/lease/lease_fixture.h"

namespace rateguard {
namespace {

using lease::FakeRemote;
using lease::kDay;
using lease::kSecond;
using lease::SingleCharge;

class LeaseStoreTest : public lease::LeaseFixture {};

TEST_F(LeaseStoreTest, TheFirstCheckOfAKeyCostsWhatItAsks) {
  EXPECT_TRUE(ask(window_, 3).decision.allowed());
  EXPECT_EQ(remote_.costs, std::vector<uint64_t>{3});
}

TEST_F(LeaseStoreTest, DemandIsMetWithFewCalls) {
  EXPECT_EQ(ask_many(window_, 400), 400U);
  EXPECT_LT(remote_.calls, 15);
  store_.tick(now());
  EXPECT_GT(store_.stats().from_wallets, 385U);
}

TEST_F(LeaseStoreTest, AdmitsTheLimitHoweverMuchOthersTake) {
  take_elsewhere(window_, 300);
  EXPECT_EQ(ask_many(window_, 2'000), 700U);
  EXPECT_EQ(left_there(window_), 0U);
}

TEST_F(LeaseStoreTest, TakesAtMostHalfOfWhatRemains) {
  ask_many(window_, 400);
  const uint64_t before = left_there(window_);
  while (left_there(window_) == before) ask(window_);
  EXPECT_GE(left_there(window_), before / 2 - 1);
}

TEST_F(LeaseStoreTest, FiguresAreOfTheConfiguredLimit) {
  const Decision first = ask(bucket_).decision;
  EXPECT_EQ(first.limit, 100U);
  EXPECT_EQ(first.remaining, 89U) << "held to 90";
  EXPECT_EQ(ask_many(bucket_, 20), 20U);
  const Decision later = ask(bucket_).decision;
  EXPECT_EQ(later.limit, 100U);
  EXPECT_EQ(later.remaining, 68U) << "the wallet and what is left there";
  EXPECT_GT(later.reset_after, Duration{});
  EXPECT_EQ(ask(bucket_, 0).decision.remaining, 68U) << "a look sees the wallet too";
}

TEST_F(LeaseStoreTest, RefusalsTellTheRemoteStoresWaits) {
  EXPECT_EQ(ask_many(bucket_, 90), 90U);
  const Charge refused = ask(bucket_);
  EXPECT_FALSE(refused.decision.allowed());
  EXPECT_EQ(refused.decision.limit, 100U);
  EXPECT_EQ(refused.decision.remaining, 0U);
  EXPECT_EQ(refused.decision.retry_after, Duration::millis(10));
  pass(refused.decision.retry_after);
  EXPECT_TRUE(ask(bucket_).decision.allowed());
}

TEST_F(LeaseStoreTest, ACostAboveTheChargedLimitNeverFits) {
  EXPECT_TRUE(ask(bucket_, 91).decision.retry_after.is_never());
  EXPECT_TRUE(ask(bucket_, 90).decision.allowed());
}

TEST_F(LeaseStoreTest, UnitsEndUnused) {
  ask_many(window_, 100);
  pass(Duration::millis(97));  // by_slow_clock(100 ms) is 96.875
  const int calls = remote_.calls;
  ask(window_);
  EXPECT_EQ(remote_.calls, calls + 1);
}

TEST_F(LeaseStoreTest, UnitsEndWithTheirWindow) {
  const Limit limit = Limit::fixed_window(1'000, kSecond).value();
  pass(Duration::millis(968));  // 32 ms are left, 31 by a slow clock
  ask_many(limit, 10);
  const uint64_t left = left_there(limit);
  pass(Duration::millis(31));
  const int calls = remote_.calls;
  ask(limit);
  EXPECT_EQ(remote_.calls, calls) << "still";
  pass(Duration{500});
  ask(limit);
  EXPECT_EQ(remote_.calls, calls + 1);
  EXPECT_LT(left_there(limit), left);
}

TEST_F(LeaseStoreTest, ChecksWaitForOneCallInTheirOrder) {
  remote_.holds_back = true;
  const SingleCharge& first = send(window_, 3);
  const SingleCharge& second = send(window_, 2);
  const SingleCharge& third = send(window_, 1);
  EXPECT_EQ(remote_.held.size(), 1U);
  EXPECT_FALSE(first.is_done);
  remote_.answer();
  EXPECT_TRUE(first.is_done);
  EXPECT_FALSE(second.is_done);
  ASSERT_EQ(remote_.held.size(), 1U);
  remote_.answer();
  EXPECT_TRUE(second.is_done);
  EXPECT_TRUE(third.is_done);
  EXPECT_TRUE(remote_.held.empty());
  EXPECT_EQ(remote_.costs[0], 3U);
  EXPECT_GE(remote_.costs[1], 3U);
}

TEST_F(LeaseStoreTest, AFewOldUnitsGiveWay) {
  const auto held = [&] { return ask(window_, 0).decision.remaining - left_there(window_); };
  ask_many(window_, 64);
  const uint64_t old = held();
  pass(Duration::millis(50));
  ask(window_, old + 1);
  const uint64_t brought = held();
  ASSERT_GT(brought, old);
  pass(Duration::millis(90));
  EXPECT_EQ(held(), brought);
  pass(Duration::millis(7));
  EXPECT_EQ(held(), 0U);
}

TEST_F(LeaseStoreTest, ManyOldUnitsEndAllTogether) {
  const auto held = [&] { return ask(window_, 0).decision.remaining - left_there(window_); };
  ask_many(window_, 70);
  const uint64_t old = held();
  ASSERT_GT(old, 2U);
  pass(Duration::millis(50));
  ask(window_, left_there(window_) - 4);
  EXPECT_EQ(held(), old + 2);
  pass(Duration::millis(47));
  EXPECT_EQ(held(), 0U) << "none outlives its end";
}

TEST_F(LeaseStoreTest, ChecksOfAKnownKeyAllocateNothing) {
  pass(Duration::millis(10));  // the first report, of nothing
  ask_many(window_, 200);
  Charge leased = {.key = "key", .limit = &window_, .terms = {.consistency = Consistency::kLease}};
  Charge synced = {.key = "other", .limit = &window_, .terms = {.consistency = Consistency::kSync}};
  std::array<ChargeGroup, 2> groups = {ChargeGroup{std::span(&leased, 1)}, ChargeGroup{std::span(&synced, 1)}};
  const auto ask_both = [&] { store_.charge(groups, now(), [] {}); };
  ask_both();
  store_.tick(now());
  const uint64_t from_wallets = store_.stats().from_wallets;
  const uint64_t before = allocations;
  for (int i = 0; i < 10; ++i) ask_both();
  EXPECT_EQ(allocations, before);
  store_.tick(now());
  EXPECT_GE(store_.stats().from_wallets, from_wallets + 9);
}

TEST_F(LeaseStoreTest, ARefusedShareIsAskedForAgainAsTheCost) {
  ask_many(window_, 5);
  while (remote_.costs.back() < 3) ask(window_);
  pass(Duration::millis(97));
  ask_many(window_, 5);
  pass(Duration::millis(97));
  take_elsewhere(window_, left_there(window_) - 1);
  remote_.costs.clear();
  EXPECT_TRUE(ask(window_).decision.allowed());
  ASSERT_EQ(remote_.costs.size(), 2U);
  EXPECT_GT(remote_.costs[0], 1U);
  EXPECT_EQ(remote_.costs[1], 1U);
  EXPECT_FALSE(ask(window_).decision.allowed());
}

TEST_F(LeaseStoreTest, OneRefusalServesAllWhoWaitWithThatCost) {
  ask(window_, 999);
  pass(Duration::millis(100));
  remote_.holds_back = true;
  remote_.calls = 0;
  const SingleCharge& first = send(window_, 2);
  const SingleCharge& other = send(window_, 1);
  const SingleCharge& second = send(window_, 2);
  remote_.answer();
  EXPECT_TRUE(first.is_done);
  EXPECT_TRUE(second.is_done);
  EXPECT_FALSE(first.allowed());
  EXPECT_FALSE(second.allowed());
  remote_.answer();
  EXPECT_TRUE(other.is_done);
  EXPECT_TRUE(other.allowed());
  EXPECT_EQ(remote_.calls, 2);
}

TEST_F(LeaseStoreTest, ALateAnswerAdmitsThoseItWasAskedForOnly) {
  ask_many(window_, 20);
  pass(Duration::millis(97));
  ask_many(window_, 2);
  pass(Duration::millis(97));
  remote_.holds_back = true;
  const SingleCharge& first = send(window_);
  EXPECT_GT(remote_.costs.back(), 1U);
  pass(Duration::millis(300));
  remote_.answer();
  EXPECT_TRUE(first.is_done);
  EXPECT_TRUE(first.allowed());
  EXPECT_FALSE(send(window_).is_done) << "what it brought beyond has ended";
  remote_.answer();
}

TEST_F(LeaseStoreTest, AFailureIsEverybodysButTheWalletsOwn) {
  ask_many(window_, 18);
  Charge look = ask(window_, 0);
  const uint64_t held = look.decision.remaining - left_there(window_);
  ASSERT_GE(held, 2U);
  remote_.state = FakeRemote::State::kFails;
  EXPECT_EQ(ask(window_, held + 1).basis, Basis::kUnavailable);
  for (uint32_t i = 0; i < held; ++i) {
    const Charge charge = ask(window_);
    EXPECT_EQ(charge.basis, Basis::kCounter);
    EXPECT_TRUE(charge.decision.allowed());
  }
  EXPECT_EQ(ask(window_).basis, Basis::kUnavailable);
  remote_.holds_back = true;
  const SingleCharge& first = send(window_);
  const SingleCharge& second = send(window_, 2);
  remote_.answer();
  EXPECT_TRUE(first.is_done && second.is_done);
  EXPECT_EQ(second.charge.basis, Basis::kUnavailable);
}

TEST_F(LeaseStoreTest, DecisionsInTheRemoteStoresPlaceArePassedOn) {
  remote_.state = FakeRemote::State::kAllows;
  const Charge charge = ask(bucket_);
  EXPECT_EQ(charge.basis, Basis::kAllowed);
  EXPECT_EQ(charge.decision.limit, 100U);
  EXPECT_EQ(charge.decision.remaining, 100U);
  EXPECT_EQ(store_.stats().from_wallets, 0U);
}

TEST_F(LeaseStoreTest, AResetForgetsTheWalletAndUnitsUnderWay) {
  ask_many(window_, 18);
  auto result = ResetResult::kNotThere;
  store_.reset("key", {}, now(), [&](ResetResult r) { result = r; });
  EXPECT_EQ(result, ResetResult::kForgotten);
  remote_.costs.clear();
  EXPECT_EQ(ask(window_).decision.remaining, 999U);

  pass(Duration::millis(97));
  remote_.holds_back = true;
  const SingleCharge& question = send(window_);
  store_.forget("key");
  remote_.answer();
  EXPECT_TRUE(question.is_done);
  EXPECT_FALSE(send(window_).is_done);
  remote_.answer();
}

TEST_F(LeaseStoreTest, AnEditedLimitStartsANewCounter) {
  ask_many(window_, 18);
  const Limit raised = Limit::fixed_window(2'000, kDay).value();
  remote_.costs.clear();
  EXPECT_EQ(ask(raised).decision.limit, 2'000U);
  EXPECT_EQ(remote_.costs, std::vector<uint64_t>{1});

  pass(Duration::millis(97));
  remote_.holds_back = true;
  const SingleCharge& by_the_old = send(raised);
  const SingleCharge& by_the_new = send(window_);
  EXPECT_EQ(remote_.held.size(), 2U) << "exact while the other is under way";
  remote_.answer();
  remote_.answer();
  EXPECT_TRUE(by_the_old.is_done && by_the_new.is_done);
}

TEST_F(LeaseStoreTest, SeveralLimitsAreExactAndCountWithTheLeased) {
  EXPECT_EQ(ask_many(bucket_, 50), 50U);
  pass(Duration{1});
  std::vector<Charge> charges = {
      {.key = "key", .limit = &bucket_, .cost = {91}, .terms = {.consistency = Consistency::kLease}},
      {.key = "other", .limit = &window_, .cost = {91}},
  };
  ChargeGroup group = {charges};
  bool is_done = false;
  store_.charge({&group, 1}, now(), [&] { is_done = true; });
  EXPECT_TRUE(is_done);
  EXPECT_TRUE(charges[0].decision.retry_after.is_never()) << "held to 90 too";
  EXPECT_EQ(charges[0].decision.limit, 100U);
  EXPECT_EQ(charges[0].limit, &bucket_);
  EXPECT_EQ(charges[1].decision.remaining, 909U);
}

TEST_F(LeaseStoreTest, ManyRequestsOfOneCallAreAnsweredTogether) {
  remote_.holds_back = true;
  std::vector<Charge> charges = {
      {.key = "a", .limit = &window_, .terms = {.consistency = Consistency::kLease}},
      {.key = "b", .limit = &window_},
      {.key = "c", .limit = &window_, .terms = {.consistency = Consistency::kSync}},
  };
  std::vector<ChargeGroup> groups;
  for (Charge& charge : charges) groups.push_back({std::span(&charge, 1)});
  int done = 0;
  store_.charge(groups, now(), [&] { ++done; });
  ASSERT_EQ(remote_.held.size(), 2U);
  remote_.answer();
  EXPECT_EQ(done, 0);
  remote_.answer();
  EXPECT_EQ(done, 1);
  for (const Charge& charge : charges) EXPECT_EQ(charge.decision.remaining, 999U);
}

TEST_F(LeaseStoreTest, NothingIsAskedWhereThereIsNothing) {
  int done = 0;
  store_.charge({}, now(), [&] { ++done; });
  EXPECT_EQ(done, 1);
  EXPECT_EQ(remote_.calls, 0);
}

TEST_F(LeaseStoreTest, ACallbackMayMakeTheNextCall) {
  remote_.holds_back = true;
  Charge first = {.key = "key", .limit = &window_, .terms = {.consistency = Consistency::kLease}};
  Charge second = first;
  ChargeGroup first_group = {std::span(&first, 1)};
  ChargeGroup second_group = {std::span(&second, 1)};
  bool is_done = false;
  store_.charge({&first_group, 1}, now(), [&] { store_.charge({&second_group, 1}, now(), [&] { is_done = true; }); });
  remote_.answer();
  EXPECT_FALSE(is_done);
  remote_.answer();
  EXPECT_TRUE(is_done);
  EXPECT_EQ(second.decision.remaining, 998U);
}

TEST_F(LeaseStoreTest, MoreKeysThanThereIsRoomForAreExactUntilOthersAreIdle) {
  for (const std::string_view key : {"a", "b", "c"}) send(window_, 1, Consistency::kLease, key);
  for (int i = 0; i < 20; ++i) send(window_, 1, Consistency::kLease, "d");
  EXPECT_EQ(remote_.calls, 23);
  for (int i = 0; i < 200; ++i) pass(Duration::millis(10));
  EXPECT_EQ(store_.stats().wallets, 0U);
  for (int i = 0; i < 20; ++i) send(window_, 1, Consistency::kLease, "d");
  EXPECT_LT(remote_.calls, 33);
}

TEST_F(LeaseStoreTest, HoldsPassThrough) {
  const Limit holds = Limit::concurrency(1, kDay).value();
  const Charge held = ask(holds);
  EXPECT_TRUE(held.decision.hold.is_set());
  EXPECT_FALSE(ask(holds, 1, Consistency::kSync).decision.allowed());
  auto result = ReleaseResult::kUnknown;
  store_.release(held.decision.hold, now(), [&](ReleaseResult r) { result = r; });
  EXPECT_EQ(result, ReleaseResult::kReleased);
}

TEST_F(LeaseStoreTest, UnitsOfALeasedLimitAreGivenBackInTheRemoteStore) {
  for (int i = 0; i < 10; ++i) ask(window_, 10);
  const uint64_t before = left_there(window_);
  const uint64_t told = ask(window_, 0).decision.remaining;
  EXPECT_EQ(give_back(window_, 30, Consistency::kLease).remaining, told + 30);
  EXPECT_EQ(left_there(window_), before + 30);
}

}  // namespace
}  // namespace rateguard
