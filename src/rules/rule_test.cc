#include "rules/rule.h"

#include <gtest/gtest.h>

#include "rules/rule_check.h"

namespace rateguard::rules {
namespace {

TEST(Part, ReadsAndWritesEveryKind) {
  for (const char* text : {"ip", "api_key", "user", "workspace", "plan", "route", "global", "member", "tag:team",
                           "header:X-Tenant", "cookie:sid", "jwt:sub", "jwt:https://example.com/tenant id"}) {
    const auto part = Part::parse(text);
    ASSERT_TRUE(part.has_value()) << text;
    EXPECT_EQ(part->to_string(), text);
  }
  EXPECT_EQ(Part::parse("header:X-Tenant")->kind, PartKind::kHeader);
  EXPECT_EQ(Part::parse("header:X-Tenant")->name, "X-Tenant");
  EXPECT_EQ(Part::parse("jwt:sub")->kind, PartKind::kClaim);
}

TEST(Part, RefusesOthersAndListsThePossibleForms) {
  for (const char* text :
       {"", "IP", "ipv4", "header", "header:", "header:a b", "cookie:", "cookie:a=b", "jwt:", "claim:x"}) {
    EXPECT_FALSE(Part::parse(text).has_value()) << text;
  }
  EXPECT_EQ(Part::parse("session").error().message,
            "cannot count by 'session'; expected ip, api_key, user, workspace, plan, member, route, global, "
            "header:NAME, cookie:NAME, jwt:CLAIM or tag:NAME");
  EXPECT_FALSE(Part::parse("header:" + std::string(257, 'a')).has_value());
}

TEST(CheckRule, Names) {
  for (const char* name : {"a", "login", "plan-quota", "api/v1: reads", "~"})
    EXPECT_TRUE(check_rule_name(name)) << name;
  for (const std::string name : {"", " a", "a ", "a\"b", "a\\b", "a\nb", "\xC3\xA9"}) {
    EXPECT_FALSE(check_rule_name(name)) << name;
  }
  EXPECT_TRUE(check_rule_name(std::string(kRuleNameMax, 'x')));
  EXPECT_FALSE(check_rule_name(std::string(kRuleNameMax + 1, 'x')));
}

TEST(CheckRule, Parts) {
  const auto check = [](std::initializer_list<const char*> texts) {
    std::vector<Part> parts;
    for (const char* text : texts) parts.push_back(Part::parse(text).value());
    return check_parts(parts).has_value();
  };
  EXPECT_TRUE(check({}));
  EXPECT_TRUE(check({"global"}));
  EXPECT_TRUE(check({"ip", "route", "header:a", "header:b"}));
  EXPECT_FALSE(check({"ip", "global"}));
  EXPECT_FALSE(check({"ip", "user", "ip"}));
  EXPECT_FALSE(check({"jwt:a", "jwt:b", "jwt:c", "jwt:d", "jwt:e", "jwt:f", "jwt:g", "jwt:h", "jwt:i"}));
}

TEST(CheckRule, NeedsExactlyOneSourceOfLimits) {
  Rule rule{.name = "r", .position = {.file = "f", .line = 3, .column = 5}};
  EXPECT_EQ(check_rule(rule).error().to_string(), "f:3:5: rule 'r': a rule needs a limit, or limits by_plan");
  rule.limit = Limit::fixed_window(1, Duration::seconds(1)).value();
  EXPECT_TRUE(check_rule(rule));
  rule.by_plan["free"] = std::nullopt;
  EXPECT_FALSE(check_rule(rule));
  rule.limit.reset();
  EXPECT_TRUE(check_rule(rule));
}

}  // namespace
}  // namespace rateguard::rules
