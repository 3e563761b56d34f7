#include "store/lease/lease_terms.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard {
namespace {

constexpr Duration kLife = Duration::millis(100);
constexpr Duration kSecond = Duration::seconds(1);
constexpr Duration kDay = Duration::seconds(86'400);

TEST(LeaseTerms, ABucketIsNarrowerByWhatComesBackInAWalletsLife) {
  const auto terms = lease_terms(Limit::token_bucket(100, {100, kSecond}).value(), kLife);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->charged, Limit::token_bucket(90, {100, kSecond}).value());
  EXPECT_EQ(terms->life, kLife);
  EXPECT_EQ(lease_terms(Limit::gcra(100, {5, Duration::seconds(60)}).value(), kLife)->charged,
            Limit::gcra(99, {5, Duration::seconds(60)}).value());
}

TEST(LeaseTerms, AQuickBucketHasAShortLife) {
  const auto terms = lease_terms(Limit::token_bucket(100, {10'000, kSecond}).value(), kLife);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->life, Duration{2'500});
  EXPECT_EQ(terms->charged.capacity, 75U);
}

TEST(LeaseTerms, ALogIsHeldToALongerPeriod) {
  const auto terms = lease_terms(Limit::sliding_window_log(100, kSecond).value(), kLife);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->life, Duration::millis(62));
  EXPECT_EQ(terms->charged, Limit::sliding_window_log(100, Duration::millis(1'062)).value());
}

TEST(LeaseTerms, WindowsKeepTheirLimit) {
  for (const Limit& limit :
       {Limit::fixed_window(2, kSecond).value(), Limit::fixed_window_from_first_request(2, kSecond).value(),
        Limit::sliding_window_counter(2, kSecond).value()}) {
    const auto terms = lease_terms(limit, kLife);
    ASSERT_TRUE(terms);
    EXPECT_EQ(terms->charged, limit);
    EXPECT_EQ(terms->life, kLife);
  }
}

TEST(LeaseTerms, UnitsOfAWindowEndWithIt) {
  const auto life_with = [](const Limit& limit, Duration reset_after) {
    return life_of_units(*lease_terms(limit, kLife), Decision{.reset_after = reset_after});
  };
  const Limit fixed = Limit::fixed_window(2, kSecond).value();
  const Limit counter = Limit::sliding_window_counter(2, kSecond).value();
  const Limit bucket = Limit::token_bucket(100, {100, kSecond}).value();
  EXPECT_EQ(life_with(fixed, Duration::millis(32)), Duration::millis(31));
  EXPECT_EQ(life_with(fixed, kSecond), by_slow_clock(kLife));
  EXPECT_EQ(life_with(counter, kSecond + Duration::millis(32)), Duration::millis(31));
  EXPECT_EQ(life_with(bucket, Duration::millis(32)), by_slow_clock(kLife)) << "has no window";
}

TEST(LeaseTerms, NotEveryLimitCanBeLeased) {
  EXPECT_FALSE(lease_terms(Limit::concurrency(10, kDay).value(), kLife));
  EXPECT_FALSE(lease_terms(Limit::leaky_bucket(10, {1, kSecond}).value(), kLife));
  EXPECT_FALSE(lease_terms(Limit::calendar_window(10, Anchor::kDay, nullptr).value(), kLife));
  EXPECT_FALSE(lease_terms(Limit::token_bucket(3, {1, kSecond}).value(), kLife)) << "too small";
  EXPECT_FALSE(lease_terms(Limit::token_bucket(10, {10'000, kSecond}).value(), kLife)) << "fills in 1 ms";
  EXPECT_FALSE(lease_terms(Limit::sliding_window_log(10, kPeriodMax).value(), kLife)) << "no period is longer";
  EXPECT_FALSE(lease_terms(Limit::sliding_window_log(10, Duration::millis(15)).value(), kLife));
  EXPECT_FALSE(lease_terms(Limit::fixed_window(10, Duration::millis(3)).value(), kLife));
}

TEST(LeaseTerms, NoBucketGainsByLeases) {
  const bool good = rc::check("C' + R * (t + life) <= C + R * t", [] {
    const auto number = rc::gen::oneOf(rc::gen::inRange<uint32_t>(1, 1'000), rc::gen::inRange<uint32_t>(1, UINT32_MAX));
    const Rate rate = {.units = *number, .period = Duration::millis(*rc::gen::inRange<int64_t>(1, 100'000))};
    const auto limit = Limit::token_bucket(*number, rate);
    if (!limit) return;
    const auto terms = lease_terms(*limit, kLife);
    if (!terms) return;
    using Wide = unsigned __int128;
    const Wide gained = Wide{rate.units} * static_cast<uint64_t>(terms->life.us);
    const auto period_us = static_cast<uint64_t>(rate.period.us);
    RC_ASSERT(Wide{terms->charged.capacity} * period_us + gained <= Wide{limit->capacity} * period_us);
    RC_ASSERT(terms->charged.capacity >= limit->capacity / 2);
  });
  EXPECT_TRUE(good);
}

TEST(LeaseTerms, CountsAreReconciledWithinAQuarterOfTheLimitsOwnTime) {
  EXPECT_TRUE(can_sync(Limit::token_bucket(100, {100, kSecond}).value(), kLife));
  EXPECT_FALSE(can_sync(Limit::token_bucket(30, {100, kSecond}).value(), kLife));
  EXPECT_TRUE(can_sync(Limit::sliding_window_log(1, Duration::millis(400)).value(), kLife));
  EXPECT_FALSE(can_sync(Limit::fixed_window(1, Duration::millis(399)).value(), kLife));
  EXPECT_FALSE(can_sync(Limit::calendar_window(10, Anchor::kDay, nullptr).value(), kLife));
  EXPECT_FALSE(can_sync(Limit::concurrency(10, kDay).value(), kLife));
}

TEST(LeaseTerms, ALimitThatTakesDebtIsAlwaysAsked) {
  const Limit limit = *Limit::token_bucket(1'000, {.units = 100, .period = Duration::seconds(1)})->with_overdraft();
  EXPECT_FALSE(lease_terms(limit, Duration::millis(100)));
  EXPECT_FALSE(can_sync(limit, Duration::millis(100)));
}

}  // namespace
}  // namespace rateguard
