#include "model/percent.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <string>

#include "model/ascii.h"

namespace rateguard {
namespace {

TEST(Percent, DecodesEncodedOctetsAndNothingElse) {
  EXPECT_EQ(percent_decode(""), "");
  EXPECT_EQ(percent_decode("a+b/c?"), "a+b/c?");
  EXPECT_EQ(percent_decode("caf%C3%a9"), "caf\xc3\xa9");
  EXPECT_EQ(percent_decode("%2541"), "%41") << "once, not until nothing is left";
  EXPECT_EQ(percent_decode("%00x"), std::string("\0x", 2));
}

TEST(Percent, APercentSignWithoutTwoDigitsIsAnError) {
  for (const char* text : {"%", "a%", "%4", "a%4", "%%41", "%4%41", "%g0", "%0g", "% 4", "%+4", "%-1", "%0x41"}) {
    EXPECT_FALSE(percent_decode(text)) << text;
  }
}

TEST(Percent, EveryTextComesBack) {
  EXPECT_TRUE(rc::check("encoded in either case, then decoded", [](const std::string& text, bool upper) {
    std::string encoded;
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      encoded += upper ? fmt::format("%{:02X}", byte) : fmt::format("%{:02x}", byte);
    }
    RC_ASSERT(percent_decode(encoded) == text);
  }));
}

TEST(Percent, OnlyUnreservedOctetsAreLeftAsTheyAre) {
  EXPECT_EQ(percent_encode("aZ09-_.~"), "aZ09-_.~");
  EXPECT_EQ(percent_encode("a b/c?d=e&f%+\xC3\xA9"), "a%20b%2Fc%3Fd%3De%26f%25%2B%C3%A9");
  EXPECT_TRUE(rc::check("encoded, then decoded",
                        [](const std::string& text) { RC_ASSERT(percent_decode(percent_encode(text)) == text); }));
}

TEST(Ascii, HexValueIsThatOfADigitOrNone) {
  const std::string digits = "0123456789abcdef";
  for (int c = -128; c < 128; ++c) {
    const auto at = digits.find(ascii_lower(static_cast<char>(c)));
    EXPECT_EQ(hex_value(static_cast<char>(c)), at == std::string::npos ? -1 : static_cast<int>(at)) << c;
  }
}

}  // namespace
}  // namespace rateguard
