#include "algorithm/sliding_window_counter.h"

#include <gtest/gtest.h>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kMinute = Instant::from_seconds(1'700'000'040);  // a whole minute since the epoch

Instant at(int64_t seconds) {
  return kMinute + Duration::seconds(seconds);
}

TEST(SlidingWindowCounter, WeighsThePreviousWindow) {
  TestCounter counter(*Limit::sliding_window_counter(100, Duration::seconds(60)));
  counter.decide({80}, at(30));
  // 15 s into the next window three quarters of it still count.
  EXPECT_EQ(counter.look({0}, at(75)).remaining, 40U);
  EXPECT_TRUE(counter.look({40}, at(75)).allowed());
  const Decision refused = counter.look({41}, at(75));
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.retry_after.us, 750'000);  // 59/80 of the minute remain: from 75.75 s
}

TEST(SlidingWindowCounter, ALimitOfOneAdmits) {
  TestCounter counter(*Limit::sliding_window_counter(1, Duration::seconds(60)));
  EXPECT_TRUE(counter.decide({1}, at(10)).allowed());
  const Decision refused = counter.decide({1}, at(20));
  EXPECT_FALSE(refused.allowed());
  // A single unit weighs something until the next window is over.
  EXPECT_EQ(refused.retry_after, Duration::seconds(100));
  EXPECT_TRUE(counter.decide({1}, at(120)).allowed());
}

TEST(SlidingWindowCounter, TheWaitMayEndInTheNextWindow) {
  TestCounter counter(*Limit::sliding_window_counter(10, Duration::seconds(60)));
  counter.decide({10}, at(0));
  EXPECT_EQ(counter.look({4}, at(1)).retry_after, Duration::seconds(59 + 24));
  EXPECT_EQ(counter.look({10}, at(1)).retry_after, Duration::seconds(119));
}

TEST(SlidingWindowCounter, ARefusedFloodDoesNotPinTheCount) {
  TestCounter counter(*Limit::sliding_window_counter(10, Duration::seconds(60)));
  counter.decide({10}, at(0));
  for (int64_t s = 1; s < 120; ++s) counter.decide({10}, at(s));
  EXPECT_EQ(counter.look({0}, at(120)).remaining, 10U);
}

TEST(SlidingWindowCounter, ForgetsAfterTwoWindows) {
  TestCounter counter(*Limit::sliding_window_counter(10, Duration::seconds(60)));
  EXPECT_EQ(counter.decide({3}, at(50)).reset_after, Duration::seconds(70));
  EXPECT_EQ(counter.expires(), at(120));
}

TEST(SlidingWindowCounter, NoWindowOfTheEpochAdmitsMoreThanTheLimit) {
  EXPECT_TRUE(rc::check("so no period admits more than twice the limit", [] {
    const Limit limit = pick_limit(Algorithm::kSlidingWindowCounter);
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kForward);
    Decision last = {};
    Instant start = {-1};
    uint64_t admitted = 0;
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = maker.cost(call);
      last = counter.decide(cost, now);
      const Instant window = epoch_window(now, limit.period()).start;
      if (window != start) admitted = 0;
      start = window;
      if (last.allowed()) admitted += cost.units;
      RC_ASSERT(admitted <= limit.capacity);
    }
  }));
}

}  // namespace
}  // namespace rateguard::algorithm
