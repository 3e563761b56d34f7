#include "rules/futile_terms.h"

#include <gtest/gtest.h>

#include "rules/rule_warnings.h"

namespace rateguard::rules {
namespace {

using Kind = ValueCondition::Kind;

const Part kHeader{.kind = PartKind::kHeader, .name = "X-Key"};
const Part kUser{.kind = PartKind::kUser};
const Part kPlan{.kind = PartKind::kPlan};

std::optional<Limit> five() {
  return Limit::gcra(5, {.units = 5}).value();
}

// The one thing that is futile, "none", or "several".
std::string futile(const Rule& rule) {
  const auto said = futile_terms(rule);
  if (said.empty()) return "none";
  return said.size() == 1 ? said[0] : "several";
}

std::vector<IpPrefix> networks(std::initializer_list<const char*> texts) {
  std::vector<IpPrefix> out;
  for (const char* text : texts) out.push_back(IpPrefix::parse(text).value());
  return out;
}

std::shared_ptr<const SubjectLimits> named(std::initializer_list<const char*> names) {
  SubjectLimits limits{.limits = {five()}};
  for (const char* name : names) limits.subjects.emplace_back(name, 0);
  return std::make_shared<const SubjectLimits>(limits);
}

TEST(FutileTerms, CountingByAHeaderThatTheMatchAsksToBeAbsent) {
  Rule rule{.name = "r",
            .match = {.values = {{.of = {.kind = PartKind::kHeader, .name = "x-key"}, .kind = Kind::kAbsent}}},
            .per = {kHeader},
            .limit = five()};
  EXPECT_EQ(futile(rule),
            "counts per header:X-Key, which its match asks to be absent: it refuses every request that it matches; "
            "count by something that these requests have, such as ip");
  rule.missing = Missing::kSkip;
  EXPECT_TRUE(futile(rule).contains("to be absent: it never applies; ")) << futile(rule);
  rule.missing = Missing::kIp;
  EXPECT_EQ(futile(rule), "none") << "they are counted by their address";
  rule.missing = Missing::kReject;
  rule.match.values[0].kind = Kind::kPresent;
  EXPECT_EQ(futile(rule), "none");
}

TEST(FutileTerms, PlansThatTheMatchAndTheLimitsDoNotShare) {
  Rule rule{.name = "r",
            .match = {.values = {{.of = kPlan, .values = {"gold", "free"}}}},
            .per = {kUser},
            .by_plan = {{"free", five()}}};
  EXPECT_EQ(futile(rule),
            "matches the plan 'gold', for which by_plan has no limit: its requests are all refused; add it to by_plan, "
            "or give by_plan a default");
  rule.by_plan.emplace("default", five());
  EXPECT_EQ(futile(rule), "none");
  rule.by_plan.emplace("silver", five());
  EXPECT_EQ(futile(rule),
            "has a limit for the plan 'silver', which its match leaves out; add it to match.plan, or remove its limit");
  rule = {.name = "r", .match = {.values = {{.of = kPlan, .kind = Kind::kAbsent}}}, .by_plan = {{"free", five()}}};
  EXPECT_TRUE(futile(rule).starts_with("limits by_plan, and its match asks for requests without a plan: it refuses"));
}

TEST(FutileTerms, NamesWhomTheMatchLeavesOut) {
  Rule rule{.name = "r",
            .match = {.values = {{.of = kUser, .values = {"ann", "bob"}}}},
            .per = {kUser},
            .limit = five(),
            .by_subject = named({"ann", "carl", "dora"})};
  EXPECT_EQ(futile(rule),
            "has limits by name for 'carl' and 1 more, whom its match leaves out; widen match, or remove the names");
  rule.match.values = {{.of = kUser, .kind = Kind::kNoneOf, .values = {"dora"}}};
  EXPECT_TRUE(futile(rule).contains("for 'dora', whom"));
  const Part key{.kind = PartKind::kApiKey};
  rule.match.values = {{.of = key, .values = {"k1"}}};
  rule.per = {key};
  EXPECT_TRUE(futile(rule).contains("for 3 of its by_subject, whom")) << "keys are not shown";
  const Part session{.kind = PartKind::kCookie, .name = "session"};
  rule.match.values = {{.of = session, .values = {"s1"}}};
  rule.per = {session};
  EXPECT_TRUE(futile(rule).contains("for 3 of its by_subject, whom")) << "nor are cookies";
  rule.match = {.address = {.inside = networks({"10.0.0.0/8"}), .outside = networks({"10.9.0.0/16"})}};
  rule.per = {{.kind = PartKind::kIp}};
  rule.by_subject = named({"10.1.2.3", "10.9.2.3", "192.0.2.1"});
  EXPECT_TRUE(futile(rule).contains("for '10.9.2.3' and 1 more"));
  rule.prefixes.v4 = 4;
  EXPECT_EQ(futile(rule), "none") << "a name of a whole network, a part of which is inside";
}

TEST(FutileTerms, CostsThatTheLimitCanNeverHold) {
  Rule rule{.name = "r", .limit = five(), .cost = {.units = 6}};
  EXPECT_EQ(futile(rule),
            "never admits a request: each costs 6, and the limit holds 5 at most; lower the cost, or raise the limit "
            "(its burst or capacity)");
  rule.cost.units = 5;
  EXPECT_EQ(futile(rule), "none");
  rule.cost = {.by_path = {{.path = "/export", .units = 50}}};
  EXPECT_TRUE(futile(rule).starts_with("never admits a request for /export: each costs 50, and the limit holds 5"));
  rule.cost = {.by_method = {{"POST", 50}}};
  EXPECT_TRUE(futile(rule).starts_with("never admits a POST request: "));
  rule.cost = {.by_path = {{.path = "/cheap", .units = 1}}, .by_method = {{"POST", 50}}};
  EXPECT_TRUE(futile(rule).starts_with("never admits a POST request for another path: ")) << futile(rule);
  rule.cost = {.header = "X-Cost", .header_max = 5, .by_path = {{.path = "/export", .units = 50}}};
  EXPECT_TRUE(futile(rule).starts_with("never admits a request for /export that does not say its cost: "))
      << futile(rule);
  rule.cost = {.by_method = {{"GET", 1}}, .units = 9};
  EXPECT_TRUE(futile(rule).starts_with("never admits a request of the default cost: "));
  rule.cost = {.units = 6};
  rule.limit = rule.limit->with_overdraft().value();
  EXPECT_EQ(futile(rule), "none") << "debt is taken whole";
  rule = {.name = "r", .by_plan = {{"big", std::nullopt}, {"small", five()}}, .cost = {.units = 6}};
  EXPECT_TRUE(futile(rule).starts_with("never admits a request of the plan 'small': ")) << futile(rule);
}

TEST(FutileTerms, CostsOfRequestsThatTheMatchLeavesOut) {
  Rule rule{.name = "r",
            .match = {.methods = {"GET"}, .paths = {"/api/*", "/x/{id}"}},
            .limit = five(),
            .cost = {.by_path = {{.path = "/api/export", .units = 2}}, .by_method = {{"GET", 2}}}};
  EXPECT_EQ(futile(rule), "none");
  rule.cost = {.by_method = {{"POST", 2}}};
  EXPECT_EQ(futile(rule),
            "has a cost for POST requests, which its match leaves out; add POST to match.method, or remove its cost");
  rule.cost = {.by_path = {{.path = "/export", .units = 2}}};
  EXPECT_EQ(futile(rule),
            "has a cost for /export, which its match leaves out; add it to match.path, or remove its cost");
  rule.cost = {.by_path = {{.path = "/{any}", .units = 2}, {.path = "/x/y", .units = 2}, {.path = "/*", .units = 3}}};
  EXPECT_EQ(futile(rule), "none") << "/{any} is /api, too";
}

TEST(FutileTerms, ACostOfZeroRefusesNobody) {
  Rule rule{.name = "r", .limit = five(), .cost = {.by_path = {{.path = "/a", .units = 0}}, .units = 0}};
  EXPECT_EQ(futile(rule),
            "never refuses: every request costs 0; leave cost out, or exempt the requests with limit: unlimited");
  rule.cost.by_path[0].units = 1;
  EXPECT_EQ(futile(rule), "none");
}

TEST(FutileTerms, NoAddressThatIsLeft) {
  const Rule rule{.name = "r", .match = {.address = {.outside = networks({"::/1", "8000::/1"})}}, .limit = five()};
  EXPECT_TRUE(futile(rule).starts_with("takes out every address with not_ip")) << futile(rule);
  const Rule all_v4{.name = "r", .match = {.address = {.outside = networks({"0.0.0.0/0"})}}, .limit = five()};
  EXPECT_EQ(futile(all_v4), "none");
}

TEST(FutileTerms, ExceptionsFromWhatTheMatchDoesNotHold) {
  Rule rule{.name = "r", .match = {.paths = {"/api/*"}, .except = {.paths = {"/admin/*"}}}, .limit = five()};
  EXPECT_EQ(futile(rule),
            "leaves out /admin/* with not_path, which its path /api/* does not hold anyway; remove not_path, or widen "
            "path");
  rule.match.except.paths = {"/{any}/health"};
  EXPECT_EQ(futile(rule), "none");
  rule.match = {.methods = {"GET"}, .except = {.methods = {"POST"}}};
  EXPECT_TRUE(futile(rule).starts_with("leaves out POST with not_method, which its method GET does not hold anyway"));
  rule.match = {.except = {.methods = {"POST"}, .paths = {"/admin/*"}}};
  EXPECT_EQ(futile(rule), "none");
}

TEST(FutileTerms, AMatchCoversAnotherWhereEveryTermDoes) {
  EXPECT_TRUE(covers({}, {.paths = {"/a"}}));
  EXPECT_TRUE(covers({.paths = {"/a/*"}}, {.methods = {"GET"}, .paths = {"/a/b", "/a/{x}/c"}}));
  EXPECT_FALSE(covers({.paths = {"/a/*"}}, {.paths = {"/a/b", "/b"}}));
  EXPECT_FALSE(covers({.methods = {"GET"}}, {}));
  EXPECT_TRUE(covers({.hosts = {"*.example.com"}}, {.hosts = {"a.example.com"}}));
  EXPECT_TRUE(
      covers({.address = {.inside = networks({"10.0.0.0/8"})}}, {.address = {.inside = networks({"10.1.0.0/16"})}}));
  EXPECT_FALSE(covers({.address = {.inside = networks({"10.0.0.0/8"})}}, {}));
  EXPECT_FALSE(covers({.except = {.paths = {"/a"}}}, {}));
  EXPECT_FALSE(covers({.when = {{.days = 1}}}, {}));
  EXPECT_FALSE(covers({.values = {{.of = kUser, .kind = Kind::kPresent}}}, {}));
  EXPECT_TRUE(covers({.values = {{.of = kUser, .kind = Kind::kPresent}}},
                     {.paths = {"/a"}, .values = {{.of = kUser, .kind = Kind::kPresent}}}));
}

TEST(RuleWarnings, ARuleThatAnotherOneExemptsAltogether) {
  std::vector<Rule> rules = {{.name = "limit", .match = {.paths = {"/api/login"}}, .limit = five()},
                             {.name = "free", .match = {.paths = {"/api/*"}}, .unlimited = true}};
  const auto warnings = rule_warnings(rules);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].message,
            "rule 'limit' never applies: 'free' exempts all requests that it matches; narrow the match of 'free', or "
            "remove one of the two");
  rules[1].match.methods = {"GET"};
  EXPECT_TRUE(rule_warnings(rules).empty());
}

}  // namespace
}  // namespace rateguard::rules
