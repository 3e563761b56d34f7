#include "algorithm/bucket.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);

// Admits as much as it can at each call, one unit at a time.
uint64_t drain(TestCounter& counter, Instant now) {
  uint64_t admitted = 0;
  while (counter.decide({1}, now).allowed()) ++admitted;
  return admitted;
}

class EveryBucket : public testing::TestWithParam<Algorithm> {};

TEST_P(EveryBucket, ThreePerSecondIsThreeMillionInAMillionSeconds) {
  TestCounter counter(*make_limit(GetParam(), 3, {.units = 3}));
  EXPECT_EQ(drain(counter, kStart), 3U);
  uint64_t admitted = 0;
  // Polled often enough that the bucket is never full, at instants that are hardly ever a whole third of a second.
  constexpr int64_t kStepUs = 610'000;
  constexpr int64_t kEndUs = 1'000'000'000'000;
  for (int64_t us = kStepUs; us < kEndUs; us += kStepUs) admitted += drain(counter, kStart + Duration{us});
  admitted += drain(counter, kStart + Duration{kEndUs});
  EXPECT_EQ(admitted, 3'000'000U);
}

TEST_P(EveryBucket, SevenPerElevenMillisecondsIsExactAtEveryMicrosecond) {
  // Polled each microsecond, the k-th unit is admitted at exactly ceil(k * 11000 / 7).
  TestCounter counter(*make_limit(GetParam(), 7, {.units = 7, .period = Duration::millis(11)}));
  ASSERT_EQ(drain(counter, kStart), 7U);
  int64_t unit = 0;
  for (int64_t us = 1; us <= 110'000; ++us) {
    if (!counter.decide({1}, kStart + Duration{us}).allowed()) continue;
    ++unit;
    ASSERT_EQ(us, (unit * 11'000 + 6) / 7);
  }
  EXPECT_EQ(unit, 70);
}

TEST_P(EveryBucket, ARefusalNamesTheInstantOfTheUnitThatIsMissing) {
  TestCounter counter(*make_limit(GetParam(), 10, {.units = 3}));
  counter.decide({10}, kStart);
  const Decision refused = counter.decide({1}, kStart);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.retry_after.us, 333'334);
  EXPECT_EQ(refused.reset_after.us, 3'333'334);
  EXPECT_EQ(counter.decide({10}, kStart + Duration{1}).retry_after.us, 3'333'333);
}

TEST_P(EveryBucket, IdlingForYearsGivesOneBurst) {
  TestCounter counter(*make_limit(GetParam(), 10, {.units = 1}));
  EXPECT_EQ(drain(counter, kStart), 10U);
  EXPECT_EQ(drain(counter, kStart + Duration::seconds(300'000'000)), 10U);
}

TEST_P(EveryBucket, AFullBucketKeepsNoPartOfAUnit) {
  // A request to a full bucket half a unit after the last came back must not be followed by an early one.
  TestCounter counter(*make_limit(GetParam(), 2, {.units = 1}));
  counter.decide({1}, kStart);
  const Instant later = kStart + Duration::millis(1'500);
  EXPECT_EQ(drain(counter, later), 2U);
  EXPECT_EQ(counter.look({1}, later).retry_after, Duration::seconds(1));
}

TEST_P(EveryBucket, NoIntervalAdmitsMoreThanCapacityAndRate) {
  EXPECT_TRUE(rc::check("admitted in any interval <= capacity + rate * length", [] {
    const Limit limit = pick_limit(GetParam());
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kForward);
    struct Charge {
      Instant time;
      uint64_t total_before;
    };
    std::vector<Charge> charges;
    uint64_t total = 0;
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = maker.cost(call);
      last = counter.decide(cost, now);
      if (!last.allowed()) continue;
      charges.push_back({now, total});
      total += cost.units;
      for (const Charge& from : charges) {
        const Wide gained = product(static_cast<uint64_t>((now - from.time).us), limit.rate.units) /
                            static_cast<uint64_t>(limit.rate.period.us);
        RC_ASSERT(total - from.total_before <= limit.capacity + gained);
      }
    }
  }));
}

TEST_P(EveryBucket, ARaisedRateTakesEffectAtOnce) {
  TestCounter counter(*make_limit(GetParam(), 10, {.units = 1, .period = Duration::seconds(86'400)}));
  counter.decide({10}, kStart);
  const Instant later = kStart + Duration::millis(25);
  EXPECT_FALSE(counter.decide({1}, later).allowed());
  counter.edit(*make_limit(GetParam(), 10, {.units = 100}));
  EXPECT_EQ(counter.look({0}, later).remaining, 2U);
  EXPECT_TRUE(counter.look({2}, later).allowed());
  EXPECT_EQ(counter.look({3}, later).retry_after, Duration::millis(5));
}

TEST_P(EveryBucket, ALoweredCapacityLeavesNothingUntilEnoughIsBack) {
  TestCounter counter(*make_limit(GetParam(), 100, {.units = 10}));
  counter.decide({80}, kStart);
  counter.edit(*make_limit(GetParam(), 10, {.units = 10}));
  const Decision refused = counter.look({1}, kStart);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.remaining, 0U);
  EXPECT_EQ(refused.retry_after, Duration::millis(7'100));
  EXPECT_EQ(refused.reset_after, Duration::seconds(8));
}

TEST_P(EveryBucket, ASlowerRateIsForgottenWhenTheOldOneWouldHaveBeenWhole) {
  // 4e9 units at one a year would take longer than any instant can say.
  TestCounter counter(*make_limit(GetParam(), UINT32_MAX, {.units = UINT32_MAX}));
  counter.decide({UINT32_MAX}, kStart);
  counter.edit(*make_limit(GetParam(), 1, {.units = 1, .period = kPeriodMax}));
  const Decision refused = counter.look({1}, kStart);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.retry_after, Duration::seconds(1));
  EXPECT_TRUE(counter.look({1}, kStart + Duration::seconds(1)).allowed());
}

INSTANTIATE_TEST_SUITE_P(Buckets, EveryBucket,
                         testing::Values(Algorithm::kTokenBucket, Algorithm::kGcra, Algorithm::kLeakyBucket),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST(LeakyBucket, DelaysUntilTheWaterBeforeHasDrained) {
  // As nginx's limit_req at 10 r/s with a burst of 4: five fit, 100 ms apart.
  TestCounter counter(*Limit::leaky_bucket(5, {.units = 10}));
  for (int64_t turn = 0; turn < 5; ++turn) {
    const Decision decision = counter.decide({1}, kStart);
    EXPECT_TRUE(decision.allowed());
    EXPECT_EQ(decision.delay, Duration::millis(100 * turn));
  }
  EXPECT_FALSE(counter.decide({1}, kStart).allowed());
  EXPECT_EQ(counter.decide({1}, kStart).delay, Duration{});
  EXPECT_EQ(counter.look({1}, kStart + Duration::millis(130)).delay, Duration::millis(370));
  EXPECT_EQ(counter.look({0}, kStart).delay, Duration{});
}

TEST(LeakyBucket, TurnsAreNeverCloserThanTheRate) {
  EXPECT_TRUE(rc::check("turn(k+1) >= turn(k) + cost(k) / rate, to the microsecond", [] {
    const Limit limit = pick_limit(Algorithm::kLeakyBucket);
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kForward);
    Decision last = {};
    Instant turn = {};
    uint64_t before = 0;
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = maker.cost(call);
      last = counter.decide(cost, now);
      if (!last.allowed() || cost.units == 0) continue;
      const auto apart = static_cast<int64_t>(
          divide(product(before, static_cast<uint64_t>(limit.rate.period.us)), limit.rate.units).whole);
      RC_ASSERT(now + last.delay >= turn + Duration{apart});
      turn = now + last.delay;
      // A turn is rounded up by less than a microsecond; the next may make up for it.
      before = cost.units;
      if (limit.rate.units > 1) turn = turn - Duration{1};
    }
  }));
}

TEST(TokenBucket, CarriesTheFractionOfAMicrosecond) {
  const Limit limit = *Limit::token_bucket(3, {.units = 3});
  State state = evaluate({}, limit, {3}, kStart).next;
  state = evaluate(state, limit, {1}, kStart + Duration{400'000}).next;
  // The first unit was back a third of a second after the start, at 333333 1/3.
  EXPECT_EQ(static_cast<int64_t>(state.time_us), kStart.us + 333'333);
  EXPECT_EQ(uint32_t{state.x}, 1U);
  EXPECT_EQ(uint32_t{state.y}, 3U);
}

}  // namespace
}  // namespace rateguard::algorithm
