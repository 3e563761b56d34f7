#include "store/memory/key_hash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <array>
#include <bit>
#include <memory>
#include <set>
#include <string>
#include <utility>

namespace rateguard::memory {
namespace {

AesBlock block(const char* hex) {
  AesBlock made;
  for (size_t i = 0; i < made.bytes.size(); ++i) {
    made.bytes[i] = static_cast<uint8_t>(std::stoi(std::string(hex + 2 * i, 2), nullptr, 16));
  }
  return made;
}

HashKey example_key() {
  return {block("2b7e151628aed2a6abf7158809cf4f3c").bytes};
}

TEST(Aes, RoundKeysAreThoseOfFips197AppendixA1) {
  const auto keys = aes_round_keys(example_key());
  EXPECT_EQ(keys[0], block("2b7e151628aed2a6abf7158809cf4f3c"));
  EXPECT_EQ(keys[1], block("a0fafe1788542cb123a339392a6c7605"));
  EXPECT_EQ(keys[2], block("f2c295f27a96b9435935807a7359f67f"));
  EXPECT_EQ(keys[10], block("d014f9a8c9ee2589e13f0cc8b6630ca6"));
}

TEST(Aes, RoundsAreThoseOfFips197AppendixB) {
  const auto keys = aes_round_keys(example_key());
  const AesBlock after_one = aes_round(block("193de3bea0f4e22b9ac68d2ae9f84808"), keys[1]);
  EXPECT_EQ(after_one, block("a49c7ff2689f352b6b5bea43026a5049"));
  EXPECT_EQ(aes_round(after_one, keys[2]), block("aa8f5f0361dde3ef82d24ad26832469a"));
}

// From an implementation of its own, written in another language from FIPS 197 and the description in key_hash.h: what
// a snapshot holds must mean the same to every build.
TEST(KeyHash, IsTheSameInEveryBuild) {
  const KeyHash hash(example_key());
  const std::pair<const char*, Hash128> vectors[] = {
      {"", {0xa7f3d701650aab0b, 0x432942294135b744}},
      {"a", {0x744a48a346910d8b, 0xf4a1f0955c2decdf}},
      {"login", {0x0d537312fadb839b, 0x96b8ca430216c772}},
      {"12345678", {0xc9c43048e1e315e1, 0xa96a1f2528b90800}},
      {"sixteen letters.", {0x1f43b34da112494c, 0x695678eab2d98f49}},
      {"seventeen letters", {0x6840ab071d968a21, 0x56054591c644d226}},
      {"user:1000000 of the login rule, and more", {0x374157eb23b9ddc5, 0x46b71340a1bd814e}},
      {"sixty-four bytes, which are all the blocks that go side by side.", {0xa15f7b28df535541, 0x05cce10f9d22d12f}},
      {"eighty bytes and more, so that what the first sixty-four bytes gave is carried over",
       {0x2a45c5cc113c55d1, 0xb05475c184c22db4}}};
  for (const auto& [input, expected] : vectors) {
    EXPECT_EQ(hash.by_tables(input).low, expected.low) << input;
    EXPECT_EQ(hash.by_tables(input).high, expected.high) << input;
  }
}

TEST(KeyHash, InstructionsAndTablesAgree) {
  if (!KeyHash::has_instructions()) GTEST_SKIP() << "this processor has no AES instructions";
  const KeyHash hash(example_key());
  std::string input;
  for (int length = 0; length < 300; ++length) {
    EXPECT_EQ(hash.by_instructions(input), hash.by_tables(input)) << length;
    input.push_back(static_cast<char>(length * 7 + 1));
  }
  EXPECT_TRUE(rc::check("any bytes under any key", [](std::string bytes, std::array<uint8_t, 16> key) {
    const KeyHash other(HashKey{key});
    RC_ASSERT(other.by_instructions(bytes) == other.by_tables(bytes));
  }));
}

TEST(KeyHash, ReadsNothingPastItsInput) {
  // Each in a buffer of its own size: AddressSanitizer sees a read beyond it.
  const KeyHash hash(example_key());
  for (size_t length = 0; length < 70; ++length) {
    const auto exact = std::make_unique<char[]>(length);
    std::fill_n(exact.get(), length, 'x');
    EXPECT_EQ(hash({exact.get(), length}), hash(std::string(length, 'x'))) << length;
  }
}

TEST(KeyHash, LengthsAndZerosMatter) {
  const KeyHash hash(example_key());
  std::set<std::pair<uint64_t, uint64_t>> seen;
  for (size_t length = 0; length < 100; ++length) {
    const Hash128 zeros = hash(std::string(length, '\0'));
    seen.insert({zeros.low, zeros.high});
  }
  EXPECT_EQ(seen.size(), 100U);
}

TEST(KeyHash, EveryBitOfTheInputMovesHalfOfTheResult) {
  const KeyHash hash(example_key());
  for (const size_t length : {1U, 7U, 8U, 15U, 16U, 17U, 24U, 33U}) {
    std::string input(length, 'a');
    const Hash128 before = hash(input);
    int moved = 0;
    for (size_t bit = 0; bit < 8 * length; ++bit) {
      input[bit / 8] = static_cast<char>(input[bit / 8] ^ (1 << bit % 8));
      const Hash128 after = hash(input);
      moved += std::popcount(before.low ^ after.low) + std::popcount(before.high ^ after.high);
      input[bit / 8] = static_cast<char>(input[bit / 8] ^ (1 << bit % 8));
    }
    const double mean = moved / (8.0 * static_cast<double>(length));
    EXPECT_GT(mean, 52) << length;  // 64 of 128, give or take four standard deviations of eight samples' mean
    EXPECT_LT(mean, 76) << length;
  }
}

TEST(KeyHash, AnotherKeyGivesAnotherHash) {
  HashKey other = example_key();
  other.bytes[15] ^= 0x80;
  EXPECT_NE(KeyHash(example_key())("login"), KeyHash(other)("login"));
}

TEST(HashKey, RandomKeysDiffer) {
  EXPECT_NE(HashKey::random().value(), HashKey::random().value());
}

}  // namespace
}  // namespace rateguard::memory
