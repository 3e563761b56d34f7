#include "envoy/wildcards.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace rateguard::envoy {
namespace {

TEST(Wildcards, AStarStandsForAnyText) {
  EXPECT_TRUE(matches_pattern("*", ""));
  EXPECT_TRUE(matches_pattern("a*", "a"));
  EXPECT_TRUE(matches_pattern("a*", "abc"));
  EXPECT_FALSE(matches_pattern("a*", "ba"));
  EXPECT_TRUE(matches_pattern("*c", "abc"));
  EXPECT_FALSE(matches_pattern("*c", "abcd"));
  EXPECT_TRUE(matches_pattern("a*c", "ac"));
  EXPECT_TRUE(matches_pattern("/v1/*/users/*", "/v1/eu/users/7"));
  EXPECT_FALSE(matches_pattern("/v1/*/users/*", "/v1/eu/groups/7"));
  EXPECT_TRUE(matches_pattern("*a*b*", "xxabaxb"));
  EXPECT_FALSE(matches_pattern("ab*ba", "aba"));  // both ends may not share a letter
  EXPECT_TRUE(matches_pattern("a**", "ab"));
}

uint32_t found(const Wildcards& wildcards, uint32_t group, std::string_view text) {
  std::string scratch;
  return wildcards.find(group, text, scratch).value_or(999);
}

TEST(Wildcards, TheFirstThatFitsInTheOrderGiven) {
  Wildcards wildcards;
  uint32_t group = Wildcards::kNoGroup;
  uint32_t other = Wildcards::kNoGroup;
  EXPECT_EQ(found(wildcards, group, "a"), 999u);
  wildcards.add(group, "abc*", 0);
  wildcards.add(group, "*z", 1);
  wildcards.add(group, "ab*", 2);
  wildcards.add(group, "*", 3);
  wildcards.add(other, "q*", 4);
  EXPECT_EQ(found(wildcards, group, "abcz"), 0u);
  EXPECT_EQ(found(wildcards, group, "abz"), 1u);
  EXPECT_EQ(found(wildcards, group, "ab"), 2u);
  EXPECT_EQ(found(wildcards, group, ""), 3u);
  EXPECT_EQ(found(wildcards, group, "q"), 3u);
  EXPECT_EQ(found(wildcards, other, "q"), 4u);
  EXPECT_EQ(found(wildcards, other, "ab"), 999u);
}

// The naive way: every pattern, one after the other, by recursion.
bool naive(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    for (size_t taken = 0; taken <= text.size(); ++taken) {
      if (naive(pattern.substr(1), text.substr(taken))) return true;
    }
    return false;
  }
  return !text.empty() && pattern[0] == text[0] && naive(pattern.substr(1), text.substr(1));
}

rc::Gen<std::string> words(const char* letters, int length_max) {
  return rc::gen::mapcat(rc::gen::inRange(0, length_max + 1), [letters](int n) {
    return rc::gen::container<std::string>(static_cast<size_t>(n), rc::gen::elementOf(std::string(letters)));
  });
}

RC_GTEST_PROP(WildcardsProperty, AgreesWithTryingEachPattern, ()) {
  const auto patterns = *rc::gen::container<std::vector<std::string>>(words("ab*", 7));
  const auto text = *words("ab", 9);
  Wildcards wildcards;
  uint32_t group = Wildcards::kNoGroup;
  uint32_t expected = 999;
  for (uint32_t i = 0; i < patterns.size(); ++i) {
    RC_ASSERT(matches_pattern(patterns[i], text) == naive(patterns[i], text));
    if (!patterns[i].contains('*')) continue;
    wildcards.add(group, patterns[i], i);
    if (expected == 999 && naive(patterns[i], text)) expected = i;
  }
  RC_ASSERT(found(wildcards, group, text) == expected);
}

}  // namespace
}  // namespace rateguard::envoy
