#include "store/lease/synced_counters.h"

#include <gtest/gtest.h>

#include <vector>

#include "store/lease/lease_fixture.h"
#include "store/lease/lease_store.h"

namespace rateguard {
namespace {

using lease::FakeRemote;
using lease::kSecond;

class SyncedCountersTest : public lease::LeaseFixture {};

TEST_F(SyncedCountersTest, SyncedChecksDoNotAskTheRemoteStore) {
  EXPECT_EQ(ask_many(window_, 1'500, Consistency::kSync), 1'000U);
  EXPECT_EQ(remote_.calls, 0);
  pass(Duration::millis(100));
  EXPECT_EQ(remote_.costs, std::vector<uint64_t>{1'000});
  EXPECT_EQ(left_there(window_), 0U);
}

TEST_F(SyncedCountersTest, ReconcilingLearnsWhatOthersTook) {
  ask_many(window_, 100, Consistency::kSync);
  take_elsewhere(window_, 850);
  pass(Duration::millis(100));
  EXPECT_EQ(ask(window_, 1, Consistency::kSync).decision.remaining, 49U);
  EXPECT_EQ(ask_many(window_, 100, Consistency::kSync), 49U);
}

TEST_F(SyncedCountersTest, WhatTheOthersLeftNoRoomForIsOwed) {
  pass(Duration::millis(10));  // the first report, of nothing
  ask_many(bucket_, 40, Consistency::kSync);
  take_elsewhere(bucket_, 90);
  pass(Duration::millis(100));  // 20 have room: 10, and what came back
  EXPECT_EQ(remote_.costs, (std::vector<uint64_t>{40, 20}));
  EXPECT_EQ(left_there(bucket_), 0U);
  const Charge blocked = ask(bucket_, 1, Consistency::kSync);
  EXPECT_FALSE(blocked.decision.allowed());
  EXPECT_GT(blocked.decision.retry_after, Duration{});
  pass(Duration::millis(200));
  EXPECT_EQ(left_there(bucket_), 0U) << "20 more are paid";
  pass(Duration::millis(100));
  EXPECT_TRUE(ask(bucket_, 1, Consistency::kSync).decision.allowed());
}

TEST_F(SyncedCountersTest, UnreportedUnitsAreGivenBackHere) {
  ask_many(window_, 100, Consistency::kSync);
  EXPECT_EQ(give_back(window_, 30, Consistency::kSync).remaining, 930U);
  EXPECT_EQ(remote_.calls, 0);
  pass(Duration::millis(100));
  EXPECT_EQ(remote_.costs, std::vector<uint64_t>{70});
  EXPECT_EQ(left_there(window_), 930U);
}

TEST_F(SyncedCountersTest, UnitsThatWereReportedAreGivenBackThere) {
  ask_many(window_, 100, Consistency::kSync);
  pass(Duration::millis(100));
  ask_many(window_, 5, Consistency::kSync);
  EXPECT_EQ(give_back(window_, 30, Consistency::kSync).remaining, 925U) << "5 here, 25 there";
  EXPECT_EQ(left_there(window_), 925U);
  EXPECT_EQ(ask(window_, 1, Consistency::kSync).decision.remaining, 924U);
  pass(Duration::millis(100));
  EXPECT_EQ(left_there(window_), 924U);
  EXPECT_EQ(give_back(window_, 5'000, Consistency::kSync).remaining, 1'000U);
  EXPECT_EQ(left_there(window_), 1'000U);
}

TEST_F(SyncedCountersTest, ARoomierRemoteStoreRaisesTheOwnCount) {
  ask_many(window_, 500, Consistency::kSync);
  pass(Duration::millis(100));
  remote_.counters->clear();
  ask(window_, 1, Consistency::kSync);
  pass(Duration::millis(100));
  EXPECT_EQ(ask(window_, 1, Consistency::kSync).decision.remaining, 998U);
}

TEST_F(SyncedCountersTest, ACostThatNeverFitsLearnsWhatIsLeft) {
  const Decision unused = ask(window_, 1'001, Consistency::kSync).decision;
  EXPECT_TRUE(unused.retry_after.is_never());
  EXPECT_EQ(unused.remaining, 1'000U);
  ask(window_, 400, Consistency::kSync);
  EXPECT_EQ(ask(window_, 1'001, Consistency::kSync).decision.remaining, 600U) << "nobody was told of the 400";
  pass(Duration::millis(200));
  EXPECT_EQ(ask(window_, 1'001, Consistency::kSync).decision.remaining, 600U);
}

TEST_F(SyncedCountersTest, ACostThatDoesNotFitYetLearnsWhenItWill) {
  const Limit limit = Limit::fixed_window(1'000, kSecond).value();
  ask(limit, 900, Consistency::kSync);
  const Decision refused = ask(limit, 101, Consistency::kSync).decision;
  EXPECT_EQ(refused.remaining, 100U);
  EXPECT_EQ(refused.retry_after, kSecond) << "and not the interval of reports";
}

TEST_F(SyncedCountersTest, UnitsThatAreNotReportedAreNotHadAgainInTheNextWindow) {
  const Limit limit = Limit::fixed_window(1'000, kSecond).value();
  pass(Duration::millis(990));
  ask(limit, 900, Consistency::kSync);
  remote_.now = remote_.now + Duration::millis(10);
  const Decision refused = ask(limit, 101, Consistency::kSync).decision;
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.remaining, 100U);
  EXPECT_EQ(refused.retry_after, Duration::millis(100)) << "the next report";
}

TEST_F(SyncedCountersTest, WithoutTheRemoteStoreTheWholeLimitIsEnforcedHere) {
  remote_.state = FakeRemote::State::kChargesAndFails;
  EXPECT_EQ(ask_many(window_, 600, Consistency::kSync), 600U);
  pass(Duration::millis(100));
  EXPECT_EQ(ask_many(window_, 600, Consistency::kSync), 400U);
  pass(Duration::millis(100));
  EXPECT_EQ(remote_.costs, (std::vector<uint64_t>{600, 400}));
  remote_.state = FakeRemote::State::kAnswers;
  ask(window_, 1, Consistency::kSync);
  pass(Duration::millis(200));
  EXPECT_EQ(left_there(window_), 0U) << "counted once, though nobody said so";
  EXPECT_EQ(store_.stats().lost_units, 1'000U);
}

TEST_F(SyncedCountersTest, AnIdleCounterIsNotReported) {
  ask(window_, 1, Consistency::kSync);
  pass(Duration::millis(1'500));
  EXPECT_EQ(remote_.calls, 1);
  EXPECT_EQ(store_.stats().synced, 0U);
}

TEST_F(SyncedCountersTest, AReportAnsweredAfterItsOwnerIsGoneIsIgnored) {
  remote_.holds_back = true;
  {
    LeaseStore other(remote_, *local_, {.now = [this] { return now(); }});
    Charge charge = {.key = "key", .limit = &window_, .terms = {.consistency = Consistency::kSync}};
    ChargeGroup group = {std::span(&charge, 1)};
    other.charge({&group, 1}, now(), [] {});
    other.tick(now() + Duration::millis(100));
    ASSERT_EQ(remote_.held.size(), 1U);
  }
  remote_.answer();
}

}  // namespace
}  // namespace rateguard
