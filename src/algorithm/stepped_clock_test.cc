// Windows of the calendar while the wall clock is set forward and back (docs/decisions/0021).
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "algorithm/calendar.h"
#include "algorithm/fixed_window.h"
#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Duration kHour = Duration::seconds(3'600);
constexpr Duration kDay = Duration::seconds(86'400);
constexpr Instant kMidnight = Instant::from_seconds(1'700'006'400);  // 2023-11-15 00:00 UTC

// Two clocks as net/clock.h has them, but for the slow loss of what the counters' time is ahead.
class TwoClocks {
 public:
  explicit TwoClocks(Instant start) : counted_(start), wall_(start) {}

  Now now() const { return {counted_, counted_ - wall_}; }
  void advance(Duration duration) {
    counted_ = counted_ + duration;
    wall_ = wall_ + duration;
  }
  void step(Duration by) {
    wall_ = wall_ + by;
    counted_ = std::max(counted_, wall_);
  }

 private:
  Instant counted_;
  Instant wall_;
};

// One counter of 10 a day in UTC.
class DayCounter {
 public:
  Decision take(uint64_t cost, Now now) {
    Decision decision;
    state_ = evaluate(state_, limit_, {cost}, now, decision);
    return decision;
  }
  // Takes what is left, and says how much that was.
  uint64_t take_all(Now now) {
    const uint64_t left = take(0, now).remaining;
    return left != 0 && take(left, now).allowed() ? left : 0;
  }

 private:
  Limit limit_ = *Limit::calendar_window(10, Anchor::kDay, nullptr);
  State state_ = {};
};

TEST(SteppedClock, ADayEndsAtMidnightByTheWallClockAfterAStepThatIsTakenBack) {
  for (const Duration step : {Duration::seconds(90), Duration::seconds(300), kHour, Duration{} - kHour}) {
    TwoClocks clocks(kMidnight + kHour * 12);
    DayCounter counter;
    clocks.step(step);
    clocks.advance(Duration::seconds(3));
    clocks.step(Duration{} - step);
    EXPECT_EQ(counter.take_all(clocks.now()), 10U);
    const Duration until_midnight = kMidnight + kDay - clocks.now().wall();
    EXPECT_EQ(counter.take(1, clocks.now()).retry_after, until_midnight);
    clocks.advance(until_midnight - Duration{1});
    EXPECT_FALSE(counter.take(1, clocks.now()).allowed());
    clocks.advance(Duration{1});
    EXPECT_TRUE(counter.take(10, clocks.now()).allowed()) << step.us;
  }
}

TEST(SteppedClock, GoingToAndFroOverMidnightOpensTheNextDayOnce) {
  TwoClocks clocks(kMidnight + kHour * 23);
  DayCounter counter;
  uint64_t taken = counter.take(4, clocks.now()).allowed() ? 4 : 0;
  for (int i = 0; i < 100; ++i) {
    clocks.step(kHour * 2);
    taken += counter.take(i % 3, clocks.now()).allowed() ? i % 3 : 0;
    clocks.step(Duration{} - kHour * 2);
    taken += counter.take(i % 2, clocks.now()).allowed() ? i % 2 : 0;
  }
  EXPECT_EQ(taken, 4U + 10U);
  // What was taken early is missing when the day really begins.
  clocks.advance(kHour * 2);
  EXPECT_EQ(counter.take_all(clocks.now()), 0U);
  clocks.advance(kDay);
  EXPECT_EQ(counter.take_all(clocks.now()), 10U);
}

TEST(SteppedClock, AYearForwardAndBackLocksNobodyOutForMoreThanADay) {
  TwoClocks clocks(kMidnight + kHour * 12);
  DayCounter counter;
  EXPECT_EQ(counter.take_all(clocks.now()), 10U);
  clocks.step(kDay * 365);
  EXPECT_EQ(counter.take_all(clocks.now()), 10U);
  clocks.step(Duration{} - kDay * 365);
  const Decision refused = counter.take(1, clocks.now());
  EXPECT_FALSE(refused.allowed());
  EXPECT_LE(refused.retry_after, kDay);
  clocks.advance(refused.retry_after);
  EXPECT_EQ(counter.take_all(clocks.now()), 10U);
}

TEST(SteppedClock, AChargeAfterAFarStepBackLastsNoLongerThanAWindow) {
  TwoClocks clocks(kMidnight);
  DayCounter counter;
  clocks.step(kDay * 365);
  EXPECT_TRUE(counter.take(9, clocks.now()).allowed());
  clocks.step(Duration{} - kDay * 365);
  const Decision last = counter.take(1, clocks.now());
  EXPECT_TRUE(last.allowed());
  EXPECT_LE(last.reset_after, kDay);
  EXPECT_LE(counter.take(1, clocks.now()).retry_after, kDay);
}

TEST(SteppedClock, EachStepAndEachMidnightOpensAtMostOneWindow) {
  EXPECT_TRUE(rc::check("10 for each, and what was told as a wait admits", [] {
    TwoClocks clocks(kMidnight + kDay * 1000 + kHour * *rc::gen::inRange(0, 24));
    DayCounter counter;
    uint64_t windows = 1;
    uint64_t taken = 0;
    for (const auto& [kind, minutes] : *rc::gen::container<std::vector<std::pair<uint8_t, uint16_t>>>(
             rc::gen::pair(rc::gen::inRange<uint8_t>(0, 4), rc::gen::inRange<uint16_t>(1, 6'000)))) {
      const Duration span = Duration::seconds(int64_t{minutes} * 60);
      if (kind <= 1) {
        windows += (clocks.now().wall() + span).us / kDay.us - clocks.now().wall().us / kDay.us;
        // What expires between two midnights was charged before a step, which is counted.
        clocks.advance(span);
      } else {
        clocks.step(kind == 2 ? span : Duration{} - span);
        ++windows;
      }
      taken += counter.take_all(clocks.now());
      RC_ASSERT(taken <= 10 * windows);
      const Decision refused = counter.take(1, clocks.now());
      RC_ASSERT(!refused.allowed() && refused.retry_after > Duration{} && refused.retry_after <= kDay);
      TwoClocks later = clocks;
      later.advance(refused.retry_after);
      DayCounter waited = counter;
      RC_ASSERT(waited.take(1, later.now()).allowed());
    }
  }));
}

}  // namespace
}  // namespace rateguard::algorithm
