#include "model/hex.h"

#include <gtest/gtest.h>

#include <array>

namespace rateguard {
namespace {

TEST(Hex, SaysTheHighHalfFirst) {
  std::string text = "0x";
  append_hex(text, std::array<uint8_t, 3>{0x00, 0x1f, 0xa0});
  EXPECT_EQ(text, "0x001fa0");
}

TEST(Hex, IsReadInEitherCase) {
  std::array<uint8_t, 3> bytes = {};
  EXPECT_TRUE(parse_hex("00Fa1b", bytes));
  EXPECT_EQ(bytes, (std::array<uint8_t, 3>{0x00, 0xfa, 0x1b}));
}

TEST(Hex, HasTwoDigitsForEachByteAndNothingElse) {
  std::array<uint8_t, 2> bytes = {};
  for (const char* text : {"", "00f", "00ff0", "00ff00", "00fg", "g0ff", "00 f", "0x0f", "+1+1"}) {
    EXPECT_FALSE(parse_hex(text, bytes)) << text;
  }
  EXPECT_TRUE(parse_hex("", std::span<uint8_t>()));
}

}  // namespace
}  // namespace rateguard
