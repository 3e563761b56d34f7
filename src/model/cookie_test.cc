#include "model/cookie.h"

#include <gtest/gtest.h>

#include <vector>

namespace rateguard {
namespace {

std::string_view cookie(std::vector<Header> headers, std::string_view name = "session") {
  return find_cookie(headers, name);
}

TEST(Cookie, FindsTheFirstOfTheName) {
  EXPECT_EQ(cookie({{"Cookie", "session=abc"}}), "abc");
  EXPECT_EQ(cookie({{"cookie", "a=1; session=abc; b=2"}}), "abc");
  EXPECT_EQ(cookie({{"Cookie", "a=1;session=abc"}}), "abc");
  EXPECT_EQ(cookie({{"Cookie", "session=abc; session=def"}}), "abc");
  EXPECT_EQ(cookie({{"Cookie", "a=1"}, {"Cookie", "session=abc"}}), "abc");
  EXPECT_EQ(cookie({{"Cookie", "session=a=b=="}}), "a=b==");
  EXPECT_EQ(cookie({{"Cookie", "session=\"abc\""}}), "abc");
  EXPECT_EQ(cookie({{"Cookie", " session = abc "}}), "abc");
}

TEST(Cookie, IsEmptyWhereThereIsNone) {
  EXPECT_EQ(cookie({}), "");
  EXPECT_EQ(cookie({{"Cookie", ""}}), "");
  EXPECT_EQ(cookie({{"Cookie", "Session=abc"}}), "") << "names compare with case";
  EXPECT_EQ(cookie({{"Cookie", "xsession=abc; sessionx=abc"}}), "");
  EXPECT_EQ(cookie({{"Cookie", "session"}}), "");
  EXPECT_EQ(cookie({{"Cookie", "session="}}), "");
  EXPECT_EQ(cookie({{"Cookie", ";;=;"}}), "");
  EXPECT_EQ(cookie({{"Set-Cookie", "session=abc"}}), "");
}

TEST(Cookie, KeepsALoneQuote) {
  EXPECT_EQ(cookie({{"Cookie", "session=\""}}), "\"");
  EXPECT_EQ(cookie({{"Cookie", "session=\"a"}}), "\"a");
}

}  // namespace
}  // namespace rateguard
