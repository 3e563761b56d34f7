// What a rule that matches says: exemptions, groups, limits by name, costs, prefixes.
#include <gtest/gtest.h>

#include "rules/cost_table.h"
#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

Limit of_units(uint32_t units) {
  return Limit::fixed_window(units, Duration::seconds(60)).value();
}

Rule rule_for(std::string name, Match match, std::initializer_list<const char*> per = {}) {
  Rule made{.name = std::move(name), .match = std::move(match), .limit = of_units(5)};
  for (const char* part : per) made.per.push_back(Part::parse(part).value());
  return made;
}

Rule in_group(Rule made, std::string group = "g") {
  made.group = std::move(group);
  return made;
}

Rule unlimited(std::string name, Match match) {
  return {.name = std::move(name), .match = std::move(match), .unlimited = true};
}

std::shared_ptr<const RuleSet> compiled(std::vector<Rule> rules) {
  auto set = RuleSet::compile(std::move(rules));
  EXPECT_TRUE(set.has_value()) << (set ? "" : set.error().to_string());
  return set.value_or(nullptr);
}

std::string refusal(std::vector<Rule> rules) {
  const auto set = RuleSet::compile(std::move(rules));
  return set ? "compiled" : set.error().message;
}

// The names of the rules that apply; "-NAME" for one that rejects, "+NAME" for one that exempts.
std::string said_by(const RuleSet& set, const RequestFacts& facts, const Subject& subject = {}) {
  Matches matches;
  set.match(facts, subject, Instant{}, matches);
  std::string text;
  const auto add = [&](std::string_view sign, RuleId id) {
    text += (text.empty() ? "" : " ") + std::string(sign) + set.rules()[id].name;
  };
  for (const auto& limit : matches.limits()) add("", limit.rule);
  if (matches.rejected_by()) add("-", *matches.rejected_by());
  if (matches.exempted_by()) add("+", *matches.exempted_by());
  return text;
}

Match path(std::string text) {
  return {.paths = {std::move(text)}};
}

Match caller(std::string user) {
  return {.values = {{.of = {.kind = PartKind::kUser}, .values = {std::move(user)}}}};
}

TEST(Exemption, AnUnlimitedRuleTakesItsRequestsOutOfEveryOther) {
  Rule shadow = rule_for("shadow", {});
  shadow.mode = RuleMode::kShadow;
  const auto set =
      compiled({rule_for("all", {}), rule_for("keys", {}, {"api_key"}), shadow, unlimited("staff", caller("ann"))});
  EXPECT_EQ(said_by(*set, {}, {.user = "ann"}), "+staff") << "wherever it stands, and also for who lacks a key";
  EXPECT_EQ(said_by(*set, {}, {.user = "bob"}), "all shadow -keys");
}

TEST(Exemption, OfEveryoneIsRefused) {
  EXPECT_TRUE(refusal({unlimited("r", {})}).contains("matches everything; say whom with match"));
  Rule shadow = unlimited("r", caller("ann"));
  shadow.mode = RuleMode::kShadow;
  EXPECT_TRUE(refusal({shadow}).contains("which a shadow rule never does"));
  EXPECT_EQ(refusal({in_group(unlimited("r", {}))}), "compiled");
}

TEST(Group, OnlyTheMostSpecificOfItsRulesApplies) {
  const auto set = compiled({in_group(rule_for("api", path("/api/*"))), rule_for("all", {}),
                             in_group(rule_for("rest", {})), in_group(rule_for("upload", path("/api/upload")))});
  EXPECT_EQ(said_by(*set, {.path = "/api/upload"}), "all upload");
  EXPECT_EQ(said_by(*set, {.path = "/api/x"}), "api all");
  EXPECT_EQ(said_by(*set, {.path = "/x"}), "all rest");
}

TEST(Group, HostComesBeforePathBeforeMethodBeforeTheNumberOfConditions) {
  const auto first = [](std::vector<Rule> rules) {
    for (Rule& each : rules) each.group = "g";
    return said_by(*compiled(std::move(rules)), {.method = "GET", .path = "/a/b", .host = "x.example.com"},
                   {.ip = IpAddress::parse("10.0.0.1"), .user = "ann"});
  };
  const Match by_host{.hosts = {"x.example.com"}};
  const Match by_suffix{.hosts = {"*.example.com"}};
  const Match by_wide_suffix{.hosts = {"*.com"}};
  const Match by_method{.methods = {"GET"}};
  EXPECT_EQ(first({rule_for("path", path("/a/b")), rule_for("wide", by_wide_suffix), rule_for("suffix", by_suffix),
                   rule_for("host", by_host)}),
            "host");
  EXPECT_EQ(first({rule_for("path", path("/a/b")), rule_for("wide", by_wide_suffix), rule_for("suffix", by_suffix)}),
            "suffix");
  EXPECT_EQ(first({rule_for("path", path("/a/b")), rule_for("wide", by_wide_suffix)}), "wide");
  EXPECT_EQ(
      first({rule_for("everything", path("/*")), rule_for("below", path("/a/*")), rule_for("brace", path("/a/{x}")),
             rule_for("braces", path("/{x}/b")), rule_for("exact", path("/a/b"))}),
      "exact");
  EXPECT_EQ(first({rule_for("everything", path("/*")), rule_for("braces", path("/{x}/b")),
                   rule_for("below", path("/a/*")), rule_for("brace", path("/a/{x}"))}),
            "brace");
  EXPECT_EQ(
      first({rule_for("everything", path("/*")), rule_for("braces", path("/{x}/b")), rule_for("below", path("/a/*"))}),
      "below");
  EXPECT_EQ(first({rule_for("everything", path("/*")), rule_for("braces", path("/{x}/b"))}), "braces");
  EXPECT_EQ(first({rule_for("method", by_method), rule_for("everything", path("/*"))}), "everything");
  EXPECT_EQ(first({rule_for("user", caller("ann")), rule_for("method", by_method)}), "method");
  EXPECT_EQ(first({rule_for("all", {}), rule_for("user", caller("ann"))}), "user");
  EXPECT_EQ(first({rule_for("one", caller("ann")), rule_for("two", caller("ann"))}), "one") << "equals: as in the file";
}

TEST(Group, ARuleCountsByTheMostSpecificOfItsOwnHostsAndPaths) {
  const Match several{.hosts = {"*.com", "x.example.com"}, .paths = {"/*", "/a"}};
  const auto set = compiled({in_group(rule_for("suffix", {.hosts = {"*.example.com"}, .paths = {"/a"}})),
                             in_group(rule_for("several", several))});
  EXPECT_EQ(said_by(*set, {.path = "/a", .host = "x.example.com"}), "several");
  EXPECT_EQ(said_by(*set, {.path = "/a", .host = "y.example.com"}), "suffix");
}

TEST(Group, ARuleThatLeavesTheRequestAloneLeavesItToTheNextOne) {
  Rule named = in_group(rule_for("named", {}, {"user"}));
  named.missing = Missing::kSkip;
  const auto set = compiled({named, in_group(rule_for("anonymous", {}, {"ip"}))});
  const auto ip = IpAddress::parse("10.0.0.1");
  EXPECT_EQ(said_by(*set, {}, {.ip = ip, .user = "ann"}), "named");
  EXPECT_EQ(said_by(*set, {}, {.ip = ip}), "anonymous");
  EXPECT_EQ(said_by(*set, {}), "-anonymous");
}

TEST(Group, ARuleThatDoesNotApplyRejectsNobody) {
  const auto set = compiled(
      {in_group(rule_for("keys", path("/api/*"), {"api_key"})), in_group(rule_for("login", path("/api/login")))});
  EXPECT_EQ(said_by(*set, {.path = "/api/login"}), "login");
  EXPECT_EQ(said_by(*set, {.path = "/api/x"}), "-keys");
}

TEST(Group, AnUnlimitedRuleExemptsFromItsGroupAlone) {
  const auto set = compiled({in_group(rule_for("api", path("/api/*"))), rule_for("all", {}),
                             in_group(unlimited("health", path("/api/health")))});
  EXPECT_EQ(said_by(*set, {.path = "/api/health"}), "all");
  EXPECT_EQ(said_by(*set, {.path = "/api/x"}), "api all");
}

TEST(Group, AShadowRuleNeverTakesTheEnforcedOnesPlace) {
  const auto shadowed = [](Rule made) {
    made.mode = RuleMode::kShadow;
    return in_group(std::move(made));
  };
  const auto set = compiled({in_group(rule_for("api", path("/api/*"))),
                             shadowed(rule_for("upload", path("/api/upload"))), shadowed(rule_for("rest", {}))});
  EXPECT_EQ(said_by(*set, {.path = "/api/upload"}), "api upload") << "as it would be, and as it is";
  EXPECT_EQ(said_by(*set, {.path = "/api/x"}), "api") << "a shadow rule that would not apply counts nothing";
  EXPECT_EQ(said_by(*set, {.path = "/x"}), "rest");
}

TEST(Group, GroupsAreChosenFromApart) {
  const auto set = compiled({in_group(rule_for("a", {}), "one"), in_group(rule_for("b", path("/x")), "two"),
                             in_group(rule_for("c", path("/x")), "one"), in_group(rule_for("d", {}), "two")});
  EXPECT_EQ(said_by(*set, {.path = "/x"}), "b c");
  EXPECT_EQ(said_by(*set, {.path = "/y"}), "a d");
}

Rule with_names(Rule made, std::vector<std::pair<std::string, std::optional<Limit>>> named) {
  SubjectLimits limits;
  for (auto& [name, limit] : named) {
    limits.subjects.emplace_back(name, static_cast<uint32_t>(limits.limits.size()));
    limits.limits.push_back(limit);
  }
  made.by_subject = std::make_shared<const SubjectLimits>(std::move(limits));
  return made;
}

uint64_t capacity(const RuleSet& set, const Subject& subject) {
  Matches matches;
  set.match({}, subject, Instant{}, matches);
  return matches.limits().empty() ? 0 : matches.limits()[0].limit->capacity;
}

TEST(BySubject, ANameComesBeforeThePlanBeforeTheRule) {
  Rule by_plan = rule_for("r", {}, {"user"});
  by_plan.limit.reset();
  by_plan.by_plan = {{"pro", of_units(50)}, {"default", of_units(10)}};
  const auto set = compiled({with_names(by_plan, {{"ann", of_units(100)}, {"root", std::nullopt}})});
  EXPECT_EQ(capacity(*set, {.user = "ann", .plan = "pro"}), 100u);
  EXPECT_EQ(capacity(*set, {.user = "bob", .plan = "pro"}), 50u);
  EXPECT_EQ(capacity(*set, {.user = "bob"}), 10u);
  EXPECT_EQ(capacity(*set, {.user = "root"}), 0u) << "unlimited";
}

TEST(BySubject, ANameKeepsItsCounterWhenItsLimitChanges) {
  const auto key = [](const RuleSet& set) {
    Matches matches;
    set.match({}, {.user = "ann"}, Instant{}, matches);
    return std::string(matches.limits()[0].key);
  };
  EXPECT_EQ(key(*compiled({rule_for("r", {}, {"user"})})),
            key(*compiled({with_names(rule_for("r", {}, {"user"}), {{"ann", of_units(100)}})})));
}

TEST(BySubject, AnAddressIsNamedAsItIsCounted) {
  Rule by_ip = rule_for("r", {}, {"ip", "route"});
  by_ip.prefixes = {.v4 = 24, .v6 = 48};
  const auto set = compiled({with_names(by_ip, {{"192.0.2.0", of_units(100)}, {"2001:db8:1::", of_units(200)}})});
  const auto at = [](const char* text) { return Subject{.ip = IpAddress::parse(text)}; };
  EXPECT_EQ(capacity(*set, at("192.0.2.77")), 100u);
  EXPECT_EQ(capacity(*set, at("192.0.3.77")), 5u);
  EXPECT_EQ(capacity(*set, at("2001:db8:1:ffff::1")), 200u);
  EXPECT_EQ(capacity(*set, {.user = "ann"}), 0u);
}

TEST(BySubject, ALookUpByNameFindsTheSameLimitAndCounter) {
  const auto set =
      compiled({with_names(rule_for("r", {}, {"user"}), {{"ann", of_units(100)}, {"root", std::nullopt}})});
  std::string key;
  const auto looked = [&](std::string_view user) {
    return set->lookup("r", std::array{user}, "", 64, key).value().limit;
  };
  EXPECT_EQ(looked("ann")->capacity, 100u);
  EXPECT_EQ(looked("bob")->capacity, 5u);
  EXPECT_EQ(looked("root"), nullptr);
}

TEST(BySubject, NeedsOneCallerToName) {
  EXPECT_TRUE(refusal({with_names(rule_for("r", {}), {{"ann", of_units(1)}})}).contains("counts by one caller"));
  EXPECT_TRUE(refusal({with_names(rule_for("r", {}, {"user", "ip"}), {{"ann", of_units(1)}})}).contains("one caller"));
  EXPECT_TRUE(
      refusal({with_names(rule_for("r", {}, {"ip"}), {{"ann", of_units(1)}})}).contains("'ann' is not an IP address"));
}

uint64_t cost(const RuleCost& of, const RequestFacts& facts) {
  Rule made = rule_for("r", {});
  made.cost = of;
  Matches matches;
  compiled({made})->match(facts, {}, Instant{}, matches);
  return matches.limits()[0].cost.units;
}

TEST(RuleCost, HeaderBeforePathBeforeMethodBeforeTheRule) {
  const RuleCost all{.header = "X-Cost",
                     .header_max = 1'000,
                     .by_path = {{"/api/*", 3}, {"/api/export", 50}},
                     .by_method = {{"POST", 5}},
                     .units = 2};
  const auto asks = [&](std::string_view method, std::string_view where, std::string_view header = {}) {
    const std::vector<Header> headers = {{.name = "x-cost", .value = header}};
    return cost(all, {.method = method, .path = where, .headers = headers});
  };
  EXPECT_EQ(asks("GET", "/"), 2u);
  EXPECT_EQ(asks("post", "/"), 5u);
  EXPECT_EQ(asks("POST", "/api/x"), 3u);
  EXPECT_EQ(asks("POST", "/api//export?x"), 50u);
  EXPECT_EQ(asks("POST", "/api/export", " 70 "), 70u);
  EXPECT_EQ(asks("POST", "/api/export", "1001"), 1'000u) << "bounded";
  EXPECT_EQ(asks("POST", "/api/export", "99999999999999999999999999"), 1'000u);
  EXPECT_EQ(asks("POST", "/api/export", "0"), 1u) << "nobody may ask for nothing";
  for (const char* no_number : {"", "-1", "1.5", "1e3", "0x10", "many", "1 2"}) {
    EXPECT_EQ(asks("POST", "/api/export", no_number), 50u) << no_number;
  }
}

TEST(RuleCost, WeighsWhatTheRequestSaysItCosts) {
  EXPECT_EQ(cost({.units = 3}, {.cost = {4}}), 12u);
  EXPECT_EQ(cost({.units = 3}, {.cost = {0}}), 0u) << "a look stays a look";
  EXPECT_EQ(weighed({4, Movement::kGiveBack}, 3), (Cost{12, Movement::kGiveBack}))
      << "what is given back weighs the same";
  EXPECT_EQ(cost({.units = 4'000'000'000}, {.cost = {4'000'000'000}}), kUnitsMax + 1) << "no limit can hold that";
  EXPECT_EQ(cost({.by_method = {{"GET", 0}}}, {.method = "GET", .cost = {4}}), 0u);
  Rule made = rule_for("r", {}, {"user"});
  made.cost = {.by_method = {{"GET", 9}}, .units = 3};
  std::string key;
  EXPECT_EQ(compiled({made})->lookup("r", std::array{std::string_view("ann")}, "", 64, key)->cost, Cost{3});
}

TEST(Prefixes, OfARuleTakeTheOthersPlace) {
  Rule made = rule_for("r", {}, {"ip"});
  const auto key = [&](const char* address) {
    const auto whole = IpAddress::parse(address);
    Matches matches;
    compiled({made})->match({}, {.ip = whole->masked_v6(64), .address = whole}, Instant{}, matches);
    return std::string(matches.limits()[0].key);
  };
  made.prefixes = {.v4 = 24};
  EXPECT_EQ(key("192.0.2.1"), key("192.0.2.200"));
  EXPECT_NE(key("192.0.2.1"), key("192.0.3.1"));
  EXPECT_EQ(key("2001:db8:1:2:3::"), key("2001:db8:1:2:4::")) << "as identify() has it";
  EXPECT_NE(key("2001:db8:1:2::"), key("2001:db8:1:3::"));
  made.prefixes = {.v6 = 128};
  EXPECT_NE(key("2001:db8:1:2:3::"), key("2001:db8:1:2:4::")) << "longer than the server's";
  EXPECT_NE(key("192.0.2.1"), key("192.0.2.200"));
  made.prefixes = {.v4 = 1, .v6 = 1};
  EXPECT_EQ(key("2001:db8::"), key("7fff::1"));
  EXPECT_EQ(key("192.0.2.1"), key("255.0.2.1"));
  std::string looked_up;
  EXPECT_TRUE(compiled({made})->lookup("r", std::array{std::string_view("192.0.2.1")}, "", 64, looked_up).has_value());
  EXPECT_EQ(looked_up, key("192.0.2.1"));
}

}  // namespace
}  // namespace rateguard::rules
