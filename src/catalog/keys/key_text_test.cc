#include "catalog/keys/key_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>

namespace rateguard::catalog {
namespace {

// Made by another implementation (Python's whole numbers and zlib.crc32): of the bytes 0 to 31, and of 32 bytes 0xff.
constexpr std::string_view kCounted = "rg_live_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf0upKWd";
constexpr std::string_view kOnes = "rg_test_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13BUVln";

std::string new_key(SecretKind kind = SecretKind::kLiveKey) {
  return std::string(make_secret(kind).value().text.reveal());
}

TEST(KeyTextTest, ANewKeyIsWellFormedAndKeptByItsHashAlone) {
  for (const SecretKind kind : {SecretKind::kLiveKey, SecretKind::kTestKey, SecretKind::kAdminToken,
                                SecretKind::kSetupLink, SecretKind::kSession}) {
    const NewSecret secret = make_secret(kind).value();
    const std::string text(secret.text.reveal());
    EXPECT_EQ(text.size(), secret_prefix(kind).size() + 49);
    EXPECT_TRUE(text.starts_with(secret.prefix));
    EXPECT_TRUE(text.ends_with(secret.last4));
    EXPECT_EQ(secret.last4.size(), 4u);
    EXPECT_EQ(secret.sha256, key_sha256(text));
    EXPECT_EQ(look_at_key(text).form, KeyForm::kWellFormed);
    EXPECT_EQ(look_at_key(text).kind, kind);
  }
}

TEST(KeyTextTest, NoTwoKeysAreEqualAndEveryDigitIsUsed) {
  std::set<std::string> keys;
  std::map<char, int> digits;
  for (int i = 0; i < 10'000; ++i) {
    const std::string key = new_key();
    keys.insert(key);
    for (const char c : key.substr(9, 42))
      ++digits[c];  // the first digit has a little less than its share of large ones
  }
  EXPECT_EQ(keys.size(), 10'000u);
  EXPECT_EQ(digits.size(), 62u);
  for (const auto& [digit, count] : digits) EXPECT_NEAR(count, 420'000 / 62, 500) << digit;  // six standard deviations
}

TEST(KeyTextTest, EverySlipOfOneCharacterIsFound) {
  const std::string key = new_key();
  const std::string characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (size_t i = 8; i < key.size(); ++i) {
    for (const char c : characters) {
      if (c == key[i]) continue;
      std::string slip = key;
      slip[i] = c;
      EXPECT_EQ(look_at_key(slip).form, KeyForm::kMistyped);
    }
    if (i + 1 == key.size() || key[i] == key[i + 1]) continue;
    std::string swapped = key;
    std::swap(swapped[i], swapped[i + 1]);
    EXPECT_EQ(look_at_key(swapped).form, KeyForm::kMistyped);
  }
  std::string test = key;
  test.replace(0, 8, "rg_test_");
  EXPECT_EQ(look_at_key(test).form, KeyForm::kMistyped) << "the prefix is checked with the rest";
}

TEST(KeyTextTest, WhatOnlyBeginsLikeAKeyIsMalformed) {
  const std::string key = new_key();
  const std::string cut = key.substr(0, key.size() - 1);
  for (const std::string& text : {std::string("rg_live_"), cut, key + "0", key + " ", cut + "-",
                                  cut + std::string(1, '\0'), std::string("rg_test_") + std::string(49, '\xff')}) {
    EXPECT_EQ(look_at_key(text).form, KeyForm::kMalformed) << text;
  }
}

TEST(KeyTextTest, KeysOfOtherServicesAreForeignUnlessTheyCouldNotBeSent) {
  for (const std::string& text :
       {std::string("sk-abc"), std::string("x"), std::string("rg_liv"), std::string("RG_LIVE_x"),
        std::string(kKeyBytesMax, '~'), std::string("ghp_!#$%&'*+-./:;<=>?@[]^_`{|}~")}) {
    EXPECT_EQ(look_at_key(text).form, KeyForm::kForeign) << text;
    EXPECT_EQ(look_at_key(text).kind, std::nullopt);
  }
  for (const std::string& text :
       {std::string(), std::string(kKeyBytesMax + 1, 'x'), std::string("a b"), std::string("a\n"),
        std::string("a\0", 2), std::string("\x7f"), std::string("\xc3\xa9")}) {
    EXPECT_EQ(look_at_key(text).form, KeyForm::kMalformed) << text;
  }
}

TEST(KeyTextTest, TheFormIsTheOneThatIsDocumented) {
  EXPECT_EQ(look_at_key(kCounted).form, KeyForm::kWellFormed);
  EXPECT_EQ(look_at_key(kCounted).kind, SecretKind::kLiveKey);
  EXPECT_EQ(look_at_key(kOnes).form, KeyForm::kWellFormed);
  EXPECT_EQ(look_at_key(kOnes).kind, SecretKind::kTestKey);
}

TEST(KeyTextTest, HashesAreSha256) {
  // FIPS 180-2, appendix B.1, and the empty text.
  EXPECT_EQ(key_sha256("abc"), parse_sha256("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
  EXPECT_EQ(key_sha256(""), parse_sha256("E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"));
  for (const std::string_view bad : {"", "ba", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
                                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
                                     "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad0"}) {
    EXPECT_EQ(parse_sha256(bad), std::nullopt) << bad;
  }
}

TEST(KeyTextTest, HashesAreEqualOnlyInAllBytes) {
  const Sha256 hash = key_sha256("abc");
  EXPECT_TRUE(equal_in_constant_time(hash, hash));
  for (size_t i = 0; i < hash.size(); ++i) {
    Sha256 other = hash;
    other[i] ^= 1;
    EXPECT_FALSE(equal_in_constant_time(hash, other)) << i;
  }
}

TEST(KeyTextTest, AnyBytesCanBeLookedAt) {
  EXPECT_TRUE(rc::check([](const std::string& text) {
    RC_ASSERT(look_at_key(text).form != KeyForm::kWellFormed);
    RC_ASSERT(look_at_key("rg_live_" + text).form != KeyForm::kForeign);
  }));
}

// What has no formatter and no operator cannot get into a log line by accident.
static_assert(!std::is_copy_constructible_v<SecretText>);
static_assert(!fmt::is_formattable<SecretText>::value);
static_assert(!std::is_convertible_v<SecretText, std::string_view>);

TEST(SecretTextTest, MovesWithoutLeavingACopyBehind) {
  SecretText first(std::string("short"));
  SecretText second(std::move(first));
  EXPECT_EQ(second.reveal(), "short");
  EXPECT_EQ(first.reveal(), "");  // NOLINT(bugprone-use-after-move): that it is empty is what is tested
  SecretText third(std::string(100, 'x'));
  third = std::move(second);
  EXPECT_EQ(third.reveal(), "short");
  EXPECT_EQ(second.reveal(), "");  // NOLINT(bugprone-use-after-move)
}

}  // namespace
}  // namespace rateguard::catalog
