#include "algorithm/wide_bucket.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "algorithm/bucket.h"
#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);
constexpr uint64_t kDollar = 1'000'000'000;  // in nano-dollars
constexpr Duration kDay = Duration::seconds(86'400);

class WideBuckets : public testing::TestWithParam<Algorithm> {
 protected:
  static Limit limit(uint64_t capacity, Rate rate) { return make_limit(GetParam(), capacity, rate).value(); }
};

TEST_P(WideBuckets, MoneyIsCountedToTheNanoDollar) {
  TestCounter counter(limit(10 * kDollar, {.units = 50 * kDollar, .period = kDay}));
  EXPECT_EQ(counter.decide({10 * kDollar - 1}, kStart).remaining, 1U);
  EXPECT_FALSE(counter.decide({2}, kStart).allowed());
  EXPECT_TRUE(counter.decide({1}, kStart).allowed());
  // 50 dollars a day are 15,625 nano-dollars in 27 milliseconds.
  EXPECT_EQ(counter.look({15'625}, kStart).retry_after, Duration::millis(27));
  EXPECT_EQ(counter.look({0}, kStart + Duration::millis(26)).remaining, 15'046U);
  EXPECT_EQ(counter.decide({15'625}, kStart + Duration::millis(27)).remaining, 0U);
  EXPECT_EQ(counter.look({10 * kDollar}, kStart + Duration::millis(27)).retry_after.us, 17'280'000'000);
}

TEST_P(WideBuckets, NothingIsLostHoweverOftenTheyAreAsked) {
  constexpr uint64_t kRate = kRateUnitsMax;
  TestCounter counter(limit(kUnitsMax, {.units = kRate, .period = kDay}));
  counter.decide({kUnitsMax}, kStart);
  uint64_t admitted = 0;
  for (int64_t s = 1; s <= 86'400; ++s) {
    const Instant now = kStart + Duration::seconds(s);
    const uint64_t left = counter.look({0}, now).remaining;
    if (counter.decide({left}, now).allowed()) admitted += left;
  }
  EXPECT_EQ(admitted, kRate);
}

TEST_P(WideBuckets, AnEditAcross32BitsKeepsWhatWasUsed) {
  const Rate rate = {.units = 7'000, .period = Duration::seconds(3)};
  const Limit narrow = limit(UINT32_MAX, rate);
  const Limit wide = limit(uint64_t{UINT32_MAX} + 1, rate);
  for (const auto& [from, to] : {std::pair(narrow, wide), std::pair(wide, narrow)}) {
    TestCounter counter(from);
    counter.decide({1'000'000}, kStart);
    const Instant later = kStart + Duration{1'500'001};
    const Duration before = counter.look({0}, later).reset_after;
    counter.edit(to);
    EXPECT_EQ(counter.look({0}, later).remaining, to.capacity - 996'500);
    EXPECT_EQ(counter.decide({1}, later).remaining, to.capacity - 996'501);
    counter.decide({1, Movement::kGiveBack}, later);
    EXPECT_EQ(counter.look({0}, later).reset_after, before);
  }
}

TEST_P(WideBuckets, AreForgottenWhenTheyAreFullAtTheLatestTwiceAsLateAsTheyAre) {
  TestCounter counter(limit(10 * kDollar, {.units = 50 * kDollar, .period = kDay}));
  const Duration whole = counter.decide({3 * kDollar}, kStart).reset_after;
  EXPECT_GE(counter.expires(), kStart + whole);
  EXPECT_LT(counter.expires(), kStart + whole * 2);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, WideBuckets,
                         testing::Values(Algorithm::kTokenBucket, Algorithm::kGcra, Algorithm::kLeakyBucket),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST(WideBucket, AStateHoldsEveryFigureItCanHave) {
  EXPECT_TRUE(rc::check("read(write()) is the same", [] {
    const WideBucket bucket = {.anchor = {*rc::gen::inRange<int64_t>(0, Instant::max().us)},
                               .fraction = *rc::gen::inRange<uint64_t>(0, kRateUnitsMax),
                               .used = *rc::gen::inRange<uint64_t>(1, kUnitsMax + 1)};
    const Duration lasts = {*rc::gen::inRange<int64_t>(1, (int64_t{1} << kWideExponentMax) + 1)};
    const State state = bucket.write(Algorithm::kLeakyBucket, lasts);
    const WideBucket read = WideBucket::read(state);
    RC_ASSERT(read.anchor == bucket.anchor);
    RC_ASSERT(read.fraction == bucket.fraction);
    RC_ASSERT(read.used == bucket.used);
    RC_ASSERT(state.algorithm == wide_tag(Algorithm::kLeakyBucket));
    RC_ASSERT(expires_at(state) >= bucket.anchor + lasts);
    RC_ASSERT(expires_at(state) - bucket.anchor < lasts * 2 || lasts.us == 1);
  }));
}

// What fits 32 bits is decided the same in either form.
TEST(WideBucket, DecidesAsTheOtherForm) {
  EXPECT_TRUE(rc::check("decisions", [] {
    const Limit limit = pick_limit(*rc::gen::element(Algorithm::kTokenBucket, Algorithm::kLeakyBucket));
    RC_PRE(!is_wide(limit));
    CallMaker maker(limit, Steps::kAlsoBack);
    State wide = {};
    TestCounter counter(limit);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = maker.cost(call);
      wide = evaluate_wide(wide, limit, cost, now, last);
      RC_ASSERT(counter.decide(cost, now) == last);
    }
  }));
}

}  // namespace
}  // namespace rateguard::algorithm
