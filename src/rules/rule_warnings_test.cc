#include "rules/rule_warnings.h"

#include <gtest/gtest.h>

namespace rateguard::rules {
namespace {

Rule rule_on(std::vector<std::string> paths, std::vector<Part> per) {
  return {.name = "r",
          .match = {.paths = std::move(paths)},
          .per = std::move(per),
          .limit = Limit::gcra(1, {.units = 1}).value(),
          .position = {.file = "f", .line = 3, .column = 5}};
}

const Part kByIp{.kind = PartKind::kIp};
const Part kByRoute{.kind = PartKind::kRoute};

std::string only_warning(const Rule& rule) {
  const auto warnings = rule_warnings({&rule, 1});
  if (warnings.empty()) return "none";
  return warnings.size() == 1 ? warnings[0].to_string() : "several";
}

TEST(RuleWarnings, APrefixCountedByRouteDoesNotLimitCallersWithEverNewPaths) {
  EXPECT_EQ(
      only_warning(rule_on({"/api/*"}, {kByIp, kByRoute})),
      "f:3:5: rule 'r' counts by route, but /api/* is a prefix: each distinct path has a counter of its own, so a "
      "caller who asks for ever new paths is never limited; leave route out, or name the routes, as in "
      "/api/items/{id}");
  EXPECT_TRUE(only_warning(rule_on({}, {kByRoute})).contains("it matches every path"));
  EXPECT_TRUE(only_warning(rule_on({"/login", "/a/*"}, {kByRoute})).contains("/a/* is a prefix"));
  EXPECT_EQ(only_warning(rule_on({"/api/*"}, {kByIp})), "none");
  EXPECT_EQ(only_warning(rule_on({"/login", "/items/{id}", "/users/{id}/*"}, {kByIp, kByRoute})), "none");
  Rule off = rule_on({"/api/*"}, {kByRoute});
  off.mode = RuleMode::kOff;
  EXPECT_EQ(only_warning(off), "none");
}

TEST(RuleWarnings, AnAddressAsHostIsNotTheCallers) {
  Rule rule = rule_on({}, {kByIp});
  rule.match.hosts = {"api.example.com", "192.0.2.1"};
  EXPECT_EQ(
      only_warning(rule),
      "f:3:5: rule 'r' matches requests to 192.0.2.1; for requests from that address write match: {ip: 192.0.2.1}");
  rule.match.hosts = {"[2001:db8::1]"};
  EXPECT_TRUE(only_warning(rule).contains("from that address"));
  rule.match.hosts = {"1.example.com"};
  EXPECT_EQ(only_warning(rule), "none");
}

TEST(RuleWarnings, TwoPathsInOne) {
  EXPECT_EQ(only_warning(rule_on({"/a,/b"}, {})),
            "f:3:5: rule 'r' matches the one path /a,/b, comma included; several paths are a list: [/a, /b]");
}

TEST(RuleWarnings, ARuleThatAnEarlierOneOfItsGroupHides) {
  const auto two = [](const auto& change) {
    std::vector<Rule> rules = {rule_on({"/a"}, {kByIp}), rule_on({"/a"}, {})};
    rules[0].name = "first";
    for (Rule& rule : rules) rule.group = "g";
    change(rules);
    const auto warnings = rule_warnings(rules);
    return warnings.empty() ? "none" : warnings[0].message;
  };
  EXPECT_EQ(two([](auto&) {}),
            "rule 'r' never applies: 'first', before it in the group 'g', matches the same requests");
  EXPECT_EQ(two([](auto& rules) { rules[0].missing = Missing::kSkip; }), "none") << "it takes what the first leaves";
  EXPECT_EQ(two([](auto& rules) { rules[0].mode = RuleMode::kShadow; }), "none");
  EXPECT_EQ(two([](auto& rules) { rules[1].match.methods = {"GET"}; }), "none");
  EXPECT_EQ(two([](auto& rules) { rules[1].group = "h"; }), "none");
}

}  // namespace
}  // namespace rateguard::rules
