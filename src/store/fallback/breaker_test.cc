#include "store/fallback/breaker.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <deque>
#include <utility>
#include <vector>

namespace rateguard {
namespace {

using enum BreakerState;

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);
// Jitter of exactly nothing: half of what 32 bits hold.
constexpr uint32_t kMiddle = uint32_t{1} << 31;

// A breaker with what stands around it.
struct Bench {
  explicit Bench(const BreakerSettings& settings = {}, uint32_t random = kMiddle)
      : breaker(settings, [random] { return random; }, [this](BreakerState state) { told.push_back(state); }) {}

  void pass(Duration span) { now = now + span; }
  // Whether a call was let through; `good` is what becomes of it.
  bool call(bool good) {
    const auto permit = breaker.admits(now);
    if (!permit) return false;
    good ? breaker.succeeded(*permit, now) : breaker.failed(*permit, now);
    return true;
  }
  void fail(int times) {
    for (int i = 0; i < times; ++i) ASSERT_TRUE(call(false));
  }

  std::vector<BreakerState> told;
  Instant now = kStart;
  Breaker breaker;
};

TEST(Breaker, OpensAfterFailuresInARow) {
  Bench bench;
  bench.fail(4);
  EXPECT_TRUE(bench.call(true)) << "begins again";
  bench.fail(4);
  EXPECT_EQ(bench.breaker.state(), kClosed);
  EXPECT_EQ(bench.breaker.since(), Instant{});
  bench.pass(Duration::millis(7));
  bench.fail(1);
  EXPECT_EQ(bench.breaker.state(), kOpen);
  EXPECT_EQ(bench.breaker.since(), bench.now);
  EXPECT_EQ(bench.breaker.openings(), 1U);
  EXPECT_FALSE(bench.call(true));
  EXPECT_EQ(bench.told, std::vector{kOpen});
}

TEST(Breaker, TheNumberOfFailuresIsASetting) {
  Bench bench({.failures = 1});
  bench.fail(1);
  EXPECT_EQ(bench.breaker.state(), kOpen);
}

TEST(Breaker, OpensWhenHalfOfTwentyCallsWithinASecondFail) {
  Bench bench;
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(bench.call(true));
    EXPECT_TRUE(bench.call(false));
  }
  EXPECT_TRUE(bench.call(true));
  EXPECT_EQ(bench.breaker.state(), kClosed) << "9 of 19";
  EXPECT_TRUE(bench.call(false));
  EXPECT_EQ(bench.breaker.state(), kOpen);
}

TEST(Breaker, LessThanHalfKeepsItClosed) {
  Bench bench;
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_TRUE(bench.call(i % 5 >= 2)) << i;  // 2 of 5
    bench.pass(Duration::millis(3));
  }
  EXPECT_EQ(bench.breaker.state(), kClosed);
}

TEST(Breaker, CallsOlderThanASecondAreForgotten) {
  Bench bench;
  for (int i = 0; i < 9; ++i) {
    EXPECT_TRUE(bench.call(true));
    EXPECT_TRUE(bench.call(false));
  }
  bench.pass(Breaker::kWindow);
  EXPECT_TRUE(bench.call(true));
  EXPECT_TRUE(bench.call(false));
  EXPECT_EQ(bench.breaker.state(), kClosed);
}

TEST(Breaker, HalfOpenLetsOneCallThroughAtATime) {
  Bench bench;
  bench.fail(5);
  bench.pass(Duration::millis(250) - Duration{1});
  EXPECT_FALSE(bench.breaker.admits(bench.now));
  bench.pass(Duration{1});
  const auto probe = bench.breaker.admits(bench.now);
  ASSERT_TRUE(probe);
  EXPECT_EQ(bench.breaker.state(), kHalfOpen);
  bench.pass(Duration::seconds(10));
  EXPECT_FALSE(bench.breaker.admits(bench.now)) << "the probe is under way";
  bench.breaker.succeeded(*probe, bench.now);
  EXPECT_EQ(bench.breaker.state(), kClosed);
  EXPECT_TRUE(bench.call(true));
  EXPECT_EQ(bench.told, (std::vector{kOpen, kHalfOpen, kClosed}));
}

TEST(Breaker, AProbeThatFailsDoublesTheWaitUpToASecond) {
  Bench bench;
  bench.fail(5);
  for (const int64_t wait_us : {250'000, 500'000, 833'333, 833'333}) {
    bench.pass(Duration{wait_us - 1});
    EXPECT_FALSE(bench.call(false)) << wait_us;
    bench.pass(Duration{1});
    EXPECT_TRUE(bench.call(false)) << wait_us;
    EXPECT_EQ(bench.breaker.state(), kOpen);
  }
  bench.pass(Breaker::kOpenMax);
  EXPECT_TRUE(bench.call(true));
  bench.fail(5);
  bench.pass(Duration::millis(250));
  EXPECT_TRUE(bench.call(true)) << "as short as at first, after a recovery";
  EXPECT_EQ(bench.breaker.openings(), 6U);
}

TEST(Breaker, ALongerSettingIsNotDoubled) {
  Bench bench({.open_for = Duration::seconds(5)});
  bench.fail(5);
  for (int i = 0; i < 3; ++i) {
    bench.pass(Duration::seconds(5) - Duration{1});
    EXPECT_FALSE(bench.call(false));
    bench.pass(Duration{1});
    EXPECT_TRUE(bench.call(false));
  }
}

TEST(Breaker, JitterIsAFifthEitherWay) {
  for (const auto& [random, wait_us] : std::vector<std::pair<uint32_t, int64_t>>{{0, 200'000}, {UINT32_MAX, 299'999}}) {
    Bench bench({}, random);
    bench.fail(5);
    bench.pass(Duration{wait_us - 1});
    EXPECT_FALSE(bench.call(true)) << random;
    bench.pass(Duration{1});
    EXPECT_TRUE(bench.call(true)) << random;
  }
}

TEST(Breaker, CallsOfAnEarlierStateTeachNothing) {
  Bench bench;
  const auto early = bench.breaker.admits(bench.now);
  const auto other = bench.breaker.admits(bench.now);
  bench.fail(5);
  bench.breaker.succeeded(*early, bench.now);
  EXPECT_EQ(bench.breaker.state(), kOpen) << "sent before the store failed";
  bench.pass(Duration::millis(250));
  const auto probe = bench.breaker.admits(bench.now);
  ASSERT_TRUE(probe);
  bench.breaker.failed(*other, bench.now);
  EXPECT_EQ(bench.breaker.state(), kHalfOpen) << "only the probe counts";
  bench.breaker.succeeded(*probe, bench.now);
  for (int i = 0; i < 5; ++i) bench.breaker.failed(*other, bench.now);
  EXPECT_EQ(bench.breaker.state(), kClosed);
}

TEST(Breaker, AClockThatStepsBackNeitherOpensNorHoldsItOpenLonger) {
  Bench bench;
  bench.pass(Duration::seconds(100));
  bench.fail(5);
  bench.now = kStart;
  EXPECT_FALSE(bench.call(true));
  bench.now = kStart + Duration::seconds(100) + Duration::millis(250);
  EXPECT_TRUE(bench.call(true));
  EXPECT_EQ(bench.breaker.state(), kClosed);
}

// The same, written down as the rules are, with every call remembered.
class Model {
 public:
  explicit Model(uint32_t failures) : failures_(failures) {}

  bool admits(int64_t now_us) {
    if (state == kOpen && now_us >= reopens_us_) state = kHalfOpen, ++period, is_probing = false;
    if (state == kOpen || (state == kHalfOpen && is_probing)) return false;
    is_probing = state == kHalfOpen;
    return true;
  }

  // `at_period`: the model's period when the call began.
  void end(int at_period, bool good, int64_t now_us) {
    if (at_period != period) return;
    if (state == kHalfOpen) {
      is_probing = false;
      if (good) return close();
      wait_us_ = std::min<int64_t>(wait_us_ * 2, 833'333);
      return open(now_us);
    }
    ended_.push_back({now_us / 100'000, good});
    if (good) return;
    bool in_a_row = ended_.size() >= failures_;
    for (size_t i = 0; in_a_row && i < failures_; ++i) in_a_row = !ended_[ended_.size() - 1 - i].good;
    const auto recent = [&](const End& end) { return end.step > now_us / 100'000 - 10; };
    const auto calls = std::ranges::count_if(ended_, recent);
    const auto bad = std::ranges::count_if(ended_, [&](const End& end) { return recent(end) && !end.good; });
    if (in_a_row || (calls >= 20 && bad * 2 >= calls)) open(now_us);
  }

  BreakerState state = kClosed;
  int period = 0;
  bool is_probing = false;

 private:
  struct End {
    int64_t step;
    bool good;
  };
  void open(int64_t now_us) {
    state = kOpen;
    ++period;
    reopens_us_ = now_us + wait_us_ - wait_us_ / 5 + wait_us_ * 2 / 5 / 2;
  }
  void close() {
    state = kClosed;
    ++period;
    wait_us_ = 250'000;
    ended_.clear();
  }

  size_t failures_;
  std::vector<End> ended_;
  int64_t reopens_us_ = 0;
  int64_t wait_us_ = 250'000;
};

TEST(Breaker, DoesAsItsModelInAnyOrderOfCalls) {
  const bool good = rc::check("breaker and model agree", [] {
    const auto failures = *rc::gen::inRange<uint32_t>(1, 30);
    const auto bad_of_ten = *rc::gen::inRange(0, 11);
    const auto steps = *rc::gen::resize(400, rc::gen::container<std::vector<std::pair<int, uint32_t>>>(rc::gen::pair(
                                                 rc::gen::inRange(0, 10), rc::gen::inRange<uint32_t>(0, 200'000))));
    Breaker breaker({.failures = failures}, [] { return kMiddle; });
    Model model(failures);
    std::deque<std::pair<Breaker::Permit, int>> under_way;
    Instant now = kStart;
    const auto end_one = [&](size_t i, bool good_end) {
      const auto [permit, period] = under_way[i];
      under_way.erase(under_way.begin() + static_cast<ptrdiff_t>(i));
      good_end ? breaker.succeeded(permit, now) : breaker.failed(permit, now);
      model.end(period, good_end, now.us);
    };
    for (const auto& [what, number] : steps) {
      if (what <= 1) now = now + Duration{number};
      const auto permit = breaker.admits(now);
      RC_ASSERT(permit.has_value() == model.admits(now.us));
      if (permit) under_way.emplace_back(*permit, model.period);
      // Most calls end at once, the others in any order.
      const bool good_end = static_cast<int>(number % 10) >= bad_of_ten;
      if (what < 8 && !under_way.empty()) end_one(under_way.size() - 1, good_end);
      if (what == 9 && !under_way.empty()) end_one(number % under_way.size(), good_end);
      RC_ASSERT(breaker.state() == model.state);
    }
  });
  EXPECT_TRUE(good);
}

TEST(Breaker, AStoreThatIsBackIsAskedWithinASecond) {
  const bool good = rc::check("never open for more than a second", [] {
    const auto random = *rc::gen::arbitrary<uint32_t>();
    Bench bench({}, random);
    for (int i = 0; i < 5; ++i) bench.call(false);
    const auto probes = *rc::gen::inRange(0, 6);
    for (int i = 0; i < probes; ++i) {
      RC_ASSERT(!bench.breaker.admits(bench.now));
      bench.pass(Duration::seconds(1));
      RC_ASSERT(bench.call(false));
    }
    bench.pass(Duration::seconds(1));
    RC_ASSERT(bench.call(true));
    RC_ASSERT(bench.breaker.state() == kClosed);
  });
  EXPECT_TRUE(good);
}

}  // namespace
}  // namespace rateguard
