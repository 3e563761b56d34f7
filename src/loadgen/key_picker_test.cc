#include "loadgen/key_picker.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace rateguard::loadgen {
namespace {

KeySpec spec(std::string_view text) {
  return KeySpec::parse(text).value();
}

// How often each of the first keys is drawn.
std::vector<double> shares(const KeySpec& spec, int draws) {
  KeyPicker picker(spec, 7, 0, 1);
  std::vector<double> counts(spec.keys + 1);
  for (int i = 0; i < draws; ++i) counts.at(picker.next()) += 1.0 / draws;
  return counts;
}

TEST(KeySpec, ReadsTheFormsInTheHelp) {
  EXPECT_EQ(spec("unique").kind, KeySpec::Kind::kUnique);
  EXPECT_EQ(spec("hot").kind, KeySpec::Kind::kHot);
  EXPECT_EQ(spec("uniform:5").keys, 5u);
  EXPECT_EQ(spec("zipf:1.25:1000").keys, 1'000u);
  EXPECT_DOUBLE_EQ(spec("zipf:1.25:1000").exponent, 1.25);
  for (const std::string_view bad :
       {"", "hot:1", "unique:", "uniform", "uniform:", "uniform:0", "uniform:-1", "uniform:1x", "zipf:1", "zipf:0:5",
        "zipf:11:5", "zipf:nan:5", "zipf:1:0", "zipf::5", "gauss:5", "uniform:1000000000001"}) {
    EXPECT_FALSE(KeySpec::parse(bad)) << bad;
  }
}

TEST(KeyPicker, UniqueKeysAreUniqueInAllLanesTogether) {
  std::set<uint64_t> seen;
  for (uint64_t lane = 0; lane < 3; ++lane) {
    KeyPicker picker(spec("unique"), 1, lane, 3);
    for (int i = 0; i < 1'000; ++i) EXPECT_TRUE(seen.insert(picker.next()).second);
  }
  EXPECT_EQ(*seen.begin(), 1u);
  EXPECT_EQ(*seen.rbegin(), 3'000u);
}

TEST(KeyPicker, UniformKeysComeEquallyOften) {
  const auto counts = shares(spec("uniform:10"), 200'000);
  EXPECT_EQ(counts[0], 0);
  for (size_t key = 1; key <= 10; ++key) EXPECT_NEAR(counts[key], 0.1, 0.005);
}

TEST(KeyPicker, ZipfKeysComeAsOftenAsTheyShould) {
  for (const double exponent : {0.5, 1.0, 1.2, 3.0}) {
    const KeySpec zipf{.kind = KeySpec::Kind::kZipf, .keys = 20, .exponent = exponent};
    const auto counts = shares(zipf, 200'000);
    double all = 0;
    for (int key = 1; key <= 20; ++key) all += std::pow(key, -exponent);
    EXPECT_EQ(counts[0], 0);
    for (size_t key = 1; key <= 20; ++key) {
      EXPECT_NEAR(counts[key], std::pow(static_cast<double>(key), -exponent) / all, 0.005) << exponent << ' ' << key;
    }
  }
}

TEST(KeyPicker, AZipfOfOneKeyOrOfVeryManyStaysInItsBounds) {
  KeyPicker one(spec("zipf:1:1"), 1, 0, 1);
  KeyPicker many(spec("zipf:0.1:1000000000000"), 1, 0, 1);
  for (int i = 0; i < 10'000; ++i) {
    EXPECT_EQ(one.next(), 1u);
    const uint64_t key = many.next();
    EXPECT_TRUE(key >= 1 && key <= 1'000'000'000'000) << key;
  }
}

TEST(KeyPicker, TheSameSeedGivesTheSameKeys) {
  KeyPicker a(spec("uniform:1000000"), 5, 1, 2);
  KeyPicker b(spec("uniform:1000000"), 5, 1, 2);
  KeyPicker other(spec("uniform:1000000"), 6, 1, 2);
  int same = 0;
  for (int i = 0; i < 100; ++i) {
    const uint64_t key = a.next();
    EXPECT_EQ(key, b.next());
    same += key == other.next();
  }
  EXPECT_LT(same, 3);
}

}  // namespace
}  // namespace rateguard::loadgen
