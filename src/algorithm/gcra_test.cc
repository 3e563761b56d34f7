#include "algorithm/gcra.h"

#include <gtest/gtest.h>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);

TEST(Gcra, DecidesAsATokenBucketDoes) {
  EXPECT_TRUE(rc::check("the same verdict and figures, to the bit", [] {
    const Limit bucket = pick_limit(Algorithm::kTokenBucket);
    const Limit gcra = *Limit::gcra(bucket.capacity, bucket.rate);
    TestCounter a(bucket);
    TestCounter b(gcra);
    CallMaker maker(bucket, Steps::kAlsoBack);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      last = a.decide(maker.cost(call), now);
      RC_ASSERT(b.decide(maker.cost(call), now) == last);
      RC_ASSERT(a.expires() == b.expires());
    }
  }));
}

TEST(Gcra, DecidesAsATokenBucketDoesWhenTheCapacityIsEdited) {
  EXPECT_TRUE(rc::check("whatever the order of edits and calls", [] {
    const Limit bucket = pick_limit(Algorithm::kTokenBucket);
    TestCounter a(bucket);
    TestCounter b(*Limit::gcra(bucket.capacity, bucket.rate));
    CallMaker maker(bucket, Steps::kForward);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      if (call.amount % 3 == 0) {
        const auto edited = Limit::token_bucket(1 + call.amount % 50, bucket.rate);
        if (!edited) continue;
        a.edit(*edited);
        b.edit(*Limit::gcra(edited->capacity, edited->rate));
      }
      const Instant now = maker.step(call, last);
      last = a.decide(maker.cost(call), now);
      RC_ASSERT(b.decide(maker.cost(call), now) == last);
    }
  }));
}

// A rate of one unit per whole number of microseconds leaves no fraction, so that the two agree through edits of the
// rate too.
TEST(Gcra, DecidesAsATokenBucketDoesWhenTheRateIsEdited) {
  EXPECT_TRUE(rc::check("whole microseconds per unit, below 19 hours in all", [] {
    const auto rate = [](uint32_t amount) { return Rate{.units = 1, .period = Duration::millis(1 + amount % 900)}; };
    Limit bucket = *Limit::token_bucket(30, rate(0));
    TestCounter a(bucket);
    TestCounter b(*Limit::gcra(bucket.capacity, bucket.rate));
    CallMaker maker(bucket, Steps::kForward);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      if (call.amount % 3 == 0) {
        bucket = *Limit::token_bucket(30, rate(call.amount));
        a.edit(bucket);
        b.edit(*Limit::gcra(bucket.capacity, bucket.rate));
      }
      const Instant now = maker.step(call, last);
      last = a.decide(maker.cost(call), now);
      RC_ASSERT(b.decide(maker.cost(call), now) == last);
    }
  }));
}

TEST(Gcra, StoresTheTheoreticalArrivalTime) {
  const Limit limit = *Limit::gcra(10, {.units = 3});
  const State one = evaluate({}, limit, {1}, kStart).next;
  EXPECT_EQ(static_cast<int64_t>(one.time_us), kStart.us + 333'333);
  EXPECT_EQ(uint32_t{one.x}, 1U);
  const State two = evaluate(one, limit, {2}, kStart + Duration{100}).next;
  EXPECT_EQ(static_cast<int64_t>(two.time_us), kStart.us + 1'000'000);
  EXPECT_EQ(uint32_t{two.x}, 0U);
}

TEST(Gcra, AnEditedRateGivesNoPartOfAMicrosecondAway) {
  TestCounter counter(*Limit::gcra(3, {.units = 3}));
  counter.decide({3}, kStart);
  // One unit was back at 333333 1/3; three are owed from there.
  counter.decide({1}, kStart + Duration{400'000});
  counter.edit(*Limit::gcra(3, {.units = 1}));
  EXPECT_EQ(counter.look({1}, kStart + Duration{400'000}).retry_after.us, 1'333'334 - 400'000);
}

// Clamping the TAT to now less the tolerance, instead of to now, would allow nearly two bursts.
TEST(Gcra, IdlingSavesUpOneBurstOnly) {
  TestCounter counter(*Limit::gcra(10, {.units = 1}));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(counter.decide({1}, kStart).allowed());
  EXPECT_FALSE(counter.decide({1}, kStart).allowed());
  const Instant later = kStart + Duration::seconds(1'000);
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(counter.decide({1}, later).allowed());
  EXPECT_FALSE(counter.decide({1}, later).allowed());
  EXPECT_FALSE(counter.decide({1}, later + Duration{999'999}).allowed());
  EXPECT_TRUE(counter.decide({1}, later + Duration{1'000'000}).allowed());
}

TEST(PackedSpan, IsExactBelowNineteenHoursAndNeverLonger) {
  EXPECT_TRUE(rc::check("round trip", [] {
    const int bits = *rc::gen::inRange(1, 51);
    const uint64_t us = *rc::gen::inRange<uint64_t>(0, uint64_t{1} << bits);
    State state = {};
    stamp(state, Algorithm::kGcra, kStart, PackedSpan::from(us).extra());
    state.z = PackedSpan::from(us).z();
    const PackedSpan read = PackedSpan::read(state);
    RC_ASSERT(read.us() <= us);
    RC_ASSERT(us < read.next_us());
    if (us < uint64_t{1} << 36) RC_ASSERT(read.us() == us);
    RC_ASSERT(us - read.us() <= us >> 35);
  }));
}

}  // namespace
}  // namespace rateguard::algorithm
