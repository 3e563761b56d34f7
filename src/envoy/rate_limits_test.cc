#include "envoy/rate_limits.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "envoy/specs_for_tests.h"

namespace rateguard::envoy {
namespace {

const RateLimitSpec kLimit = per_unit(5, Unit::kMinute);

std::string problem(const Result<std::shared_ptr<const RateLimits>>& made) {
  return made ? "good" : made.error().to_string();
}

// The path of the limit that applies to a descriptor in the domain "d".
std::string matched(const RateLimits& limits, Pairs pairs) {
  MatchScratch scratch;
  const RateLimit* limit = limits.match(*limits.find_domain("d"), asking(pairs).entries, scratch);
  return limit == nullptr ? "none" : limit->path;
}

TEST(RateLimits, AnExactValueBeatsWildcardsInFileOrderAndThoseBeatTheKeyAlone) {
  const auto limits = compiled({leaf("k", "", kLimit), leaf("k", "ab*", kLimit), leaf("k", "a*", kLimit),
                                leaf("k", "*z", kLimit), leaf("k", "abc", kLimit)})
                          .value();
  EXPECT_EQ(matched(*limits, {{"k", "abc"}}), "d.k_abc");
  EXPECT_EQ(matched(*limits, {{"k", "abcd"}}), "d.k_ab*");
  EXPECT_EQ(matched(*limits, {{"k", "az"}}), "d.k_a*");
  EXPECT_EQ(matched(*limits, {{"k", "bz"}}), "d.k_*z");
  EXPECT_EQ(matched(*limits, {{"k", "q"}}), "d.k");
  EXPECT_EQ(matched(*limits, {{"k", ""}}), "d.k");
  EXPECT_EQ(matched(*limits, {{"other", "abc"}}), "none");
  EXPECT_EQ(matched(*limits, {}), "none");
}

TEST(RateLimits, OnlyTheLastEntryCountsAndDepthsMustAgree) {
  auto parent = leaf("a", "1", kLimit);
  parent.descriptors.push_back(leaf("b", "", kLimit));
  const auto limits = compiled({parent, branch("w", ""), branch("x", "", {leaf("y", "", kLimit)})}).value();
  EXPECT_EQ(matched(*limits, {{"a", "1"}}), "d.a_1");
  EXPECT_EQ(matched(*limits, {{"a", "1"}, {"b", "2"}}), "d.a_1.b");
  EXPECT_EQ(matched(*limits, {{"a", "1"}, {"b", "2"}, {"c", "3"}}), "none");
  EXPECT_EQ(matched(*limits, {{"a", "1"}, {"c", "3"}}), "none");
  EXPECT_EQ(matched(*limits, {{"w", "whitelisted"}}), "none");
  EXPECT_EQ(matched(*limits, {{"x", "too short"}}), "none");
}

TEST(RateLimits, AChosenBranchIsNotLeftAgain) {
  // The exact value has no "c" below it; the key alone, which has, is not tried instead.
  const auto limits =
      compiled({branch("a", "1", {leaf("b", "", kLimit)}), branch("a", "", {leaf("c", "", kLimit)})}).value();
  EXPECT_EQ(matched(*limits, {{"a", "1"}, {"c", ""}}), "none");
  EXPECT_EQ(matched(*limits, {{"a", "2"}, {"c", ""}}), "d.a.c");
}

TEST(RateLimits, KeysAndValuesAreNotJoined) {
  const auto limits = compiled({leaf("a_b", "c", kLimit)}).value();
  EXPECT_EQ(matched(*limits, {{"a_b", "c"}}), "d.a_b_c");
  EXPECT_EQ(matched(*limits, {{"a", "b_c"}}), "none");
}

TEST(RateLimits, Rejections) {
  const auto at = [](DescriptorSpec spec, int line) {
    spec.position = {.file = "f", .line = line, .column = 7};
    return spec;
  };
  EXPECT_EQ(problem(compiled({at(leaf("", "", kLimit), 3)})), "f:3:7: descriptor has empty key");
  EXPECT_EQ(problem(compiled({at(leaf("k", "v", kLimit), 3), at(leaf("k", "v", kLimit), 4)})),
            "f:4:7: duplicate descriptor composite key 'd.k_v'");
  EXPECT_EQ(problem(compiled({leaf("k", "v_w", kLimit), leaf("k_v", "w", kLimit)})),
            "duplicate descriptor composite key 'd.k_v_w'");
  EXPECT_EQ(problem(compiled({branch("p", "", {leaf("k", "", kLimit), leaf("k", "", kLimit)})})),
            "duplicate descriptor composite key 'd.p.k'");
  EXPECT_EQ(problem(compiled({branch("p", "", {leaf("k", "", kLimit)}), branch("q", "", {leaf("k", "", kLimit)})})),
            "good");

  auto shared = at(leaf("k", "v", kLimit), 5);
  shared.share_threshold = true;
  EXPECT_EQ(problem(compiled({shared})),
            "f:5:7: share_threshold can only be used with wildcard values (with '*'), but found key 'k_v'");
  shared.value = "v*";
  EXPECT_EQ(problem(compiled({shared})), "good");

  auto replacing = at(leaf("k", "", kLimit), 6);
  replacing.rate_limit->name = "me";
  replacing.rate_limit->replaces = {"me"};
  EXPECT_EQ(problem(compiled({replacing})), "f:6:7: replaces should not contain name of same descriptor");
  replacing.rate_limit->replaces = {""};
  EXPECT_EQ(problem(compiled({replacing})), "f:6:7: should not have an empty replaces entry");

  auto quota = at(leaf("k", "", kLimit), 8);
  quota.quota_mode = true;
  EXPECT_EQ(problem(compiled({quota}, true)),
            "f:8:7: quota_mode does not go with atomic: a quota that is used up does not refuse the request alone");
}

TEST(RateLimits, AtomicTakesOneStoreForADomain) {
  const auto in_store = [](std::string key, StoreNumber store) {
    DescriptorSpec spec = leaf(std::move(key), "", per_unit(1, Unit::kHour));
    spec.rate_limit->store = store;
    return spec;
  };
  EXPECT_TRUE(compiled({in_store("a", 1), in_store("b", 1), leaf("c", "", unlimited())}, true).has_value());
  EXPECT_TRUE(compiled({in_store("a", 1), in_store("b", 0)}, false).has_value());
  const auto refused = compiled({in_store("a", 1), in_store("b", 0)}, true);
  ASSERT_FALSE(refused.has_value());
  EXPECT_TRUE(refused.error().message.starts_with("atomic charges the limits of a domain together"));
}

TEST(RateLimits, Domains) {
  const auto compile = [](std::vector<DomainSpec> files, SameDomain same) {
    return problem(RateLimits::compile(std::move(files), same));
  };
  const DomainSpec one{.domain = "one", .descriptors = {leaf("a", "", kLimit)}};
  DomainSpec again{.domain = "one", .descriptors = {leaf("b", "", kLimit)}, .position = {.file = "g", .line = 1}};
  EXPECT_EQ(compile({{.domain = "", .position = {.file = "f"}}}, SameDomain::kRejected),
            "f: config file cannot have empty domain");
  EXPECT_EQ(compile({one, again}, SameDomain::kRejected), "g:1:0: duplicate domain 'one' in config file");
  EXPECT_EQ(compile({one, again}, SameDomain::kMerged), "good");
  EXPECT_EQ(compile({one, one}, SameDomain::kMerged), "duplicate descriptor composite key 'one.a'");
  again.atomic = true;
  EXPECT_EQ(compile({one, again}, SameDomain::kMerged), "g:1:0: the files of domain 'one' differ in atomic");

  again.atomic = false;
  const auto merged = RateLimits::compile({one, again}, SameDomain::kMerged).value();
  EXPECT_EQ(merged->domains(), 1u);
  EXPECT_EQ(merged->limits().size(), 2u);
  EXPECT_FALSE(merged->find_domain("two"));
}

// A tree of descriptors that is small enough for its keys and values to meet those of a request.
rc::Gen<std::vector<DescriptorSpec>> levels(int depth) {
  return rc::gen::exec([depth] {
    std::vector<DescriptorSpec> out;
    const int count = *rc::gen::inRange(0, 6);
    for (int i = 0; i < count; ++i) {
      DescriptorSpec spec{.key = *rc::gen::element<std::string>("k", "l"),
                          .value = *rc::gen::element<std::string>("", "a", "ab", "a*", "*b", "*", "a*b")};
      const bool known = std::ranges::any_of(
          out, [&](const DescriptorSpec& other) { return other.key == spec.key && other.value == spec.value; });
      if (known) continue;
      if (*rc::gen::arbitrary<bool>()) spec.rate_limit = kLimit;
      if (depth > 1) spec.descriptors = *levels(depth - 1);
      out.push_back(std::move(spec));
    }
    return out;
  });
}

// As the documentation of envoyproxy/ratelimit says it, level by level and pattern by pattern.
std::string naive_match(const std::vector<DescriptorSpec>& level, std::span<const Entry> entries, std::string path) {
  if (entries.empty()) return "none";
  const DescriptorSpec* next = nullptr;
  for (const DescriptorSpec& spec : level) {
    if (spec.key == entries[0].key && !spec.value.empty() && spec.value == entries[0].value) next = &spec;
  }
  for (const DescriptorSpec& spec : level) {
    const bool pattern = spec.key == entries[0].key && spec.value.contains('*');
    if (next == nullptr && pattern && matches_pattern(spec.value, entries[0].value)) next = &spec;
  }
  for (const DescriptorSpec& spec : level) {
    if (next == nullptr && spec.key == entries[0].key && spec.value.empty()) next = &spec;
  }
  if (next == nullptr) return "none";
  path += "." + next->key + (next->value.empty() ? "" : "_" + next->value);
  if (entries.size() > 1) return naive_match(next->descriptors, entries.subspan(1), path);
  return next->rate_limit ? path : "none";
}

RC_GTEST_PROP(RateLimitsProperty, MatchesAsTheNaiveMatcherDoes, ()) {
  const auto tree = *levels(3);
  const auto limits = compiled(tree).value();
  const auto keys = *rc::gen::container<std::vector<std::string>>(rc::gen::element<std::string>("k", "l", "m"));
  std::vector<std::string> values;
  std::vector<Entry> entries;
  for (size_t i = 0; i < keys.size(); ++i) {
    values.push_back(*rc::gen::element<std::string>("", "a", "b", "ab", "abb", "cb", "a*"));
  }
  for (size_t i = 0; i < keys.size() && i < 4; ++i) entries.push_back({keys[i], values[i]});
  MatchScratch scratch;
  const RateLimit* limit = limits->match(*limits->find_domain("d"), entries, scratch);
  RC_ASSERT((limit == nullptr ? "none" : limit->path) == naive_match(tree, entries, "d"));
  if (limit != nullptr) RC_ASSERT(scratch.entries.size() == entries.size());
}

}  // namespace
}  // namespace rateguard::envoy
