#include "simulate/logs/log_time.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

constexpr int64_t kMay17 = 1'431'857'103;  // 2015-05-17T10:05:03Z

TEST(AccessTimeParser, ReadsTimesInTheirZones) {
  AccessTimeParser parser;
  EXPECT_EQ(parser.parse("17/May/2015:10:05:03 +0000"), Instant::from_seconds(kMay17));
  EXPECT_EQ(parser.parse("17/May/2015:12:05:03 +0200"), Instant::from_seconds(kMay17));
  EXPECT_EQ(parser.parse("17/May/2015:04:35:03 -0530"), Instant::from_seconds(kMay17));
  EXPECT_EQ(parser.parse("18/May/2015:00:05:03 +1400"), Instant::from_seconds(kMay17));
  EXPECT_EQ(parser.parse("17/May/2015:10:05:04 +0000"), Instant::from_seconds(kMay17 + 1));
  EXPECT_EQ(parser.parse("01/Jan/1970:00:00:00 +0000"), Instant{});
  EXPECT_EQ(parser.parse("29/Feb/2016:00:00:00 +0000"), Instant::from_seconds(1'456'704'000));
  EXPECT_EQ(parser.parse("31/Dec/2016:23:59:60 +0000"), Instant::from_seconds(1'483'228'800));
}

TEST(AccessTimeParser, RefusesWhatIsNoTime) {
  AccessTimeParser parser;
  ASSERT_TRUE(parser.parse("17/May/2015:10:05:03 +0000"));
  for (const std::string_view text :
       {"", "17/May/2015:10:05:03", "17/May/2015:24:05:03 +0000", "17/May/2015:10:60:03 +0000",
        "17/May/2015:10:05:61 +0000", "17/May/2015 10:05:03 +0000", "31/Jun/2015:10:05:03 +0000",
        "29/Feb/2015:10:05:03 +0000", "17/Mai/2015:10:05:03 +0000", "1a/May/2015:10:05:03 +0000",
        "17/May/2015:1 :05:03 +0000", "17/May/2015:10:05:03 +2400", "17/May/2015:10:05:03 00000",
        "17/May/2015:10:05:03  0000", "00/May/2015:10:05:03 +0000", "17-May-2015:10:05:03 +0000"}) {
    EXPECT_FALSE(parser.parse(text)) << text;
  }
  EXPECT_FALSE(parser.parse("18/May/2015:10:05:61 +0000"));
  EXPECT_EQ(parser.parse("18/May/2015:10:05:03 +0000"), Instant::from_seconds(kMay17 + 86'400));
  // A bad date must not have spoilt the date that is kept from line to line.
  EXPECT_EQ(parser.parse("17/May/2015:10:05:03 +0000"), Instant::from_seconds(kMay17));
}

TEST(ParseTimestamp, ReadsTheFormsOfTheField) {
  const Instant base = Instant::from_seconds(1'700'158'623);
  const struct {
    std::string_view text;
    int64_t us;
  } cases[] = {
      {"2023-11-16T18:17:03Z", base.us},
      {"2023-11-16t18:17:03z", base.us},
      {"2023-11-16 18:17:03", base.us},
      {"2023-11-16T19:17:03+01:00", base.us},
      {"2023-11-16T19:17:03+0100", base.us},
      {"2023-11-16 12:47:03 -0530", base.us},
      {"2023-11-16 18:17:03.9799600", base.us + 979'960},
      {"2023-11-16T18:17:03.97Z", base.us + 970'000},
      {"2023-11-16T18:17:03.9999999Z", base.us + 999'999},  // cut off, never rounded into the future
      {"2023-11-16T18:17:03,5+00:00", base.us + 500'000},
      {"2023-11-16 18:17:03.97+00", base.us + 970'000},  // PostgreSQL
      {"2023-11-16 20:17:03+02", base.us},
      {"2023-11-16 18:17:03 UTC", base.us},  // BigQuery
      {"2023-11-16 18:17:03.97 UTC", base.us + 970'000},
      {"1700158623", base.us},
      {"1700158623.97996", base.us + 979'960},
      {"1700158623979", base.us + 979'000},
      {"1700158623979.5", base.us + 979'500},
      {"1700158623979960", base.us + 979'960},
      {"1700158623979960123", base.us + 979'960},
      {"0", 0},
      {"17/May/2015:10:05:03 +0000", kMay17 * 1'000'000},
      {"17/May/2015:10:05:03.655", kMay17 * 1'000'000 + 655'000},  // HAProxy
      {"17/May/2015:12:05:03.655 +0200", kMay17 * 1'000'000 + 655'000},
  };
  for (const auto& c : cases) EXPECT_EQ(parse_timestamp(c.text), Instant{c.us}) << c.text;
}

TEST(ParseTimestamp, RefusesWhatIsNone) {
  for (const std::string_view text : {"",
                                      "-",
                                      "now",
                                      "-5",
                                      "1e9",
                                      "12.",
                                      ".5",
                                      "12.x",
                                      "2023-11-16",
                                      "2023-11-16T18:17",
                                      "2023-13-16T18:17:03Z",
                                      "2023-11-31T18:17:03Z",
                                      "2023-11-16T18:17:03.Z",
                                      "2023-11-16T18:17:03X",
                                      "2023-11-16T18:17:03+25:00",
                                      "2023-11-16T18:17:03Zx",
                                      "2023-11-16T18:17:03+0",
                                      "2023-11-16T18:17:03 CET",
                                      "17/May/2015:10:05",
                                      "99999999999999999999999",
                                      "1700158623 "}) {
    EXPECT_FALSE(parse_timestamp(text)) << text;
  }
}

TEST(TimestampParser, KeepsTheDateFromLineToLineAndSeesItChange) {
  TimestampParser parser;
  EXPECT_EQ(parser.parse("2023-11-16T18:17:03Z"), Instant::from_seconds(1'700'158'623));
  EXPECT_EQ(parser.parse("2023-11-16T18:17:04.5Z"), Instant{1'700'158'624'500'000});
  EXPECT_FALSE(parser.parse("2023-11-31T18:17:04Z"));
  EXPECT_EQ(parser.parse("2023-11-17T18:17:03+01:00"), Instant::from_seconds(1'700'158'623 + 86'400 - 3'600));
  EXPECT_EQ(parser.parse("1700158623"), Instant::from_seconds(1'700'158'623));
}

TEST(TimestampParser, KeepsTheSecondFromLineToLineAndReadsWhatStandsBehindIt) {
  const std::string_view texts[] = {
      "2023-11-16T18:17:03Z",          "2023-11-16T18:17:03.5Z",
      "2023-11-16T18:17:03.500+01:00", "2023-11-16T18:17:03.x",
      "2023-11-16 18:17:03",           "2023-11-16T18:17:03.1234567Z",
      "16/Nov/2023:18:17:03.5",        "16/Nov/2023:18:17:03.25 +0100",
      "16/Nov/2023:18:17:03 +0000",    "16/Nov/2023:18:17:04.5",
      "16/Nov/2023:18:17:04.",         "2023-11-16T18:17:04",
      "2023-11-16T18:17:03.5 +01:00",  "2023-11-16T18:17",
  };
  TimestampParser used;
  for (const std::string_view before : texts) {
    for (const std::string_view text : texts) {
      used.parse(before);
      EXPECT_EQ(used.parse(text), parse_timestamp(text)) << text << " after " << before;
    }
  }
  EXPECT_EQ(used.parse("16/Nov/2023:18:17:03.25 +0100"), Instant{1'700'155'023'250'000});
}

TEST(ParseDateAndClock, ReadsWhatW3cLogsWriteApart) {
  EXPECT_EQ(parse_date_and_clock("2023-11-16", "18:17:03"), Instant::from_seconds(1'700'158'623));
  EXPECT_EQ(parse_date_and_clock("2023-11-16", "18:17:03.97"), Instant{1'700'158'623'970'000});
  for (const std::string_view clock : {"", "18:17", "18:17:03x", "24:00:00"}) {
    EXPECT_FALSE(parse_date_and_clock("2023-11-16", clock)) << clock;
  }
  EXPECT_FALSE(parse_date_and_clock("16.11.2023", "18:17:03"));
}

}  // namespace
}  // namespace rateguard::simulate
