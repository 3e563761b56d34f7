#include "algorithm/calendar.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <chrono>
#include <string>

#include "zoneinfo/database.h"

namespace rateguard::algorithm {
namespace {

Instant utc(int year, unsigned month, unsigned day, int hour = 0, int minute = 0) {
  const std::chrono::sys_days days{std::chrono::year{year} / std::chrono::month{month} / std::chrono::day{day}};
  return Instant::from_seconds(std::chrono::seconds{days.time_since_epoch()}.count() + hour * 3'600 + minute * 60);
}

const zoneinfo::TimeZone* zone(const char* name) {
  const auto found = find_zone(name);
  EXPECT_TRUE(found.has_value()) << name;
  return found.value_or(nullptr);
}

Duration length(const Window& window) {
  return window.end - window.start;
}

TEST(Calendar, DaysBeginAtMidnight) {
  const Window day = calendar_window(utc(2024, 2, 29, 23, 59), Anchor::kDay, nullptr);
  EXPECT_EQ(day, (Window{utc(2024, 2, 29), utc(2024, 3, 1)}));
  EXPECT_EQ(calendar_window(utc(2024, 3, 1), Anchor::kDay, nullptr).start, utc(2024, 3, 1));
  EXPECT_EQ(calendar_window(utc(2024, 3, 1) - Duration{1}, Anchor::kDay, nullptr), day);
}

TEST(Calendar, WeeksBeginOnMonday) {
  // 1 January 1970 was a Thursday; 2024-01-01 a Monday.
  EXPECT_EQ(calendar_window(utc(2024, 1, 7, 23, 59), Anchor::kWeek, nullptr),
            (Window{utc(2024, 1, 1), utc(2024, 1, 8)}));
  EXPECT_EQ(calendar_window(utc(2024, 1, 8), Anchor::kWeek, nullptr).start, utc(2024, 1, 8));
  EXPECT_EQ(calendar_window(utc(2025, 1, 1), Anchor::kWeek, nullptr).start, utc(2024, 12, 30));
}

TEST(Calendar, MonthsAndYearsHaveTheirOwnLengths) {
  EXPECT_EQ(calendar_window(utc(2023, 2, 14), Anchor::kMonth, nullptr), (Window{utc(2023, 2, 1), utc(2023, 3, 1)}));
  EXPECT_EQ(calendar_window(utc(2024, 2, 14), Anchor::kMonth, nullptr), (Window{utc(2024, 2, 1), utc(2024, 3, 1)}));
  EXPECT_EQ(calendar_window(utc(2024, 12, 31, 23, 59), Anchor::kMonth, nullptr),
            (Window{utc(2024, 12, 1), utc(2025, 1, 1)}));
  EXPECT_EQ(length(calendar_window(utc(2023, 6, 1), Anchor::kYear, nullptr)), Duration::seconds(365 * 86'400));
  EXPECT_EQ(length(calendar_window(utc(2024, 6, 1), Anchor::kYear, nullptr)), Duration::seconds(366 * 86'400));
  EXPECT_EQ(length(calendar_window(utc(2000, 6, 1), Anchor::kYear, nullptr)), Duration::seconds(366 * 86'400));
}

TEST(Calendar, ADayOfAClockChangeIsLongerOrShorter) {
  const auto* berlin = zone("Europe/Berlin");
  EXPECT_EQ(calendar_window(utc(2024, 3, 31, 12), Anchor::kDay, berlin),
            (Window{utc(2024, 3, 30, 23), utc(2024, 3, 31, 22)}));
  EXPECT_EQ(calendar_window(utc(2024, 10, 27, 12), Anchor::kDay, berlin),
            (Window{utc(2024, 10, 26, 22), utc(2024, 10, 27, 23)}));
  EXPECT_EQ(length(calendar_window(utc(2024, 3, 15), Anchor::kMonth, berlin)), Duration::seconds(31 * 86'400 - 3'600));
  // 23:30 UTC on 31 December is the new year in Berlin already.
  EXPECT_EQ(calendar_window(utc(2023, 12, 31, 23, 30), Anchor::kYear, berlin).start, utc(2023, 12, 31, 23));
}

TEST(Calendar, ADayWithoutMidnightBeginsAtTheSkip) {
  // Beirut's clocks went from 00:00 to 01:00 on 2024-03-31.
  const Window day = calendar_window(utc(2024, 3, 31, 12), Anchor::kDay, zone("Asia/Beirut"));
  EXPECT_EQ(day, (Window{utc(2024, 3, 30, 22), utc(2024, 3, 31, 21)}));
}

TEST(Calendar, ADayWithTwoMidnightsBeginsAtTheFirst) {
  // St John's clocks went from 00:01 on 2010-11-07 back to 23:01 on the 6th. UTC-2:30 before, UTC-3:30 after.
  const auto* st_johns = zone("America/St_Johns");
  const Window sunday = calendar_window(utc(2010, 11, 7, 12), Anchor::kDay, st_johns);
  EXPECT_EQ(sunday, (Window{utc(2010, 11, 7, 2, 30), utc(2010, 11, 8, 3, 30)}));
  EXPECT_EQ(calendar_window(utc(2010, 11, 7, 3), Anchor::kDay, st_johns), sunday);  // 23:30 on Saturday, again
}

TEST(Calendar, ASkippedDayIsNoWindow) {
  // Samoa went from 29 to 31 December 2011.
  const auto* apia = zone("Pacific/Apia");
  const Window before = calendar_window(utc(2011, 12, 30, 9), Anchor::kDay, apia);
  const Window after = calendar_window(utc(2011, 12, 30, 10), Anchor::kDay, apia);
  EXPECT_EQ(before.end, utc(2011, 12, 30, 10));
  EXPECT_EQ(before.end, after.start);
  EXPECT_EQ(length(before), Duration::seconds(86'400));
  EXPECT_EQ(length(after), Duration::seconds(86'400));
}

TEST(Calendar, WindowsFollowEachOtherWithoutAGap) {
  EXPECT_TRUE(rc::check("every instant has one window", [] {
    const auto name =
        *rc::gen::element<std::string>("UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "Asia/Beirut",
                                       "Pacific/Apia", "Africa/Casablanca", "Asia/Kathmandu", "Australia/Lord_Howe",
                                       "America/Havana", "America/Sao_Paulo", "Pacific/Kiritimati");
    const auto* place = *find_zone(name);
    const auto unit = *rc::gen::element(Anchor::kDay, Anchor::kWeek, Anchor::kMonth, Anchor::kYear);
    const Instant t = {*rc::gen::inRange<int64_t>(0, Instant::max().us / 2)};
    const Window window = calendar_window(t, unit, place);
    RC_ASSERT(window.start <= t);
    RC_ASSERT(t < window.end);
    RC_ASSERT(calendar_window(window.start, unit, place) == window);
    RC_ASSERT(calendar_window(window.end - Duration{1}, unit, place) == window);
    RC_ASSERT(calendar_window(window.end, unit, place).start == window.end);
  }));
}

TEST(Calendar, WindowsAreRightBeyondTheChangesThatZoneFilesList) {
  // Files end in 2037 or hold a rule alone; Berlin's last Sunday of March 2040 is the 25th.
  EXPECT_EQ(calendar_window(utc(2040, 7, 1, 12), Anchor::kDay, zone("Europe/Berlin")),
            (Window{utc(2040, 6, 30, 22), utc(2040, 7, 1, 22)}));
  EXPECT_EQ(calendar_window(utc(2040, 3, 25, 12), Anchor::kDay, zone("Europe/Berlin")),
            (Window{utc(2040, 3, 24, 23), utc(2040, 3, 25, 22)}));
}

TEST(Calendar, ADayMayBeginAtOneOrHaveItsMidnightTwice) {
  // Cuba's clocks go from 00:00 to 01:00 in March, and from 01:00 back to 00:00 in November.
  const auto* havana = zone("America/Havana");
  EXPECT_EQ(calendar_window(utc(2024, 3, 10, 12), Anchor::kDay, havana),
            (Window{utc(2024, 3, 10, 5), utc(2024, 3, 11, 4)}));
  EXPECT_EQ(calendar_window(utc(2024, 11, 3, 12), Anchor::kDay, havana),
            (Window{utc(2024, 11, 3, 4), utc(2024, 11, 4, 5)}));
}

TEST(Calendar, HalfHoursCountInOffsetsAndInSummerTime) {
  EXPECT_EQ(calendar_window(utc(2024, 1, 5, 12), Anchor::kDay, zone("Asia/Kolkata")).start, utc(2024, 1, 4, 18, 30));
  // Lord Howe's summer time is half an hour.
  EXPECT_EQ(length(calendar_window(utc(2024, 4, 7, 2), Anchor::kDay, zone("Australia/Lord_Howe"))),
            Duration::seconds(24 * 3'600 + 1'800));
}

TEST(FindZone, KnowsUtcWithoutADatabase) {
  EXPECT_EQ(*find_zone("UTC"), nullptr);
  EXPECT_EQ(*find_zone("Etc/UTC"), nullptr);
}

TEST(FindZone, RefusesUnknownNames) {
  for (const char* name : {"Mars/Olympus", "", "../../etc/passwd", "Europe/Berlin/"}) {
    const auto found = find_zone(name);
    ASSERT_FALSE(found.has_value()) << name;
    EXPECT_EQ(found.error().code, ErrorCode::kInvalid);
  }
}

TEST(WallTime, IsWhatClocksInTheZoneShow) {
  const auto shows = [](Instant t, const char* name, int weekday, int hour, int minute = 0) {
    const WallTime wall = wall_time(t, zone(name));
    EXPECT_EQ(wall.weekday, weekday);
    EXPECT_EQ(wall.second, hour * 3'600 + minute * 60);
  };
  shows(utc(2024, 1, 1, 0, 30), "UTC", 0, 0, 30);
  shows(utc(2023, 12, 31, 23, 59), "UTC", 6, 23, 59);
  shows(utc(1969, 12, 31, 23), "UTC", 2, 23);
  shows(utc(2024, 1, 1, 23, 30), "Europe/Berlin", 1, 0, 30);
  shows(utc(2024, 7, 1, 22, 30), "Europe/Berlin", 1, 0, 30);
  shows(utc(2024, 1, 1, 0, 30), "America/New_York", 6, 19, 30);
  shows(utc(2024, 1, 1), "Asia/Kathmandu", 0, 5, 45);
}

}  // namespace
}  // namespace rateguard::algorithm
