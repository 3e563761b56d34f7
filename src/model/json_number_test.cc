#include "model/json_number.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard {
namespace {

std::string plain(std::string_view text) {
  const auto number = parse_json_number(text);
  return number ? number->plain_text().value_or("too long") : "none";
}

TEST(JsonNumber, EverySpellingOfAValueIsThatValue) {
  for (const char* text : {"1000", "1000.0", "1E3", "1e3", "1e+3", "1.0e3", "10e2", "10000e-1", "1000.000", "0.1e4"}) {
    EXPECT_EQ(plain(text), "1000") << text;
    EXPECT_EQ(parse_json_number(text)->whole(), 1'000u) << text;
  }
  EXPECT_EQ(plain("1e-05"), "0.00001");
  EXPECT_EQ(plain("0.1"), "0.1");
  EXPECT_EQ(plain("1e-1"), "0.1");
  EXPECT_EQ(plain("2.50"), "2.5");
  EXPECT_EQ(plain("-2.5e1"), "-25");
}

TEST(JsonNumber, ZeroHasNoSign) {
  for (const char* text : {"0", "-0", "0.0", "-0.0", "0e5", "0e-5", "0e99999999999999999999"}) {
    EXPECT_EQ(plain(text), "0") << text;
    EXPECT_EQ(parse_json_number(text)->whole(), 0u) << text;
  }
}

TEST(JsonNumber, WholeNumbersAreExactToTheLastOf64Bits) {
  EXPECT_EQ(parse_json_number("9223372036854775807")->whole(), 9'223'372'036'854'775'807u);
  EXPECT_EQ(parse_json_number("18446744073709551610")->whole(), 18'446'744'073'709'551'610u);
  EXPECT_EQ(parse_json_number("18446744073709551615")->whole(), UINT64_MAX);
  EXPECT_FALSE(parse_json_number("18446744073709551616"));
  EXPECT_EQ(parse_json_number("9007199254740993.0")->whole(), 9'007'199'254'740'993u);
  EXPECT_FALSE(parse_json_number("1e20")->whole());
  EXPECT_FALSE(parse_json_number("1e999999999999999999999")->whole());
  EXPECT_FALSE(parse_json_number("0.5")->whole());
  EXPECT_FALSE(parse_json_number("-1")->whole());
}

TEST(JsonNumber, LongNumbersAreNotRounded) {
  EXPECT_EQ(plain("0.1000000000000000055511151231257827"), "none");
  EXPECT_EQ(plain("1.00000000000000000000000000000000000000000000"), "1");
  EXPECT_EQ(plain("1e40"), "too long");
  EXPECT_EQ(plain("1e-39"), "too long");
}

TEST(JsonNumber, RefusesTextThatIsNotAJsonNumber) {
  for (const char* text : {"",     "-",     "+1",  ".5", "5.", "01",  "-01",      "1e",  "1e+", "1e1.5",
                           "0x10", "1_000", "1,5", " 1", "1 ", "NaN", "Infinity", "1e-", "--1", "1.e5"}) {
    EXPECT_FALSE(parse_json_number(text)) << text;
  }
}

TEST(JsonNumber, AnyExponentGivesTheSameValueBack) {
  EXPECT_TRUE(rc::check("digits and exponent", [] {
    const auto digits = *rc::gen::inRange<uint64_t>(1, 1'000'000'000);
    const int exponent = *rc::gen::inRange(-12, 12);
    const auto number = parse_json_number(fmt::format("{}e{}", digits, exponent));
    RC_ASSERT(number.has_value());
    RC_ASSERT(parse_json_number(*number->plain_text()) == number);
  }));
}

}  // namespace
}  // namespace rateguard
