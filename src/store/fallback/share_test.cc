#include "store/fallback/share.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard {
namespace {

constexpr Duration kDay = Duration::seconds(86'400);

TEST(Share, OfOneInstanceIsTheLimit) {
  const Limit limit = Limit::token_bucket(10, {3, Duration::seconds(7)}).value();
  EXPECT_EQ(share_of(limit, 1), limit);
  EXPECT_EQ(share_of(limit, 0), limit);
}

TEST(Share, BucketsDivideCapacityAndRate) {
  const Rate rate = {.units = 7, .period = Duration::seconds(10)};
  const Rate third = {.units = 7, .period = Duration::seconds(30)};
  EXPECT_EQ(share_of(Limit::token_bucket(10, rate).value(), 3), Limit::token_bucket(3, third).value());
  EXPECT_EQ(share_of(Limit::gcra(10, rate).value(), 3), Limit::gcra(3, third).value());
  EXPECT_EQ(share_of(Limit::leaky_bucket(10, rate).value(), 3), Limit::leaky_bucket(3, third).value());
}

TEST(Share, WindowsAndHoldsKeepTheirPeriod) {
  EXPECT_EQ(share_of(Limit::fixed_window(10, kDay).value(), 4), Limit::fixed_window(2, kDay).value());
  EXPECT_EQ(share_of(Limit::fixed_window_from_first_request(10, kDay).value(), 4),
            Limit::fixed_window_from_first_request(2, kDay).value());
  EXPECT_EQ(share_of(Limit::calendar_window(10, Anchor::kMonth, nullptr).value(), 4),
            Limit::calendar_window(2, Anchor::kMonth, nullptr).value());
  EXPECT_EQ(share_of(Limit::sliding_window_log(10, kDay).value(), 4), Limit::sliding_window_log(2, kDay).value());
  EXPECT_EQ(share_of(Limit::sliding_window_counter(10, kDay).value(), 4),
            Limit::sliding_window_counter(2, kDay).value());
  EXPECT_EQ(share_of(Limit::concurrency(10, kDay).value(), 4), Limit::concurrency(2, kDay).value());
}

TEST(Share, IsAtLeastOne) {
  EXPECT_EQ(share_of(Limit::fixed_window(3, kDay).value(), 100).capacity, 1U);
  EXPECT_EQ(share_of(Limit::concurrency(3, kDay).value(), 100).capacity, 1U);
  const Limit bucket = share_of(Limit::token_bucket(3, {1, kDay}).value(), 100);
  EXPECT_EQ(bucket.capacity, 1U);
  EXPECT_EQ(bucket.rate, (Rate{1, kDay * 100}));
}

TEST(Share, APeriodThatWouldGrowTooLongIsReducedThenRounded) {
  const Rate yearly = {.units = 1'000, .period = kPeriodMax};
  EXPECT_EQ(share_of(Limit::token_bucket(1'000, yearly).value(), 8).rate, (Rate{125, kPeriodMax}));
  EXPECT_EQ(share_of(Limit::token_bucket(1'000, yearly).value(), 7).rate, (Rate{142, kPeriodMax}));
  EXPECT_EQ(share_of(Limit::token_bucket(1'000, yearly).value(), 5'000).rate, (Rate{1, kPeriodMax}));
}

TEST(Share, OfAnyLimitIsALimitAndSharesAreNotMoreThanTheWhole) {
  const bool good = rc::check("shares", [] {
    const auto number = rc::gen::oneOf(rc::gen::inRange<uint32_t>(1, 100), rc::gen::inRange<uint32_t>(1, UINT32_MAX));
    const uint64_t capacity = *number;
    const Rate rate = {
        .units = *number,
        .period = Duration::millis(*rc::gen::oneOf(rc::gen::inRange<int64_t>(1, 10'000),
                                                   rc::gen::inRange<int64_t>(1, kPeriodMax.us / 1'000 + 1)))};
    const uint32_t instances = *rc::gen::oneOf(rc::gen::inRange<uint32_t>(1, 20), rc::gen::arbitrary<uint32_t>());
    const auto limit = Limit::token_bucket(capacity, rate);
    if (!limit) return;
    const Limit share = share_of(*limit, instances);  // ends the process where it is not within the bounds
    const auto n = std::max(instances, 1U);
    using Wide = unsigned __int128;
    if (share.capacity > 1) RC_ASSERT(uint64_t{share.capacity} * n <= capacity);
    // units / period * n, against the whole rate, both as one fraction.
    const Wide all = Wide{share.rate.units} * n * static_cast<uint64_t>(rate.period.us);
    const Wide whole = Wide{rate.units} * static_cast<uint64_t>(share.rate.period.us);
    if (share.rate.period < kPeriodMax) RC_ASSERT(all == whole);
    if (share.rate.units > 1) RC_ASSERT(all <= whole);
  });
  EXPECT_TRUE(good);
}

TEST(Share, APartOfALimitThatTakesDebtTakesDebt) {
  const Limit limit = *Limit::fixed_window(10, Duration::seconds(60))->with_overdraft();
  EXPECT_TRUE(share_of(limit, 2).overdraft);
  EXPECT_EQ(share_of(limit, 2).capacity, 5u);
}

}  // namespace
}  // namespace rateguard
