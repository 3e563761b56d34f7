#include "algorithm/fixed_window.h"

#include <gtest/gtest.h>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kMinute = Instant::from_seconds(1'700'000'040);  // a whole minute since the epoch

TEST(FixedWindow, CountsFromTheEpoch) {
  TestCounter counter(*Limit::fixed_window(3, Duration::seconds(60)));
  EXPECT_TRUE(counter.decide({2}, kMinute + Duration::seconds(50)).allowed());
  const Decision refused = counter.decide({2}, kMinute + Duration::seconds(51));
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.remaining, 1U);
  EXPECT_EQ(refused.retry_after, Duration::seconds(9));
  EXPECT_FALSE(counter.look({2}, kMinute + Duration{59'999'999}).allowed());
  EXPECT_EQ(counter.decide({3}, kMinute + Duration::seconds(60)).remaining, 0U);
}

TEST(FixedWindow, CountsFromTheFirstRequest) {
  TestCounter counter(*Limit::fixed_window_from_first_request(3, Duration::seconds(60)));
  const Instant first = kMinute + Duration::seconds(50);
  EXPECT_EQ(counter.decide({1}, first).reset_after, Duration::seconds(60));
  EXPECT_TRUE(counter.decide({2}, first + Duration::seconds(59)).allowed());
  EXPECT_EQ(counter.decide({1}, first + Duration::seconds(59)).retry_after, Duration::seconds(1));
  // The next window starts with the next request, not where the last ended.
  EXPECT_EQ(counter.decide({1}, first + Duration::seconds(75)).reset_after, Duration::seconds(60));
}

TEST(FixedWindow, CountsByTheCalendar) {
  const Limit limit = *Limit::calendar_window(1, Anchor::kMonth, nullptr);
  TestCounter counter(limit);
  const Instant january_31 = Instant::from_seconds(1'706'659'200);  // 2024-01-31 00:00 UTC
  EXPECT_EQ(counter.decide({1}, january_31).reset_after, Duration::seconds(86'400));
  EXPECT_FALSE(counter.decide({1}, january_31 + Duration{86'399'999'999}).allowed());
  const Decision february = counter.decide({1}, january_31 + Duration::seconds(86'400));
  EXPECT_TRUE(february.allowed());
  EXPECT_EQ(february.reset_after, Duration::seconds(29 * 86'400));
}

TEST(FixedWindow, AnEditedPeriodKeepsTheCount) {
  TestCounter counter(*Limit::fixed_window(10, Duration::seconds(60)));
  counter.decide({8}, kMinute + Duration::seconds(5));
  counter.edit(*Limit::fixed_window(10, Duration::seconds(20)));
  EXPECT_EQ(counter.look({0}, kMinute + Duration::seconds(5)).remaining, 2U);
  counter.edit(*Limit::fixed_window(5, Duration::seconds(60)));
  EXPECT_EQ(counter.look({1}, kMinute + Duration::seconds(6)).remaining, 0U);
  EXPECT_EQ(counter.look({1}, kMinute + Duration::seconds(6)).retry_after, Duration::seconds(54));
}

TEST(FixedWindow, NoWindowAdmitsMoreThanTheLimit) {
  EXPECT_TRUE(rc::check("per window of the epoch", [] {
    const Limit limit = *Limit::fixed_window(*gen_units(), *gen_period());
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
