#include "server/http/query.h"

#include <gtest/gtest.h>

namespace rateguard::http_api {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

TEST(Query, PairsAreDecodedInTheirOrder) {
  EXPECT_EQ(parse_query(""), Pairs());
  EXPECT_EQ(parse_query("a=1&b=2&a=3"), (Pairs{{"a", "1"}, {"b", "2"}, {"a", "3"}}));
  EXPECT_EQ(parse_query("a+b=c%2Bd%26e%3D&%61=%25"), (Pairs{{"a b", "c+d&e="}, {"a", "%"}}));
}

TEST(Query, MissingPartsAreEmpty) {
  EXPECT_EQ(parse_query("a&b=&=c&&"), (Pairs{{"a", ""}, {"b", ""}, {"", "c"}}));
  EXPECT_EQ(parse_query("a=b=c"), (Pairs{{"a", "b=c"}})) << "the first '=' parts them";
}

TEST(Query, APercentSignWithoutTwoDigitsIsAnError) {
  EXPECT_FALSE(parse_query("a=1&b=%4"));
  EXPECT_FALSE(parse_query("%zz=1"));
}

}  // namespace
}  // namespace rateguard::http_api
