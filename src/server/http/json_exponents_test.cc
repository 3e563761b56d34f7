#include "server/http/json_exponents.h"

#include <gtest/gtest.h>

#include "server/http/check_body.h"

namespace rateguard::http_api {
namespace {

TEST(JsonExponents, OnlyLongExponentsAreCut) {
  EXPECT_EQ(with_bounded_exponents(R"({"a":0e999999999999,"b":1E+0000000000005,"c":-1.5e-99999999})"),
            R"({"a":0e1000000,"b":1E+5,"c":-1.5e-1000000})");
  const std::string plain = R"({"1e99999999999":"2e99999999999 \"3e99999999999","d":[1e9999999,true,false]})";
  EXPECT_EQ(with_bounded_exponents(plain), plain);
  for (const char* broken : {"", "1e", "e99999999999", "1e+", "\"1e99999999999", "\"\\"}) {
    EXPECT_EQ(with_bounded_exponents(broken), broken);
  }
}

TEST(CheckBody, AnyExponentIsOfAValidNumber) {
  CheckBodyParser parser;
  const auto zero = parser.parse_check(R"({"key":"a","cost":0e999999999999})");
  ASSERT_TRUE(zero) << zero.error().detail;
  EXPECT_TRUE((*zero)->errors.empty());
  EXPECT_EQ((*zero)->value(Field::kCost).text, "0e1000000");
  EXPECT_TRUE(parser.parse_check(R"({"key":"a","cost":1e-99999999999})"));
  EXPECT_FALSE(parser.parse_check(R"({"key":"a","cost":1e99999999999,})")) << "what else is wrong is still found";
}

}  // namespace
}  // namespace rateguard::http_api
