#include "text/printable.h"

#include <gtest/gtest.h>

#include <string_view>

namespace rateguard {
namespace {

TEST(Printable, LeavesTextAndDefusesTheRest) {
  EXPECT_EQ(printable("caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 100), "caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80");
  EXPECT_EQ(printable(std::string_view("a\0b\n\x7F", 5), 100), "a\\x00b\\x0A\\x7F");
  EXPECT_EQ(printable("\xC0\xAF", 100), "\\xC0\\xAF");                    // overlong
  EXPECT_EQ(printable("\xED\xA0\x80", 100), "\\xED\\xA0\\x80");           // a surrogate
  EXPECT_EQ(printable("\xF4\x90\x80\x80", 100), "\\xF4\\x90\\x80\\x80");  // beyond Unicode
  EXPECT_EQ(printable("\xE2\x80\xAE", 100), "\\xE2\\x80\\xAE");           // right-to-left override
  EXPECT_EQ(printable("\xC2\x9B", 100), "\\xC2\\x9B");                    // a control sequence introducer
  EXPECT_EQ(printable("\xE2\x82", 100), "\\xE2\\x82");
  EXPECT_EQ(printable("abcdef", 3), "abc...");
  EXPECT_EQ(printable("ab\xC3\xA9", 3), "ab...");
}

TEST(Printable, WidthCountsCharacters) {
  EXPECT_EQ(width_of(""), 0U);
  EXPECT_EQ(width_of("caf\xC3\xA9 \xE2\x82\xAC"), 6U);
}

}  // namespace
}  // namespace rateguard
