// Callers with an API key of the catalog: whose limit holds, in which counter.
#include <gtest/gtest.h>

#include <string>

#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

Limit per_minute(uint64_t units) {
  return *Limit::token_bucket(units, {.units = units, .period = Duration::seconds(60)});
}

std::shared_ptr<const RuleSet> compiled(std::vector<Rule> rules) {
  auto set = RuleSet::compile(std::move(rules));
  EXPECT_TRUE(set.has_value()) << set.error().to_string();
  return *set;
}

Subject subject_of(const KnownCaller& caller) {
  return {.api_key = caller.key_id, .workspace = caller.workspace, .plan = caller.plan, .caller = &caller};
}

const Rule kByKey{.name = "chat", .per = {{.kind = PartKind::kApiKey}}, .limit = per_minute(60)};

TEST(RuleSetOfCallers, AnOwnLimitTakesTheRulesPlaceInTheSameCounter) {
  const auto set = compiled({kByKey});
  KnownCaller caller{.key_id = "key_1"};
  Matches plain;
  set->match({}, subject_of(caller), {}, plain);
  ASSERT_EQ(plain.limits().size(), 1u);
  EXPECT_EQ(*plain.limits()[0].limit, per_minute(60));

  const LimitOfRule own[] = {{.rule = "chat", .limit = {.units = 600, .period = Duration::seconds(60)}}};
  caller.own_limits[0] = own;
  Matches matches;
  set->match({}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(*matches.limits()[0].limit, per_minute(600));
  EXPECT_EQ(matches.limits()[0].key, plain.limits()[0].key);
}

TEST(RuleSetOfCallers, AnUnlimitedCallerIsNotCounted) {
  const auto set = compiled({kByKey});
  const LimitOfRule own[] = {{.rule = "chat", .limit = {}}};
  const KnownCaller caller{.key_id = "key_1", .own_limits = {own}};
  Matches matches;
  set->match({}, subject_of(caller), {}, matches);
  EXPECT_TRUE(matches.limits().empty());
  EXPECT_FALSE(matches.rejected_by().has_value());
}

TEST(RuleSetOfCallers, APlansOwnLimitComesBeforeTheRulesByPlan) {
  const auto set = compiled({{.name = "chat",
                              .per = {{.kind = PartKind::kApiKey}},
                              .by_plan = {{"free", per_minute(20)}, {"pro", per_minute(600)}}}});
  KnownCaller caller{.key_id = "key_1", .plan = "pro"};
  Matches matches;
  set->match({}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(*matches.limits()[0].limit, per_minute(600));

  const LimitOfRule of_plan[] = {{.rule = "chat", .limit = {.units = 700, .period = Duration::seconds(60)}}};
  caller.own_limits[2] = of_plan;
  set->match({}, subject_of(caller), {}, matches);
  EXPECT_EQ(*matches.limits()[0].limit, per_minute(700));

  caller.plan = "unheard of";  // by the rule; the plan itself has a limit
  set->match({}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(*matches.limits()[0].limit, per_minute(700));
}

TEST(RuleSetOfCallers, ALimitThatTheRuleCannotCountByLeavesTheRules) {
  Rule rule = kByKey;
  rule.limit = *Limit::fixed_window(5, Duration::seconds(60));
  const auto set = compiled({rule});
  const LimitOfRule own[] = {{.rule = "chat", .limit = {.units = 9, .period = Duration::seconds(60), .burst = 3}}};
  const KnownCaller caller{.key_id = "key_1", .own_limits = {own}};
  Matches matches;
  set->match({}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(*matches.limits()[0].limit, *Limit::fixed_window(5, Duration::seconds(60)));
  const auto effective = set->effective_limits(caller);
  ASSERT_EQ(effective.size(), 1u);
  EXPECT_EQ(effective[0].source, LimitSource::kRule);
  EXPECT_EQ(effective[0].problem, "fixed_window has no burst");
}

TEST(RuleSetOfCallers, OwnLimitsOfSeveralRulesKeepTheirPlacesWhenAGroupDropsOne) {
  Rule wide = kByKey;
  wide.name = "wide";
  wide.group = "g";
  Rule narrow = kByKey;
  narrow.name = "narrow";
  narrow.group = "g";
  narrow.match.paths = {"/v1"};
  const auto set = compiled({wide, narrow, kByKey});
  const LimitOfRule own[] = {{.rule = "chat", .limit = {.units = 1, .period = Duration::seconds(60)}},
                             {.rule = "narrow", .limit = {.units = 2, .period = Duration::seconds(60)}},
                             {.rule = "wide", .limit = {.units = 3, .period = Duration::seconds(60)}}};
  const KnownCaller caller{.key_id = "key_1", .own_limits = {own}};
  Matches matches;
  set->match({.path = "/v1"}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 2u);
  EXPECT_EQ(*matches.limits()[0].limit, per_minute(2));
  EXPECT_EQ(*matches.limits()[1].limit, per_minute(1));
}

TEST(RuleSetOfCallers, CountsByMemberAndByTag) {
  const auto set = compiled({{.name = "m", .per = {{.kind = PartKind::kMember}}, .limit = per_minute(1)},
                             {.name = "t",
                              .per = {{.kind = PartKind::kTag, .name = "team"}},
                              .limit = per_minute(1),
                              .missing = Missing::kSkip}});
  const std::pair<std::string, std::string> tags[] = {{"team", "red"}};
  KnownCaller caller{.key_id = "key_1", .member = "mem_1", .tags = tags};
  Matches matches;
  set->match({}, subject_of(caller), {}, matches);
  ASSERT_EQ(matches.limits().size(), 2u);
  EXPECT_TRUE(matches.limits()[0].key.contains("mem_1"));
  EXPECT_TRUE(matches.limits()[1].key.contains("red"));

  set->match({}, {.api_key = "anything"}, {}, matches);
  EXPECT_TRUE(matches.limits().empty());
  EXPECT_EQ(matches.missing_part(), "member");
}

TEST(RuleSetOfCallers, OnlyTheRulesThatARequestNamesAreCounted) {
  Rule other = kByKey;
  other.name = "other";
  const auto set = compiled({kByKey, other, {.name = "free", .match = {.paths = {"/v1"}}, .unlimited = true}});
  const std::string_view only[] = {"other", "not there"};
  Matches matches;
  set->match({.path = "/v1", .only_rules = only}, {.api_key = "k"}, {}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(matches.limits()[0].rule, 1u);
  EXPECT_FALSE(matches.exempted_by().has_value());
}

TEST(RuleSetOfCallers, SayWhichLimitHoldsAndWhy) {
  const auto set =
      compiled({kByKey,
                {.name = "plans", .per = {{.kind = PartKind::kApiKey}}, .by_plan = {{"pro", per_minute(5)}}},
                {.name = "quiet", .limit = per_minute(1), .mode = RuleMode::kOff},
                {.name = "all", .limit = per_minute(9)}});
  const LimitOfRule key[] = {{.rule = "chat", .limit = {.units = 7, .period = Duration::seconds(60)}}};
  const LimitOfRule workspace[] = {{.rule = "all", .limit = {}}};
  KnownCaller caller{.key_id = "key_1", .plan = "pro", .own_limits = {key, workspace}};
  auto all = set->effective_limits(caller);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].source, LimitSource::kKey);
  EXPECT_EQ(all[0].limit, per_minute(7));
  EXPECT_EQ(all[1].source, LimitSource::kRuleByPlan);
  EXPECT_EQ(all[1].limit, per_minute(5));
  EXPECT_EQ(all[2].rule, 3u);
  EXPECT_EQ(all[2].source, LimitSource::kWorkspace);
  EXPECT_FALSE(all[2].limit.has_value());
  caller.plan = "other";
  all = set->effective_limits(caller);
  EXPECT_EQ(all[1].source, LimitSource::kNone);
}

}  // namespace
}  // namespace rateguard::rules
