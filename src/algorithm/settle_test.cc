// What holds for use that is charged after the fact, and for what is given back.
#include "algorithm/settle.h"

#include <gtest/gtest.h>

#include <string>

#include "algorithm/reference_model_testing.h"
#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);  // a midnight

Cost whole(uint64_t units) {
  return {units, Movement::kTakeWhole};
}
Cost back(uint64_t units) {
  return {units, Movement::kGiveBack};
}

// Algorithms that take debt.
constexpr Algorithm kIndebted[] = {Algorithm::kTokenBucket, Algorithm::kGcra, Algorithm::kFixedWindow,
                                   Algorithm::kSlidingWindowLog, Algorithm::kSlidingWindowCounter};

class EveryMovement : public testing::TestWithParam<Algorithm> {
 protected:
  // Takes, use after the fact and what is given back, in any order.
  static Cost any_cost(const CallMaker& maker, const TimedCost& call) {
    Cost cost = maker.cost(call);
    if (GetParam() == Algorithm::kConcurrency) return cost;
    constexpr Movement kMovements[] = {Movement::kTake, Movement::kTake, Movement::kTakeWhole, Movement::kGiveBack};
    cost.movement = kMovements[call.amount / 3 % 4];
    const bool in_debt = cost.movement == Movement::kTakeWhole && GetParam() != Algorithm::kLeakyBucket;
    if (cost.movement == Movement::kTakeWhole && !in_debt) cost.movement = Movement::kTake;
    return cost;
  }
};

TEST_P(EveryMovement, AnswersAsTheReferenceModelDoes) {
  EXPECT_TRUE(rc::check("equals the model", [] {
    const Limit limit = pick_limit(GetParam());
    TestCounter counter(limit);
    ReferenceLimiter model(limit);
    CallMaker maker(limit, Steps::kAlsoBack);
    Decision last = {};
    uint64_t owed_at_most = 0;
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = any_cost(maker, call);
      owed_at_most += cost.units;
      if (owed_at_most > limit.units_max()) return;  // the model has no bound
      last = counter.decide(cost, now);
      const Decision expected = model.decide(cost, now);
      if (last != expected) {
        RC_LOG() << limit << " cost " << cost.units << " movement " << static_cast<int>(cost.movement) << " at "
                 << now.us;
      }
      RC_ASSERT(last == expected);
    }
  }));
}

TEST_P(EveryMovement, WhatIsGivenBackNeverGoesAboveTheLimit) {
  EXPECT_TRUE(rc::check("remaining at most the capacity, and what was taken is there again", [] {
    const Limit limit = pick_limit(GetParam());
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kAlsoBack);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) last = counter.decide(any_cost(maker, call), maker.step(call, last));
    const uint64_t before = counter.look({0}, maker.now()).remaining;
    const uint64_t units = *gen_units();
    const Decision given = counter.decide(back(units), maker.now());
    RC_ASSERT(given.allowed());
    RC_ASSERT(given.retry_after == Duration{});
    RC_ASSERT(given.remaining >= before);
    RC_ASSERT(given.remaining <= limit.capacity);
    RC_ASSERT(given.remaining - before <= units);
    RC_ASSERT(counter.look({0}, maker.now()) == given);
  }));
}

TEST_P(EveryMovement, AskingLeavesTheStateAsItWas) {
  EXPECT_TRUE(rc::check("bit-identical, and refused while nothing is left", [] {
    if (GetParam() == Algorithm::kConcurrency) return;
    const Limit limit = pick_limit(GetParam());
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kAlsoBack);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) last = counter.decide(any_cost(maker, call), maker.step(call, last));
    const TestCounter before = counter;
    const Decision asked = counter.decide(whole(0), maker.now());
    RC_ASSERT(counter.same_state(before));
    RC_ASSERT(asked.allowed() == (asked.remaining != 0));
    RC_CLASSIFY(!asked.allowed());
    if (asked.allowed()) return;
    RC_ASSERT(counter.look(whole(0), maker.now() + asked.retry_after).allowed());
    RC_ASSERT(!counter.look(whole(0), maker.now() + asked.retry_after - Duration{1}).allowed());
  }));
}

INSTANTIATE_TEST_SUITE_P(All, EveryMovement, testing::ValuesIn(kEveryAlgorithm),
                         [](const auto& each) { return std::string(to_string(each.param)); });

Limit limit_of(Algorithm algorithm, uint64_t capacity) {
  return *make_limit(algorithm, capacity, {.units = capacity, .period = Duration::seconds(3'600)});
}

TEST(Settle, UseAfterTheFactIsChargedWholeAndClosesTheLimit) {
  for (const Algorithm algorithm : kIndebted) {
    TestCounter counter(limit_of(algorithm, 10));
    EXPECT_TRUE(counter.decide(whole(0), kNow).allowed());
    const Decision report = counter.decide(whole(25), kNow);
    EXPECT_TRUE(report.allowed()) << to_string(algorithm) << ": something was left before it";
    EXPECT_EQ(report.remaining, 0u);
    EXPECT_FALSE(report.debt_is_cut);
    EXPECT_FALSE(counter.decide(whole(0), kNow).allowed()) << to_string(algorithm);
    const Decision second = counter.decide(whole(5), kNow);
    EXPECT_FALSE(second.allowed()) << to_string(algorithm) << ": nothing was left before it";
    EXPECT_GT(second.retry_after, Duration{});
    EXPECT_FALSE(counter.decide({1}, kNow).allowed());
  }
}

TEST(Settle, ADebtDelaysTheNextByExactlyWhatIsOwed) {
  // Of 10 an hour, 30 are used: 21 must come back until one is left, six minutes each.
  for (const Algorithm algorithm : {Algorithm::kTokenBucket, Algorithm::kGcra}) {
    TestCounter counter(limit_of(algorithm, 10));
    counter.decide(whole(30), kNow);
    EXPECT_EQ(counter.decide(whole(0), kNow).retry_after, Duration::seconds(21 * 360)) << to_string(algorithm);
    EXPECT_EQ(counter.decide({10}, kNow).retry_after, Duration::seconds(30 * 360)) << to_string(algorithm);
    // 9 given back, 12 are to come back.
    counter.decide(back(9), kNow);
    EXPECT_EQ(counter.decide(whole(0), kNow).retry_after, Duration::seconds(12 * 360)) << to_string(algorithm);
  }
  // A window's excess ends with it; that of the sliding ones weighs on.
  for (const Algorithm algorithm : {Algorithm::kFixedWindow, Algorithm::kSlidingWindowLog}) {
    TestCounter counter(limit_of(algorithm, 10));
    counter.decide(whole(30), kNow);
    EXPECT_EQ(counter.decide(whole(0), kNow).retry_after, Duration::seconds(3'600)) << to_string(algorithm);
  }
  TestCounter counter(limit_of(Algorithm::kSlidingWindowCounter, 10));
  counter.decide(whole(30), kNow);
  EXPECT_EQ(counter.decide(whole(0), kNow).retry_after, Duration::seconds(3'600 + 2'520));
}

TEST(Settle, ADebtIsBoundedAndSaysWhenItIsCut) {
  for (const Algorithm algorithm : kIndebted) {
    const Limit limit = limit_of(algorithm, 10);
    TestCounter counter(limit);
    Decision last;
    for (int i = 0; i < 5; ++i) last = counter.decide(whole(kUnitsMax), kNow);
    EXPECT_TRUE(last.debt_is_cut) << to_string(algorithm);
    EXPECT_LE(counter.expires().us, Instant::max().us) << to_string(algorithm);
    EXPECT_LE(last.reset_after, kFillTimeMax + Duration::seconds(1)) << to_string(algorithm);
    EXPECT_GT(last.retry_after, Duration{}) << to_string(algorithm);
    EXPECT_TRUE(counter.look(whole(0), kNow + last.retry_after).allowed()) << to_string(algorithm);
  }
}

TEST(Settle, AnEditToASlowRateDoesNotStretchADebtBeyondWhatAStateHolds) {
  for (const Algorithm algorithm : {Algorithm::kTokenBucket, Algorithm::kGcra}) {
    TestCounter counter(*make_limit(algorithm, 10, {.units = UINT32_MAX, .period = Duration::seconds(1)}));
    counter.decide(whole(UINT32_MAX), kNow);
    counter.edit(*make_limit(algorithm, 1, {.units = 1, .period = Duration::seconds(365 * 86'400)}));
    const Decision given = counter.decide(back(1), kNow);
    EXPECT_LE(given.reset_after, kFillTimeMax) << to_string(algorithm);
    EXPECT_LE(counter.decide(whole(7), kNow).reset_after, kFillTimeMax) << to_string(algorithm);
  }
}

TEST(Settle, ALogInDebtStaysBounded) {
  const Limit limit = limit_of(Algorithm::kSlidingWindowLog, 10);
  WindowLog log;
  for (int64_t i = 0; i < 200'000; ++i) log.commit(limit, whole(1), kNow + Duration::millis(i * 36));  // two periods
  EXPECT_LE(log.entries(), 10u + WindowLog::kDebtEntries + 1);
}

TEST(Settle, WhatIsGivenBackReachesNoWindowThatHasEnded) {
  TestCounter fixed(limit_of(Algorithm::kFixedWindow, 10));
  fixed.decide({10}, kNow);
  const Instant next = kNow + Duration::seconds(3'600);
  fixed.decide({4}, next);
  EXPECT_EQ(fixed.decide(back(9), next).remaining, 10u);
  EXPECT_EQ(fixed.decide({10}, next).remaining, 0u);

  // The previous window weighs as it did: what it took it keeps.
  TestCounter sliding(limit_of(Algorithm::kSlidingWindowCounter, 10));
  sliding.decide({10}, kNow);
  EXPECT_EQ(sliding.decide(back(5), next).remaining, 0u);
}

TEST(Settle, WhatIsGivenBackByALogWasTakenLast) {
  const Limit limit = limit_of(Algorithm::kSlidingWindowLog, 10);
  WindowLog log;
  const Duration minute = Duration::seconds(60);
  log.commit(limit, {4}, kNow);
  log.commit(limit, {3}, kNow + minute);
  log.commit(limit, {2}, kNow + minute * 2);
  log.commit(limit, back(3), kNow + minute * 3);
  EXPECT_EQ(log.records(), (std::vector<WindowLog::Record>{{kNow, 4}, {kNow + minute, 2}}));
  EXPECT_EQ(log.expires_at(), kNow + minute + limit.period());
  log.commit(limit, back(100), kNow + minute * 3);
  EXPECT_TRUE(log.records().empty());
  EXPECT_EQ(log.expires_at(), Instant{});
}

TEST(Settle, GivingBackUnitsFreesNoHold) {
  TestCounter counter(limit_of(Algorithm::kConcurrency, 10));
  counter.decide({4}, kNow);
  const TestCounter before = counter;
  EXPECT_EQ(counter.decide(back(3), kNow).remaining, 6u);
  EXPECT_TRUE(counter.same_state(before));
}

TEST(Settle, OverdraftIsForWhatIsUsedUp) {
  EXPECT_FALSE(limit_of(Algorithm::kLeakyBucket, 10).with_overdraft());
  EXPECT_FALSE(limit_of(Algorithm::kConcurrency, 10).with_overdraft());
  for (const Algorithm algorithm : kIndebted) {
    const Limit limit = *limit_of(algorithm, 10).with_overdraft();
    EXPECT_EQ(cost_on(limit, {3}), whole(3));
    EXPECT_EQ(cost_on(limit, back(3)), back(3));
    EXPECT_EQ(cost_on(limit_of(algorithm, 10), {3}), Cost{3});
  }
}

}  // namespace
}  // namespace rateguard::algorithm
