#include "net/clock.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard::net {
namespace {

constexpr int64_t kSecond = 1'000'000;

TEST(WallSteering, FollowsTheMonotonicClock) {
  WallSteering time(1'000 * kSecond, 5 * kSecond);
  EXPECT_EQ(time.at(5 * kSecond).us, 1'000 * kSecond);
  EXPECT_EQ(time.at(5 * kSecond + 17).us, 1'000 * kSecond + 17);
}

TEST(WallSteering, TakesAForwardStepAtOnce) {
  WallSteering time(1'000 * kSecond, 0);
  time.compare(1'000 * kSecond + 3'600 * kSecond, kSecond);
  EXPECT_EQ(time.at(kSecond).us, 1'000 * kSecond + 3'600 * kSecond);
}

TEST(WallSteering, LosesABackwardStepSlowlyAndThenAgrees) {
  WallSteering time(1'000 * kSecond, 0);
  const int64_t back = 10'000;  // the wall clock was set back by 10 ms
  int64_t steady = 0;
  int64_t last = time.at(0).us;
  for (int second = 1; second <= 60; ++second) {
    steady = second * kSecond;
    time.compare(1'000 * kSecond + steady - back, steady);
    EXPECT_GE(time.at(steady).us, last);
    last = time.at(steady).us;
  }
  EXPECT_EQ(time.at(steady).us, 1'000 * kSecond + steady - back);  // 488 us a second: gone after 21 s
}

TEST(WallSteering, NeverGoesBackEvenIfTheWallClockDoes) {
  EXPECT_TRUE(rc::check("monotonic", [] {
    WallSteering time(1'700'000'000 * kSecond, 0);
    int64_t steady = 0;
    int64_t last = time.at(0).us;
    for (const auto& [advance, wall] : *rc::gen::arbitrary<std::vector<std::pair<uint32_t, int32_t>>>()) {
      steady += advance % (3 * kSecond);
      if (time.due(steady)) time.compare(1'700'000'000 * kSecond + steady + wall, steady);
      const int64_t now = time.at(steady).us;
      RC_ASSERT(now >= last);
      last = now;
    }
  }));
}

TEST(WallSteering, AReadingFromBeforeTheLastComparisonCountsAsThatOnes) {
  WallSteering time(1'000 * kSecond, 0);
  time.compare(1'010 * kSecond, 5 * kSecond);
  EXPECT_EQ(time.at(4 * kSecond).us, 1'010 * kSecond);
  time.compare(1'010 * kSecond, 4 * kSecond);
  EXPECT_EQ(time.at(6 * kSecond).us, 1'011 * kSecond);
}

TEST(ManualClock, MayHaveItsWallClockSetBack) {
  ManualClock clock(Instant::from_seconds(1'000));
  EXPECT_EQ(clock.read().wall(), clock.now());
  clock.set_wall_behind(Duration::seconds(3'600));
  clock.advance(Duration::seconds(5));
  EXPECT_EQ(clock.read(), Instant::from_seconds(1'005));
  EXPECT_EQ(clock.read().wall(), Instant::from_seconds(1'005 - 3'600));
}

TEST(SystemClock, AllOfAProcessHaveOneTime) {
  SystemClock one;
  SystemClock other;
  for (int i = 0; i < 1'000; ++i) {
    const Instant before = one.now();
    const Now between = other.read();
    EXPECT_LE(before, between);
    EXPECT_LE(between, one.now());
    EXPECT_LT(between.ahead, Duration::seconds(1));
    EXPECT_GT(between.ahead, Duration::seconds(-1));
  }
}

TEST(SystemClock, AgreesWithTheWallClockAndGoesForward) {
  SystemClock clock;
  const Instant first = clock.now();
  EXPECT_GT(first, Instant::from_seconds(1'600'000'000));
  EXPECT_GE(clock.now(), first);
}

}  // namespace
}  // namespace rateguard::net
