#include "store/memory/siphash.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

namespace rateguard::memory {
namespace {

HashKey counting_key() {
  HashKey key;
  for (uint8_t i = 0; i < 16; ++i) key.bytes[i] = i;
  return key;
}

std::string counting_bytes(size_t length) {
  std::string bytes;
  for (size_t i = 0; i < length; ++i) bytes.push_back(static_cast<char>(i));
  return bytes;
}

std::string hex(Hash128 hash) {
  std::string text;
  for (const uint64_t half : {hash.low, hash.high}) {
    for (int i = 0; i < 8; ++i) text += fmt::format("{:02x}", half >> (8 * i) & 0xFF);
  }
  return text;
}

struct Vector {
  size_t length;
  const char* hash;
};

TEST(SipHash, TwoFourIsThatOfTheReferenceCode) {
  // vectors_sip128 of the authors' reference implementation.
  const SipHash<2, 4> hash(counting_key());
  for (const Vector& vector : {Vector{0, "a3817f04ba25a8e66df67214c7550293"},
                               {1, "da87c1d86b99af44347659119b22fc45"},
                               {7, "a1f1ebbed8dbc153c0b84aa61ff08239"},
                               {8, "3b62a9ba6258f5610f83e264f31497b4"},
                               {9, "264499060ad9baabc47f8b02bb6d71ed"},
                               {15, "5493e99933b0a8117e08ec0f97cfc3d9"},
                               {16, "6ee2a4ca67b054bbfd3315bf85230577"},
                               {63, "5150d1772f50834a503e069a973fbd7c"}}) {
    EXPECT_EQ(hex(hash(counting_bytes(vector.length))), vector.hash) << vector.length;
  }
}

TEST(SipHash, OneThreeIsThatOfOpenSsl) {
  // openssl mac -macopt c-rounds:1 -macopt d-rounds:3 -macopt size:16 ... SIPHASH
  const KeyHash hash(counting_key());
  for (const Vector& vector : {Vector{0, "e77ebcb22788a5befd62db6add303001"},
                               {1, "fc6f370460d3eda85e0573cc2b2ff063"},
                               {7, "1084b923f2aae0c3a62f2ec80848ab77"},
                               {8, "aa12fee1d5e3dab4724f16ab35f9c799"},
                               {9, "81ddb8042cf33994f4720e0094137c42"},
                               {15, "c17e5505b2bd526c2921cdec1e7e0109"},
                               {16, "d0a8d95715518eebb513b0f83d9e1793"},
                               {31, "42ea961c5b3c858b17c3e550dfa79010"},
                               {63, "4c5800e34efe426f079f6b0aa75260ad"}}) {
    EXPECT_EQ(hex(hash(counting_bytes(vector.length))), vector.hash) << vector.length;
  }
}

TEST(SipHash, AnotherKeyGivesAnotherHash) {
  HashKey other = counting_key();
  other.bytes[15] ^= 0x80;
  EXPECT_NE(KeyHash(counting_key())("login"), KeyHash(other)("login"));
}

TEST(HashKey, RandomKeysDiffer) {
  EXPECT_NE(HashKey::random().value(), HashKey::random().value());
}

}  // namespace
}  // namespace rateguard::memory
