// RFC 3339, as it is written and read.
#include "server/admin/timestamp.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace rateguard::admin {
namespace {

std::string again(std::string_view text) {
  const auto at = parse_timestamp(text);
  return at ? format_timestamp(*at) : "none";
}

TEST(TimestampTest, EverySpellingOfATimeIsRead) {
  EXPECT_EQ(again("2026-12-31T23:59:59Z"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(again("2026-12-31t23:59:59z"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(again("2026-12-31 23:59:59Z"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(again("2027-01-01T01:29:59+01:30"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(again("2026-12-31T15:59:59-08:00"), "2026-12-31T23:59:59Z");
  EXPECT_EQ(again("2026-12-31T23:59:59.5Z"), "2026-12-31T23:59:59.500000Z");
  EXPECT_EQ(again("2026-12-31T23:59:59.1234569Z"), "2026-12-31T23:59:59.123456Z");
  EXPECT_EQ(again("2016-12-31T23:59:60Z"), "2017-01-01T00:00:00Z");
  EXPECT_EQ(again("2024-02-29T00:00:00Z"), "2024-02-29T00:00:00Z");
  EXPECT_EQ(again("1970-01-01T00:00:00Z"), "1970-01-01T00:00:00Z");
}

TEST(TimestampTest, WhatIsNoTimeIsRefused) {
  for (const char* const text :
       {"", "2026", "2026-12-31", "2026-12-31T23:59:59", "2026-12-31T23:59Z", "2026-13-01T00:00:00Z",
        "2026-02-29T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00Zx", "2026-1-1T0:0:0Z",
        "2026-01-01T00:00:00+1:00", "1969-12-31T23:59:59Z", "1970-01-01T00:00:00+00:01", "9999-12-31T23:59:59-01:00",
        "-026-01-01T00:00:00Z"}) {
    EXPECT_EQ(again(text), "none") << text;
  }
}

RC_GTEST_PROP(TimestampTest, WhatIsWrittenIsReadAgain, ()) {
  const Instant at{*rc::gen::inRange<int64_t>(0, Instant::max().us)};
  RC_ASSERT(parse_timestamp(format_timestamp(at)) == at);
}

}  // namespace
}  // namespace rateguard::admin
