#include "algorithm/window_log.h"

#include <gtest/gtest.h>

#include <deque>
#include <utility>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);
const Limit kThreePerMinute = *Limit::sliding_window_log(3, Duration::seconds(60));

TEST(WindowLog, AChargeLeavesExactlyAPeriodLater) {
  TestCounter counter(kThreePerMinute);
  counter.decide({1}, kStart);
  counter.decide({2}, kStart + Duration::seconds(10));
  EXPECT_EQ(counter.look({1}, kStart + Duration::seconds(20)).retry_after, Duration::seconds(40));
  EXPECT_EQ(counter.look({2}, kStart + Duration::seconds(20)).retry_after, Duration::seconds(50));
  EXPECT_FALSE(counter.look({1}, kStart + Duration{59'999'999}).allowed());
  EXPECT_TRUE(counter.look({1}, kStart + Duration{60'000'000}).allowed());
}

TEST(WindowLog, NoPeriodAdmitsMoreThanTheLimit) {
  EXPECT_TRUE(rc::check("over (t - period, t] for every charge t", [] {
    const Limit limit = pick_limit(Algorithm::kSlidingWindowLog);
    TestCounter counter(limit);
    CallMaker maker(limit, Steps::kForward);
    std::deque<std::pair<Instant, uint64_t>> charges;
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      const Cost cost = maker.cost(call);
      last = counter.decide(cost, now);
      if (!last.allowed()) continue;
      charges.emplace_back(now, cost.units);
      uint64_t inside = 0;
      for (const auto& [time, units] : charges) inside += time > now - limit.period() ? units : 0;
      RC_ASSERT(inside <= limit.capacity);
    }
  }));
}

TEST(WindowLog, ChargesOfOneInstantShareAnEntry) {
  WindowLog log;
  const Limit limit = *Limit::sliding_window_log(1'000'000, Duration::seconds(60));
  for (int i = 0; i < 1'000; ++i) log.commit(limit, {1}, kStart);
  EXPECT_EQ(log.entries(), 1U);
  EXPECT_EQ(log.evaluate(limit, {0}, kStart).remaining, 999'000U);
}

TEST(WindowLog, MemoryFollowsWhatIsInTheWindow) {
  WindowLog log;
  const Limit limit = *Limit::sliding_window_log(1'000, Duration::seconds(1));
  size_t most = 0;
  for (int64_t us = 0; us < 20'000'000; us += 500) {
    const Instant now = kStart + Duration{us};
    if (log.evaluate(limit, {1}, now).allowed()) log.commit(limit, {1}, now);
    most = std::max(most, log.bytes());
  }
  EXPECT_LE(log.entries(), 1'000U);
  EXPECT_LE(most, sizeof(WindowLog) + 1'024 * 16);
  // After a quiet time one charge lets the memory go.
  log.commit(limit, {1}, kStart + Duration::seconds(60));
  EXPECT_EQ(log.entries(), 1U);
  for (int64_t s = 62; s < 80; s += 2) log.commit(limit, {1}, kStart + Duration::seconds(s));
  EXPECT_LE(log.bytes(), sizeof(WindowLog) + 4 * 16);
}

TEST(WindowLog, AnEditedLimitOrPeriodKeepsTheCharges) {
  TestCounter counter(kThreePerMinute);
  counter.decide({3}, kStart);
  counter.edit(*Limit::sliding_window_log(5, Duration::seconds(60)));
  EXPECT_EQ(counter.look({0}, kStart).remaining, 2U);
  counter.edit(*Limit::sliding_window_log(3, Duration::seconds(10)));
  EXPECT_TRUE(counter.look({3}, kStart + Duration::seconds(10)).allowed());
  EXPECT_FALSE(counter.look({1}, kStart + Duration::seconds(9)).allowed());
}

TEST(WindowLog, SurvivesASnapshot) {
  EXPECT_TRUE(rc::check("restore(records()) decides the same", [] {
    const Limit limit = pick_limit(Algorithm::kSlidingWindowLog);
    WindowLog log;
    CallMaker maker(limit, Steps::kAlsoBack);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      last = log.evaluate(limit, maker.cost(call), now);
      if (last.allowed()) log.commit(limit, maker.cost(call), now);
    }
    auto restored = WindowLog::restore(log.records(), log.expires_at());
    RC_ASSERT(restored.has_value());
    RC_ASSERT(restored->records() == log.records());
    for (const uint64_t cost : {uint64_t{0}, uint64_t{1}, limit.capacity}) {
      RC_ASSERT(restored->evaluate(limit, {cost}, maker.now()) == log.evaluate(limit, {cost}, maker.now()));
    }
    const WindowLog copied = *restored;
    const WindowLog moved = std::move(*restored);
    RC_ASSERT(copied.records() == log.records());
    RC_ASSERT(moved.records() == log.records());
  }));
}

TEST(WindowLog, RefusesADamagedSnapshot) {
  using Records = std::vector<WindowLog::Record>;
  const auto is_refused = [](const Records& records, Instant expires) {
    const auto restored = WindowLog::restore(records, expires);
    return !restored && restored.error().code == ErrorCode::kCorrupt;
  };
  EXPECT_TRUE(WindowLog::restore({}, {}).has_value());
  EXPECT_TRUE(is_refused({}, {1}));
  EXPECT_TRUE(is_refused({{{5}, 0}}, {10}));
  EXPECT_TRUE(is_refused({{{-5}, 1}}, {10}));
  EXPECT_TRUE(is_refused({{{5}, 1}, {{5}, 1}}, {10}));
  EXPECT_TRUE(is_refused({{{6}, 1}, {{5}, 1}}, {10}));
  EXPECT_TRUE(is_refused({{{5}, UINT32_MAX}, {{6}, 1}}, {10}));
  EXPECT_TRUE(is_refused({{{5}, 1}}, {5}));
  EXPECT_TRUE(is_refused({{{5}, 1}}, {INT64_MAX}));
}

}  // namespace
}  // namespace rateguard::algorithm
