#include "text/utf8.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard {
namespace {

TEST(Utf8, ASequenceHasTheLengthThatItsFirstByteSays) {
  EXPECT_EQ(utf8_length("a\xC3\xA9"), 1U);
  EXPECT_EQ(utf8_length("\xC3\xA9"
                        "a"),
            2U);
  EXPECT_EQ(utf8_length("\xE2\x82\xAC"), 3U);
  EXPECT_EQ(utf8_length("\xF0\x9F\x98\x80"), 4U);
  EXPECT_EQ(utf8_length(std::string_view("\0", 1)), 1U);
}

TEST(Utf8, WhatIsCutOverlongASurrogateOrBeyondUnicodeHasNone) {
  for (const std::string_view text : {"", "\x80", "\xC3", "\xC3(", "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80",
                                      "\xE2\x82", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80"}) {
    EXPECT_EQ(utf8_length(text), 0U) << testing::PrintToString(text);
  }
}

// By the ranges of RFC 3629, section 3, against every sequence of two bytes behind every lead of three.
TEST(Utf8, EverySequenceOfThreeBytesIsTakenExactlyWhereItEncodesACodePoint) {
  int taken = 0;
  for (int lead = 0xE0; lead <= 0xEF; ++lead) {
    for (int second = 0; second < 256; ++second) {
      for (int third = 0; third < 256; ++third) {
        const std::string text{static_cast<char>(lead), static_cast<char>(second), static_cast<char>(third)};
        taken += utf8_length(text) == 3 ? 1 : 0;
      }
    }
  }
  EXPECT_EQ(taken, 0x10000 - 0x800 - (0xE000 - 0xD800));
}

}  // namespace
}  // namespace rateguard
