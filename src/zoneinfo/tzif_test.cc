#include "zoneinfo/tzif.h"

#include <gtest/gtest.h>

#include "zoneinfo/tzif_file_testing.h"

namespace rateguard::zoneinfo {
namespace {

constexpr int32_t kHour = 3'600;

int32_t offset_at(const ZoneRules& rules, int64_t unix_s) {
  return rules.span_at(unix_s).offset_s;
}

std::string message(const std::string& bytes) {
  const auto rules = read_tzif(bytes);
  return rules ? "" : rules.error().message;
}

TEST(Tzif, TheFirstLocalTimeHoldsBeforeTheFirstChange) {
  const auto rules = read_tzif(TzifFile{.changes = {{100, 1}, {200, 0}}, .offsets_s = {0, kHour}}.bytes());
  ASSERT_TRUE(rules.has_value()) << rules.error().message;
  EXPECT_EQ(offset_at(*rules, 99), 0);
  EXPECT_EQ(offset_at(*rules, 100), kHour);
  EXPECT_EQ(offset_at(*rules, 199), kHour);
  const OffsetSpan last = rules->span_at(200);
  EXPECT_EQ(last.begin_s, 200);
  EXPECT_EQ(last.end_s, INT64_MAX);
  EXPECT_EQ(last.offset_s, 0);
}

TEST(Tzif, TheRuleInTheFooterHoldsAfterTheLastChange) {
  // As zic writes Berlin's slim file: the list ends in 1996, and the rule goes on.
  const auto rules = read_tzif(TzifFile{
      .changes = {{846'378'000, 0}}, .offsets_s = {kHour, 2 * kHour}, .footer = "\nCET-1CEST,M3.5.0,M10.5.0/3\n"}
                                   .bytes());
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(offset_at(*rules, 1'782'864'000), 2 * kHour);   // 1 July 2026
  EXPECT_EQ(offset_at(*rules, 1'798'761'600), kHour);       // 1 January 2027
  const OffsetSpan summer = rules->span_at(2'224'800'000);  // 1 July 2040
  EXPECT_EQ(summer.begin_s, 2'216'250'000);                 // 25 March, 01:00 UTC
  EXPECT_EQ(summer.end_s, 2'234'998'800);                   // 28 October, 01:00 UTC
}

TEST(Tzif, TheRuleHoldsAlwaysWhereNoChangeIsListed) {
  const auto rules = read_tzif(TzifFile{.footer = "\nEST5EDT,M3.2.0,M11.1.0\n"}.bytes());
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(offset_at(*rules, 0), -5 * kHour);
  EXPECT_EQ(offset_at(*rules, 1'782'864'000), -4 * kHour);
}

TEST(Tzif, SummerTimeMayLastAllYear) {
  const auto rules = read_tzif(TzifFile{.footer = "\nXXX3EDT4,0/0,J365/23\n"}.bytes());
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(rules->span_at(1'700'000'000).offset_s, -4 * kHour);
  EXPECT_EQ(rules->span_at(1'704'067'200 + 3 * kHour).offset_s, -4 * kHour);
}

TEST(Tzif, AnEmptyFooterLeavesTheLastOffsetInForce) {
  const auto rules = read_tzif(TzifFile{.changes = {{100, 1}}, .offsets_s = {0, kHour}, .footer = "\n\n"}.bytes());
  ASSERT_TRUE(rules.has_value());
  EXPECT_EQ(offset_at(*rules, 4'000'000'000), kHour);
}

TEST(Tzif, RefusesEveryFileThatIsCutShort) {
  const std::string whole = TzifFile{.changes = {{100, 1}, {200, 0}}, .offsets_s = {0, kHour}}.bytes();
  ASSERT_EQ(message(whole), "");
  for (size_t bytes = 0; bytes < whole.size(); ++bytes) EXPECT_NE(message(whole.substr(0, bytes)), "") << bytes;
}

TEST(Tzif, RefusesWhatTheStandardForbids) {
  EXPECT_EQ(message(TzifFile{.version = '\0'}.bytes()),
            "it is of version 1, which ends in 2037; version 2 to 4 is read");
  EXPECT_EQ(message(TzifFile{.version = '5'}.bytes()), "it is of an unknown version; 2 to 4 is read");
  EXPECT_EQ(message(TzifFile{.leaps = 1}.bytes()), "it counts leap seconds, as the files below right/ do");
  EXPECT_EQ(message(TzifFile{.changes = {{5, 0}, {5, 0}}}.bytes()), "its changes are not in ascending order");
  EXPECT_EQ(message(TzifFile{.changes = {{5, 1}}}.bytes()), "it changes to a local time that it lacks");
  EXPECT_EQ(message(TzifFile{.offsets_s = {}}.bytes()), "it has no local time");
  EXPECT_EQ(message(TzifFile{.offsets_s = {93'600}}.bytes()), "it has an offset of 93600 s from UTC");
  EXPECT_EQ(message(TzifFile{.footer = "\nUTC0"}.bytes()), "its footer is not a line");
  EXPECT_EQ(message(TzifFile{.footer = "\nUTC0\n\n"}.bytes()), "its footer is not a line");
  EXPECT_EQ(message(TzifFile{.footer = "\nUTC\n"}.bytes()), "its rule 'UTC' lacks the offset of standard time");
  EXPECT_EQ(message(std::string(kTzifBytesMax + 1, 'T')), "it has more than 65536 bytes");
}

}  // namespace
}  // namespace rateguard::zoneinfo
