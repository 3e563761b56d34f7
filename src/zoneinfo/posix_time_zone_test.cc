#include "zoneinfo/posix_time_zone.h"

#include <gtest/gtest.h>

namespace rateguard::zoneinfo {
namespace {

using Kind = YearlyChange::Kind;

constexpr int32_t kHour = 3'600;

TEST(PosixTimeZone, ReadsAZoneWithoutSummerTime) {
  EXPECT_EQ(parse_posix_time_zone("JST-9").value(), (PosixTimeZone{.offset_s = 9 * kHour}));
  EXPECT_EQ(parse_posix_time_zone("<+0545>-5:45").value(), (PosixTimeZone{.offset_s = 5 * kHour + 45 * 60}));
  EXPECT_EQ(parse_posix_time_zone("<-03>3").value(), (PosixTimeZone{.offset_s = -3 * kHour}));
}

TEST(PosixTimeZone, ReadsWeekdaysOfMonths) {
  const auto berlin = parse_posix_time_zone("CET-1CEST,M3.5.0,M10.5.0/3");
  ASSERT_TRUE(berlin && berlin->summer);
  EXPECT_EQ(berlin->offset_s, kHour);
  EXPECT_EQ(berlin->summer->offset_s, 2 * kHour);
  EXPECT_EQ(berlin->summer->begin, (YearlyChange{Kind::kWeekday, 0, 5, 3, 2 * kHour}));
  EXPECT_EQ(berlin->summer->end, (YearlyChange{Kind::kWeekday, 0, 5, 10, 3 * kHour}));
}

TEST(PosixTimeZone, ReadsTimesBeyondTheDay) {
  const auto gaza = parse_posix_time_zone("EET-2EEST,M3.4.4/50,M10.4.4/-1:30:15");
  ASSERT_TRUE(gaza && gaza->summer);
  EXPECT_EQ(gaza->summer->begin.time_s, 50 * kHour);
  EXPECT_EQ(gaza->summer->end.time_s, -(kHour + 30 * 60 + 15));
}

TEST(PosixTimeZone, CountsDaysOfTheYearWithAndWithoutTheLeapDay) {
  const int64_t march_2024 = 1'709'251'200;  // 1 March, 00:00 UTC
  const int64_t march_2023 = 1'677'628'800;
  const YearlyChange without_leap{.kind = Kind::kDayWithoutLeap, .day = 60};
  EXPECT_EQ(instant_of(without_leap, 2024, 0), march_2024);
  EXPECT_EQ(instant_of(without_leap, 2023, 0), march_2023);
  const YearlyChange from_zero{.kind = Kind::kDayFromZero, .day = 59};
  EXPECT_EQ(instant_of(from_zero, 2024, 0), march_2024 - 86'400);
  EXPECT_EQ(instant_of(from_zero, 2023, 0), march_2023);
}

TEST(PosixTimeZone, FindsTheWeekdayOfEachWeek) {
  // March 2024 begins on a Friday and ends on a Sunday.
  const auto day = [](int32_t week, int32_t weekday) {
    const YearlyChange change{.kind = Kind::kWeekday, .day = weekday, .week = week, .month = 3};
    return (instant_of(change, 2024, 0) - 1'709'251'200) / 86'400 + 1;
  };
  EXPECT_EQ(day(1, 5), 1);
  EXPECT_EQ(day(1, 0), 3);
  EXPECT_EQ(day(4, 4), 28);
  EXPECT_EQ(day(5, 0), 31);
  EXPECT_EQ(day(5, 5), 29);
}

TEST(PosixTimeZone, RefusesEverythingElse) {
  for (const char* text : {"",
                           "C-1",
                           "CET",
                           "CET-",
                           "CET-25",
                           "CET-1:60",
                           "<CET-1",
                           "CET-1CEST",
                           "CET-1CEST,M3.5.0",
                           "CET-1CEST,M3.5.0,",
                           "CET-1CEST,M13.5.0,M10.5.0",
                           "CET-1CEST,M0.5.0,M10.5.0",
                           "CET-1CEST,M3.0.0,M10.5.0",
                           "CET-1CEST,M3.6.0,M10.5.0",
                           "CET-1CEST,M3.5.7,M10.5.0",
                           "CET-1CEST,J0,J365",
                           "CET-1CEST,J1,J366",
                           "CET-1CEST,0,366",
                           "CET-1CEST,M3.5.0/168,M10.5.0",
                           "CET-1CEST,M3.5.0,M10.5.0/3x",
                           ":Europe/Berlin",
                           "CET-1 ",
                           "CET1234"}) {
    const auto parsed = parse_posix_time_zone(text);
    ASSERT_FALSE(parsed.has_value()) << text;
    EXPECT_EQ(parsed.error().code, ErrorCode::kCorrupt) << text;
  }
}

}  // namespace
}  // namespace rateguard::zoneinfo
