// What a leased limit decides and tells while units are taken and given back, against the plain store.
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <vector>

#include "store/lease/lease_fixture.h"

namespace rateguard {
namespace {

using lease::FakeRemote;
using lease::kDay;
using lease::SingleCharge;

// Above 0: to be taken; below: given back.
using Units = int;

Cost cost_of(Units units) {
  return units >= 0 ? Cost{static_cast<uint64_t>(units)} : Cost{static_cast<uint64_t>(-units), Movement::kGiveBack};
}

// A limit of 100 as one caller finds it, leased and plain, at one instant.
struct Both {
  explicit Both(const Limit& configured)
      : limit(configured), terms(lease_terms(configured, LeaseOptions().life_max).value()) {}

  Decision leased(Units units) {
    Charge charge = {
        .key = "key", .limit = &limit, .cost = cost_of(units), .terms = {.consistency = Consistency::kLease}};
    ChargeGroup group{std::span(&charge, 1)};
    bool is_done = false;
    store.charge({&group, 1}, remote.now, [&is_done] { is_done = true; });
    RC_ASSERT(is_done);
    return charge.decision;
  }
  Decision plain(Units units) {
    Charge charge = {.key = "key", .limit = &terms.charged, .cost = cost_of(units)};
    counters->charge({std::span(&charge, 1)}, remote.now);
    return charge.decision;
  }

  Limit limit;
  LeaseTerms terms;
  FakeRemote remote;
  std::unique_ptr<MemoryStore> local = MemoryStore::create({.max_keys = 10}).value();
  std::unique_ptr<MemoryStore> counters = MemoryStore::create({.max_keys = 10}).value();
  LeaseStore store{remote, *local, {.now = [this] { return remote.now; }}};
};

// A few units of a wallet may be lost to a larger one: then it has less left than the plain store.
void expect_what_is_told(const Limit& limit, const std::vector<Units>& all) {
  Both both(limit);
  uint64_t told = both.leased(0).remaining;
  for (const Units units : all) {
    const Decision leased = both.leased(units);
    RC_ASSERT(leased.allowed() == (units <= static_cast<Units>(told)));
    if (!leased.allowed()) RC_ASSERT(leased.remaining == told);
    told = leased.remaining;
    const Decision plain = both.plain(leased.allowed() ? units : 0);
    RC_ASSERT(plain.allowed());
    RC_ASSERT(told <= plain.remaining);
  }
}

std::vector<Units> any_movements() {
  return *rc::gen::container<std::vector<Units>>(
      rc::gen::oneOf(rc::gen::inRange(0, 4), rc::gen::inRange(-120, 120), rc::gen::inRange(40, 101)));
}

RC_GTEST_PROP(LeaseMovements, WhatAWindowSaysRemainsIsAdmittedAndNoMoreThanThePlainStoreDoes, ()) {
  expect_what_is_told(Limit::fixed_window(100, kDay).value(), any_movements());
}

RC_GTEST_PROP(LeaseMovements, WhatABucketSaysRemainsIsAdmittedAndNoMoreThanThePlainStoreDoes, ()) {
  expect_what_is_told(Limit::token_bucket(100, {100, kDay}).value(), any_movements());
}

RC_GTEST_PROP(LeaseMovements, WhatALogSaysRemainsIsAdmittedAndNoMoreThanThePlainStoreDoes, ()) {
  expect_what_is_told(Limit::sliding_window_log(100, kDay).value(), any_movements());
}

TEST(LeaseMovementsTest, WhatRemainsIsAdmittedThoughPartOfItIsInTheWallet) {
  Both both(Limit::fixed_window(100, kDay).value());
  for (const Units units : {50, -20, -100, 1}) both.leased(units);
  const Decision refused = both.leased(100);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.remaining, 99U);
  const Decision admitted = both.leased(99);
  EXPECT_TRUE(admitted.allowed());
  EXPECT_EQ(admitted.remaining, 0U);
}

TEST(LeaseMovementsTest, MoreThanWasUsedGivenBackMintsNothingThoughAWalletIsUnused) {
  Both both(Limit::fixed_window(100, kDay).value());
  for (int i = 0; i < 20; ++i) both.leased(1);
  EXPECT_EQ(both.leased(-100).remaining, 100U);
  uint64_t admitted = 0;
  for (int i = 0; i < 200; ++i) admitted += both.leased(1).allowed() ? 1 : 0;
  EXPECT_EQ(admitted, 100U);
}

class LeaseRestTest : public lease::LeaseFixture {
 protected:
  // A wallet of some units, and a check that needs it and what remains there.
  SingleCharge& ask_for_all() {
    for (int i = 0; i < 20; ++i) ask(window_);
    const uint64_t left = ask(window_, 0).decision.remaining;
    there_ = left_there(window_);
    held_ = left - there_;
    EXPECT_GT(held_, 0U);
    remote_.holds_back = true;
    SingleCharge& question = send(window_, left);
    remote_.answer();  // it does not have that much
    EXPECT_FALSE(question.is_done);
    EXPECT_EQ(remote_.costs.back(), there_);
    return question;
  }

  uint64_t there_ = 0;
  uint64_t held_ = 0;
};

TEST_F(LeaseRestTest, ComesInASecondCall) {
  const SingleCharge& question = ask_for_all();
  pass(Duration::millis(50));
  remote_.answer();
  EXPECT_TRUE(question.is_done);
  EXPECT_TRUE(question.allowed());
  EXPECT_EQ(question.charge.decision.remaining, 0U);
  EXPECT_EQ(left_there(window_), 0U);
}

TEST_F(LeaseRestTest, ThatOthersTookMeanwhileIsARefusal) {
  const SingleCharge& question = ask_for_all();
  take_elsewhere(window_, 10);
  remote_.answer();
  EXPECT_TRUE(question.is_done);
  EXPECT_FALSE(question.allowed());
  EXPECT_EQ(question.charge.decision.remaining, there_ + held_ - 10);
  EXPECT_GT(question.charge.decision.retry_after, Duration{});
}

TEST_F(LeaseRestTest, ThatComesAfterTheWalletsEndIsNotEnough) {
  const SingleCharge& question = ask_for_all();
  pass(Duration::millis(97));
  remote_.answer();
  EXPECT_FALSE(question.is_done) << "it is asked for whole";
  remote_.answer();
  EXPECT_TRUE(question.is_done);
  EXPECT_FALSE(question.allowed()) << "the wallet's units are used up";
}

TEST_F(LeaseRestTest, IsLostWithTheWalletWhenTheCounterIsReset) {
  const SingleCharge& question = ask_for_all();
  store_.forget("key");
  remote_.answer();
  EXPECT_FALSE(question.is_done);
  remote_.answer();
  EXPECT_TRUE(question.is_done);
  EXPECT_FALSE(question.allowed());
}

}  // namespace
}  // namespace rateguard
