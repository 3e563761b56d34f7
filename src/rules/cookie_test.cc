#include "rules/cookie.h"

#include <gtest/gtest.h>

#include <vector>

namespace rateguard::rules {
namespace {

std::string_view find(std::vector<Header> headers, std::string_view name) {
  return find_cookie(headers, name);
}

TEST(Cookie, Finds) {
  EXPECT_EQ(find({{"Cookie", "a=1; sid=xyz; b=2"}}, "sid"), "xyz");
  EXPECT_EQ(find({{"cookie", "sid=xyz"}}, "sid"), "xyz");
  EXPECT_EQ(find({{"Cookie", "sid=\"xyz\""}}, "sid"), "xyz");
  EXPECT_EQ(find({{"Cookie", "sid=a=b=c"}}, "sid"), "a=b=c");
  EXPECT_EQ(find({{"Cookie", " a = 1 ;sid = x "}}, "sid"), "x");
  EXPECT_EQ(find({{"Cookie", "a=1"}, {"Host", "sid=no"}, {"Cookie", "sid=2"}}, "sid"), "2");
  EXPECT_EQ(find({{"Cookie", "sid=first; sid=second"}}, "sid"), "first");
}

TEST(Cookie, FindsNothing) {
  EXPECT_EQ(find({}, "sid"), "");
  EXPECT_EQ(find({{"Cookie", ""}}, "sid"), "");
  EXPECT_EQ(find({{"Cookie", "SID=1; xsid=2; sid"}}, "sid"), "");
  EXPECT_EQ(find({{"Cookie", ";;;=;=sid;"}}, "sid"), "");
  EXPECT_EQ(find({{"Cookie", "sid=\""}}, "sid"), "\"");
}

}  // namespace
}  // namespace rateguard::rules
