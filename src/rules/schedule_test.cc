#include "rules/schedule.h"

#include <gtest/gtest.h>

#include "algorithm/calendar.h"
#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

constexpr DaySet kWorkDays = 0x1F;

// 2024-01-01 was a Monday. `day` from 1; by UTC.
Instant january(int day, int hour, int minute = 0) {
  return Instant::from_seconds(1'704'067'200 + ((day - 1) * 24 + hour) * 3'600 + minute * 60);
}

TEST(WeeklySpan, HoldsFromItsBeginUntilItsEnd) {
  const WeeklySpan work{.days = kWorkDays, .begin_s = 9 * 3'600, .end_s = 18 * 3'600};
  EXPECT_FALSE(work.holds(january(1, 8, 59)));
  EXPECT_TRUE(work.holds(january(1, 9)));
  EXPECT_TRUE(work.holds(january(5, 17, 59))) << "Friday";
  EXPECT_FALSE(work.holds(january(5, 18)));
  EXPECT_FALSE(work.holds(january(6, 12))) << "Saturday";
  EXPECT_FALSE(work.holds(january(7, 12)));
  EXPECT_TRUE(work.holds(january(8, 12))) << "Monday again";
  EXPECT_TRUE(work.holds(Instant::from_seconds(9 * 3'600))) << "1970-01-01 was a Thursday";
  EXPECT_TRUE(WeeklySpan{}.holds(january(7, 23, 59)));
}

TEST(WeeklySpan, ANightBelongsToTheDayOnWhichItBegins) {
  const WeeklySpan night{.days = 0x10, .begin_s = 22 * 3'600, .end_s = 6 * 3'600};  // Friday
  EXPECT_FALSE(night.holds(january(5, 5)));
  EXPECT_TRUE(night.holds(january(5, 22)));
  EXPECT_TRUE(night.holds(january(6, 5, 59)));
  EXPECT_FALSE(night.holds(january(6, 6)));
  EXPECT_FALSE(night.holds(january(6, 22)));
  const WeeklySpan sunday{.days = 0x40, .begin_s = 22 * 3'600, .end_s = 6 * 3'600};
  EXPECT_TRUE(sunday.holds(january(8, 1))) << "over the end of the week";
}

TEST(WeeklySpan, GoesByTheClocksOfItsZone) {
  const auto berlin = algorithm::find_zone("Europe/Berlin");
  ASSERT_TRUE(berlin) << berlin.error().message;
  const WeeklySpan work{.begin_s = 9 * 3'600, .end_s = 18 * 3'600, .zone = *berlin};
  EXPECT_FALSE(work.holds(january(1, 7, 59))) << "08:59 in winter";
  EXPECT_TRUE(work.holds(january(1, 8)));
  const auto july = [](int hour) { return Instant::from_seconds(1'719'792'000 + hour * 3'600); };  // 2024-07-01
  EXPECT_TRUE(work.holds(july(7))) << "09:00 in summer";
  EXPECT_FALSE(work.holds(july(16)));
  // 2024-10-27: clocks show 02:30 twice, at 00:30 and 01:30 UTC; 2024-03-31: they skip it.
  const WeeklySpan half_past_two{.begin_s = 2 * 3'600, .end_s = 3 * 3'600, .zone = *berlin};
  EXPECT_TRUE(half_past_two.holds(Instant::from_seconds(1'729'987'200 + 1'800)));
  EXPECT_TRUE(half_past_two.holds(Instant::from_seconds(1'729'987'200 + 5'400)));
  EXPECT_FALSE(half_past_two.holds(Instant::from_seconds(1'711'843'200 + 1'800)));
  EXPECT_FALSE(half_past_two.holds(Instant::from_seconds(1'711'843'200 + 5'400)));
}

TEST(WeeklySpan, InWords) {
  EXPECT_EQ(WeeklySpan{}.to_string(), "mon-sun 00:00-24:00 UTC");
  EXPECT_EQ((WeeklySpan{.days = 0x57, .begin_s = 22 * 3'600 + 1'800, .end_s = 6 * 3'600}.to_string()),
            "mon-wed,fri,sun 22:30-06:00 UTC");
}

TEST(RuleSet, ARuleHoldsDuringItsHoursOnly) {
  const auto limit = Limit::gcra(1, {.units = 1}).value();
  const std::vector<WeeklySpan> work = {{.days = kWorkDays, .begin_s = 9 * 3'600, .end_s = 18 * 3'600}};
  const auto set = RuleSet::compile({{.name = "always", .group = "g", .limit = limit},
                                     {.name = "work", .match = {.when = work}, .group = "g", .limit = limit}})
                       .value();
  Matches matches;
  const auto applies = [&](Instant wall) {
    set->match({.path = "/"}, {}, wall, matches);
    return set->rules()[matches.limits()[0].rule].name;
  };
  EXPECT_EQ(applies(january(1, 12)), "work") << "a schedule makes a rule more specific";
  EXPECT_EQ(applies(january(1, 20)), "always");
  EXPECT_EQ(applies(january(6, 12)), "always");
}

}  // namespace
}  // namespace rateguard::rules
