#include "rules/rule_set.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#include "store/counter_key.h"

namespace rateguard::rules {
namespace {

Limit some_limit(uint32_t units = 5) {
  return Limit::token_bucket(units, {.units = units}).value();
}

// A rule on some paths, counted by some parts.
Rule rule(std::string name, std::vector<std::string> paths, std::initializer_list<const char*> per = {}) {
  Rule made{.name = std::move(name), .match = {.paths = std::move(paths)}, .limit = some_limit()};
  for (const char* part : per) made.per.push_back(Part::parse(part).value());
  return made;
}

std::shared_ptr<const RuleSet> compile(std::vector<Rule> rules) {
  auto set = RuleSet::compile(std::move(rules));
  EXPECT_TRUE(set.has_value()) << (set ? "" : set.error().to_string());
  return set.value_or(nullptr);
}

// The names of the rules that apply, with a space between.
std::string names(const RuleSet& set, const RequestFacts& facts, const Subject& subject = {}) {
  Matches matches;
  set.match(facts, subject, Instant{}, matches);
  std::string text;
  for (const auto& limit : matches.limits()) text += (text.empty() ? "" : " ") + set.rules()[limit.rule].name;
  return text;
}

std::string key_of(const RuleSet& set, const RequestFacts& facts, const Subject& subject) {
  Matches matches;
  set.match(facts, subject, Instant{}, matches);
  EXPECT_EQ(matches.limits().size(), 1u);
  return matches.limits().empty() ? "" : std::string(matches.limits()[0].key);
}

std::string expected_key(std::string_view name, std::initializer_list<std::string_view> parts,
                         Algorithm algorithm = Algorithm::kTokenBucket) {
  std::string key;
  CounterKey::begin_rule(key, name, algorithm);
  for (const auto part : parts) CounterKey::append_part(key, part);
  return key;
}

std::string looked_up(const RuleSet& set, std::string_view name, std::vector<std::string_view> parts,
                      std::string_view plan = "") {
  std::string key;
  const auto found = set.lookup(name, parts, plan, 64, key);
  return found ? std::string(found->key) : found.error().message;
}

TEST(RuleSet, MatchesPathsOfEveryKind) {
  const auto set = compile({rule("all", {}), rule("login", {"/login"}), rule("api", {"/api/*"}),
                            rule("user", {"/users/{id}"}), rule("me", {"/users/me"}),
                            rule("deep", {"/users/{id}/posts/*"}), rule("root", {"/"}), rule("every", {"/*"})});
  EXPECT_EQ(names(*set, {.path = "/login"}), "all login every");
  EXPECT_EQ(names(*set, {.path = "/login?next=/api"}), "all login every");
  EXPECT_EQ(names(*set, {.path = "/Login"}), "all every");
  EXPECT_EQ(names(*set, {.path = "/api"}), "all api every");
  EXPECT_EQ(names(*set, {.path = "/api/"}), "all api every");
  EXPECT_EQ(names(*set, {.path = "/api/v1/x"}), "all api every");
  EXPECT_EQ(names(*set, {.path = "/apis"}), "all every");
  EXPECT_EQ(names(*set, {.path = "/users/7"}), "all user every");
  EXPECT_EQ(names(*set, {.path = "/users/me"}), "all user me every");
  EXPECT_EQ(names(*set, {.path = "/users/7/posts"}), "all deep every");
  EXPECT_EQ(names(*set, {.path = "/users/me/posts/1"}), "all deep every");
  EXPECT_EQ(names(*set, {.path = "/users"}), "all every");
  EXPECT_EQ(names(*set, {.path = "/"}), "all root every");
  EXPECT_EQ(names(*set, {.path = ""}), "all root every");
  EXPECT_EQ(names(*set, {.path = "http://example.com"}), "all root every");
}

TEST(RuleSet, NoSpellingOfAPathDodgesARule) {
  const auto set = compile({rule("login", {"/login"})});
  for (const char* path :
       {"/login", "/%6cogin", "/%6Cogin", "//login", "/./login", "/login/", "/a/../login", "/%2e/login",
        "/a/%2E%2e/login", "login", "http://example.com/login", "http://example.com//login?x", "/login#x"}) {
    EXPECT_EQ(names(*set, {.path = path}), "login") << path;
  }
}

TEST(RuleSet, FiltersByMethodAndHost) {
  Rule post = rule("post", {"/login"});
  post.match.methods = {"POST", "PUT"};
  Rule host = rule("host", {});
  host.match.hosts = {"api.example.com", "*.internal"};
  const auto set = compile({post, host});
  EXPECT_EQ(names(*set, {.method = "POST", .path = "/login"}), "post");
  EXPECT_EQ(names(*set, {.method = "post", .path = "/login"}), "post");
  EXPECT_EQ(names(*set, {.method = "GET", .path = "/login"}), "");
  EXPECT_EQ(names(*set, {.path = "/login"}), "");
  EXPECT_EQ(names(*set, {.path = "/", .host = "API.example.com:443"}), "host");
  EXPECT_EQ(names(*set, {.path = "/", .host = "a.b.internal"}), "host");
  EXPECT_EQ(names(*set, {.path = "/", .host = "internal"}), "");
  // An absolute-form target names the host, whatever Host says.
  EXPECT_EQ(names(*set, {.path = "http://api.example.com/x", .host = "other"}), "host");
  EXPECT_EQ(names(*set, {.path = "http://other/x", .host = "api.example.com"}), "");
}

TEST(RuleSet, ModesAndLimits) {
  Rule off = rule("off", {});
  off.mode = RuleMode::kOff;
  Rule shadow = rule("shadow", {});
  shadow.mode = RuleMode::kShadow;
  const auto set = compile({off, shadow, rule("on", {})});
  Matches matches;
  set->match({.path = "/"}, {}, Instant{}, matches);
  ASSERT_EQ(matches.limits().size(), 2u);
  EXPECT_EQ(matches.limits()[0].rule, 1u);
  EXPECT_EQ(matches.limits()[0].mode, Mode::kShadow);
  EXPECT_EQ(matches.limits()[1].mode, Mode::kEnforce);
  EXPECT_EQ(matches.limits()[1].limit, &*set->rules()[2].limit);
  EXPECT_EQ(set->find("off"), 0u);
  EXPECT_EQ(set->find("on"), 2u);
  EXPECT_EQ(set->find("other"), std::nullopt);
}

TEST(RuleSet, KeysHoldThePartsInOrder) {
  const std::vector<Header> headers = {{"x-tenant", " acme "}, {"Cookie", "sid=s1"}};
  const std::vector<std::pair<std::string, std::string>> claims = {{"sub", "u1"}};
  const Subject subject{.ip = IpAddress::parse("203.0.113.9"),
                        .api_key = "k",
                        .user = "u",
                        .workspace = "w",
                        .plan = "p",
                        .claims = claims};
  const RequestFacts facts{.path = "/a/b?q", .headers = headers};
  const auto set = compile(
      {rule("r", {}, {"user", "api_key", "workspace", "plan", "header:X-Tenant", "cookie:sid", "jwt:sub", "route"})});
  EXPECT_EQ(key_of(*set, facts, subject), expected_key("r", {"u", "k", "w", "p", "acme", "s1", "u1", "/a/b"}));
  EXPECT_EQ(looked_up(*set, "r", {"u", "k", "w", "p", "acme", "s1", "u1", "/a/b"}), key_of(*set, facts, subject));

  const auto by_ip = compile({rule("ip", {}, {"ip"})});
  EXPECT_EQ(key_of(*by_ip, facts, subject),
            expected_key("ip", {{reinterpret_cast<const char*>(subject.ip->bytes.data()), 16}}));
  EXPECT_EQ(looked_up(*by_ip, "ip", {"::ffff:203.0.113.9"}), key_of(*by_ip, facts, subject));
  EXPECT_EQ(key_of(*compile({rule("g", {}, {"global"})}), facts, subject), expected_key("g", {}));
  EXPECT_EQ(key_of(*compile({rule("g", {})}), facts, {}), expected_key("g", {}));
}

TEST(RuleSet, KeysOfSeveralRulesStayPutWhileTheBufferGrows) {
  std::vector<Rule> rules;
  for (int i = 0; i < 200; ++i) rules.push_back(rule("rule" + std::to_string(i), {}, {"user"}));
  const auto set = compile(rules);
  Matches matches;
  const std::string user(500, 'u');
  set->match({.path = "/"}, {.user = user}, Instant{}, matches);
  ASSERT_EQ(matches.limits().size(), 200u);
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(matches.limits()[static_cast<size_t>(i)].key, expected_key("rule" + std::to_string(i), {user}));
  }
}

TEST(RuleSet, RoutesAreCountedByTemplate) {
  const auto set = compile({rule("r", {"/users/{id}", "/users/me", "/files/*"}, {"route"})});
  const auto key = [&](std::string_view path) { return key_of(*set, {.path = path}, {}); };
  EXPECT_EQ(key("/users/7"), expected_key("r", {"/users/{id}"}));
  EXPECT_EQ(key("/users/8?x"), key("/users/7"));
  EXPECT_EQ(key("/users/me"), expected_key("r", {"/users/me"}));  // the more specific path counts
  EXPECT_EQ(key("//users/me/"), key("/users/me"));                // no spelling of a route is another route
  EXPECT_EQ(key("/files/a//x/../%62/"), expected_key("r", {"/files/a//b/"}));
  EXPECT_NE(key("/files/a/b/"), key("/files/a/b"));
  EXPECT_EQ(looked_up(*set, "r", {"/users/{id}"}), key("/users/7"));
  EXPECT_EQ(looked_up(*set, "r", {"/users/9"}), key("/users/7"));
  EXPECT_EQ(looked_up(*set, "r", {"/files/./a/b?x"}), key("/files/a/b"));
}

TEST(RuleSet, RoutesOfARuleOfSomeHostsAreTheSameOnAll) {
  Rule of_hosts = rule("r", {"/users/{id}", "/users/me"}, {"route"});
  of_hosts.match.hosts = {"*.x.test", "a.x.test", "y.test"};
  const auto set = compile({of_hosts, rule("other", {"/users/*"})});
  const auto key = [&](std::string_view host, std::string_view path) {
    Matches matches;
    set->match({.path = path, .host = host}, {}, Instant{}, matches);
    EXPECT_EQ(matches.limits().size(), 2u) << "each rule once: " << host;
    return matches.limits().empty() ? "" : std::string(matches.limits()[0].key);
  };
  for (const char* host : {"a.x.test", "b.x.test", "Y.test:80"}) {
    EXPECT_EQ(key(host, "/users/7"), expected_key("r", {"/users/{id}"})) << host;
    EXPECT_EQ(key(host, "/users/me"), expected_key("r", {"/users/me"})) << host;
  }
  EXPECT_EQ(looked_up(*set, "r", {"/users/9"}), expected_key("r", {"/users/{id}"}));
  EXPECT_EQ(names(*set, {.path = "/users/7", .host = "x.test"}), "other");
  EXPECT_EQ(names(*set, {.path = "http://a.x.test/users/7", .host = "z.test"}), "r other");
}

TEST(RuleSet, LookupMasksAddressesAsIdentifyDoes) {
  const auto set = compile({rule("r", {}, {"ip"})});
  const Subject subject{.ip = IpAddress::parse("2001:db8:1:2:3:4:5:6")->masked_v6(64)};
  EXPECT_EQ(looked_up(*set, "r", {"2001:DB8:1:2::99"}), key_of(*set, {}, subject));
  EXPECT_NE(looked_up(*set, "r", {"2001:DB8:1:3::99"}), key_of(*set, {}, subject));
}

TEST(RuleSet, MissingIdentities) {
  const Subject somewhere{.ip = IpAddress::parse("10.0.0.1")};
  Rule reject = rule("reject", {}, {"api_key"});
  Rule by_ip = rule("by_ip", {}, {"api_key"});
  by_ip.missing = Missing::kIp;
  Rule skip = rule("skip", {}, {"api_key"});
  skip.missing = Missing::kSkip;
  const auto set = compile({skip, by_ip, rule("fine", {}), reject});
  Matches matches;
  set->match({.path = "/"}, somewhere, Instant{}, matches);
  ASSERT_EQ(matches.limits().size(), 2u);
  EXPECT_EQ(matches.limits()[0].rule, 1u);
  EXPECT_EQ(matches.limits()[1].key, expected_key("fine", {}));
  EXPECT_EQ(matches.rejected_by(), 3u);
  EXPECT_EQ(matches.missing_part(), "api_key");

  // Nothing is left over from one request to the next.
  set->match({.path = "/"}, {.ip = somewhere.ip, .api_key = "k"}, Instant{}, matches);
  EXPECT_EQ(matches.limits().size(), 4u);
  EXPECT_EQ(matches.rejected_by(), std::nullopt);

  // Without an address there is nothing to fall back on.
  set->match({.path = "/"}, {}, Instant{}, matches);
  EXPECT_EQ(matches.rejected_by(), 1u);
}

TEST(RuleSet, TellsEveryRuleThatCannotCountARequestNotOnlyTheFirst) {
  Rule skip = rule("skip", {}, {"user"});
  skip.missing = Missing::kSkip;
  Rule shadow = rule("shadow", {}, {"header:X-Tenant"});
  shadow.mode = RuleMode::kShadow;
  const auto set = compile(
      {rule("keys", {}, {"api_key"}), skip, rule("ips", {}, {"ip"}), shadow, rule("more", {}, {"ip", "workspace"})});
  Matches matches;
  set->match({.path = "/"}, {.ip = IpAddress::parse("10.0.0.1")}, Instant{}, matches);
  const auto is = [](const UncountedRule& one, RuleId rule, Missing effect, std::string_view part) {
    return one.rule == rule && one.effect == effect && one.part == part;
  };
  ASSERT_EQ(matches.uncounted().size(), 4u);
  EXPECT_TRUE(is(matches.uncounted()[0], 0, Missing::kReject, "api_key"));
  EXPECT_TRUE(is(matches.uncounted()[1], 1, Missing::kSkip, "user"));
  EXPECT_TRUE(is(matches.uncounted()[2], 3, Missing::kReject, "header:X-Tenant"));
  EXPECT_TRUE(is(matches.uncounted()[3], 4, Missing::kReject, "workspace"));
  EXPECT_EQ(matches.rejected_by(), 0u);

  set->match({.path = "/", .headers = {}}, {.ip = IpAddress::parse("10.0.0.1"), .api_key = "k", .user = "u"}, Instant{},
             matches);
  EXPECT_EQ(matches.uncounted().size(), 2u) << "nothing is left over from the request before";
}

TEST(RuleSet, AnAddressThatStandsInNeverSharesACounter) {
  Rule by_ip = rule("r", {}, {"header:A", "header:B"});
  by_ip.missing = Missing::kIp;
  const auto set = compile({by_ip});
  const auto ip = IpAddress::parse("65.66.67.68");
  const std::string bytes(reinterpret_cast<const char*>(ip->bytes.data()), 16);
  const auto key = [&](std::vector<Header> headers) { return key_of(*set, {.headers = headers}, {.ip = ip}); };
  const std::string stand_in = key({{"B", "b"}});
  EXPECT_EQ(stand_in, expected_key("r", {"", bytes, "b"}));
  EXPECT_NE(stand_in, key({{"A", bytes}, {"B", "b"}}));
  EXPECT_NE(key({{"A", "x"}}), key({{"B", "x"}}));
}

TEST(RuleSet, ShadowRulesRejectNobody) {
  Rule shadow = rule("shadow", {}, {"api_key"});
  shadow.mode = RuleMode::kShadow;
  Matches matches;
  const auto set = compile({shadow});
  set->match({}, {}, Instant{}, matches);
  EXPECT_TRUE(matches.limits().empty());
  EXPECT_EQ(matches.rejected_by(), std::nullopt);
}

TEST(RuleSet, ATooLongIdentityIsRejectedNeverCut) {
  for (const Missing missing : {Missing::kReject, Missing::kIp, Missing::kSkip}) {
    Rule long_ones = rule("r", {}, {"user"});
    long_ones.missing = missing;
    const auto set = compile({long_ones});
    Matches matches;
    const std::string user(kSubjectPartMax + 1, 'u');
    set->match({}, {.ip = IpAddress::parse("10.0.0.1"), .user = user}, Instant{}, matches);
    EXPECT_TRUE(matches.limits().empty());
    EXPECT_EQ(matches.rejected_by(), 0u);
    EXPECT_EQ(matches.missing_part(), "user");
    set->match({}, {.user = std::string_view(user).substr(1)}, Instant{}, matches);
    EXPECT_EQ(matches.limits().size(), 1u);
  }
}

TEST(RuleSet, Plans) {
  Rule plans{.name = "quota",
             .per = {Part{.kind = PartKind::kUser}},
             .by_plan = {{"free", some_limit(1)}, {"pro", some_limit(100)}, {"enterprise", std::nullopt}}};
  const auto set = compile({plans});
  Matches matches;
  set->match({}, {.user = "u", .plan = "pro"}, Instant{}, matches);
  ASSERT_EQ(matches.limits().size(), 1u);
  EXPECT_EQ(matches.limits()[0].limit->capacity, 100u);
  const std::string pro_key(matches.limits()[0].key);
  set->match({}, {.user = "u", .plan = "free"}, Instant{}, matches);
  EXPECT_EQ(matches.limits()[0].key, pro_key) << "a change of plan keeps what was used";
  set->match({}, {.user = "u", .plan = "enterprise"}, Instant{}, matches);
  EXPECT_TRUE(matches.limits().empty());
  EXPECT_EQ(matches.rejected_by(), std::nullopt);
  for (const char* plan : {"", "gold"}) {
    set->match({}, {.user = "u", .plan = plan}, Instant{}, matches);
    EXPECT_TRUE(matches.limits().empty());
    EXPECT_EQ(matches.rejected_by(), 0u);
    EXPECT_EQ(matches.missing_part(), "plan");
  }

  plans.missing = Missing::kIp;
  compile({plans})->match({}, {.ip = IpAddress::parse("10.0.0.1"), .user = "u"}, Instant{}, matches);
  EXPECT_EQ(matches.rejected_by(), 0u);
  plans.missing = Missing::kSkip;
  compile({plans})->match({}, {.user = "u"}, Instant{}, matches);
  EXPECT_EQ(matches.rejected_by(), std::nullopt);
  plans.by_plan["default"] = some_limit(2);
  const auto with_default = compile({plans});
  with_default->match({}, {.user = "u", .plan = "gold"}, Instant{}, matches);
  EXPECT_EQ(matches.limits()[0].limit->capacity, 2u);
}

TEST(RuleSet, RulesThatCountByOneThingLiveWithItInACluster) {
  const auto place = [](const RuleSet& set, std::string_view name, std::vector<std::string_view> parts) {
    std::string key;
    const MatchedLimit found = set.lookup(name, parts, "", 64, key).value();
    return found.terms.hash_tag_from == kOneHashTag ? "one tag" : key.substr(found.terms.hash_tag_from);
  };
  const auto by_user = compile({rule("a", {}, {"user"}), rule("longer", {"/x"}, {"user"})});
  const Subject subject{.user = "u"};
  Matches matches;
  by_user->match({.path = "/x"}, subject, Instant{}, matches);
  ASSERT_EQ(matches.limits().size(), 2u);
  for (const MatchedLimit& limit : matches.limits()) {
    EXPECT_EQ(limit.key.substr(limit.terms.hash_tag_from), place(*by_user, "longer", {"u"}));
  }
  EXPECT_NE(place(*by_user, "a", {"u"}), place(*by_user, "a", {"v"}));
  const auto mixed = compile({rule("a", {}, {"user"}), rule("b", {}, {"ip"})});
  EXPECT_EQ(place(*mixed, "a", {"u"}), "one tag") << "both limits of a request must be found in one";
  Rule elsewhere = rule("b", {}, {"ip"});
  elsewhere.store_number = 1;
  const auto apart = compile({rule("a", {}, {"user"}), elsewhere});
  EXPECT_NE(place(*apart, "a", {"u"}), "one tag") << "each store has rules of one kind";
  apart->match({.path = "/"}, {.ip = IpAddress::parse("192.0.2.1").value(), .user = "u"}, Instant{}, matches);
  EXPECT_EQ(matches.limits()[1].terms.store, 1);
  const auto routes = compile({rule("a", {"/a/*"}, {"route"}), rule("b", {"/a/b"}, {"route"})});
  EXPECT_EQ(place(*routes, "a", {"/a/b"}), "one tag");
}

TEST(RuleSet, LookupErrors) {
  Rule off = rule("off", {});
  off.mode = RuleMode::kOff;
  Rule plans{.name = "plans", .by_plan = {{"free", some_limit()}, {"all", std::nullopt}}};
  const auto set = compile({rule("r", {}, {"ip", "user"}), rule("one", {}, {"user"}), rule("all", {}, {}), off, plans});
  std::string key;
  EXPECT_EQ(set->lookup("nope", {}, "", 64, key).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(set->lookup("off", {}, "", 64, key).error().code, ErrorCode::kNotFound);
  EXPECT_EQ(looked_up(*set, "r", {"1.2.3.4"}), "rule 'r' counts by ip, user: expected 2 keys in this order, found 1");
  EXPECT_EQ(looked_up(*set, "one", {"a", "b"}), "rule 'one' counts by user: expected 1 key, found 2");
  EXPECT_EQ(looked_up(*set, "one", {}), "rule 'one' counts by user: expected 1 key, found 0");
  EXPECT_EQ(looked_up(*set, "all", {"a"}), "rule 'all' counts all requests together: expected no key, found 1");
  EXPECT_EQ(looked_up(*set, "r", {"1.2.3", "u"}), "'1.2.3' is not an IP address");
  EXPECT_EQ(looked_up(*set, "r", {"1.2.3.4", ""}), "user is empty");
  const std::string too_long(kSubjectPartMax + 1, 'x');
  EXPECT_EQ(looked_up(*set, "r", {"1.2.3.4", too_long}), "user is longer than 1024 bytes");
  EXPECT_EQ(looked_up(*set, "plans", {}), "rule 'plans' goes by plan, and none is given");
  EXPECT_EQ(looked_up(*set, "plans", {}, "gold"), "rule 'plans' has no plan 'gold'");
  EXPECT_EQ(looked_up(*set, "plans", {}, "free"), expected_key("plans", {}));
  EXPECT_EQ(set->lookup("plans", {}, "all", 64, key)->limit, nullptr);
}

TEST(RuleSet, CompileErrorsNameTheRuleAndItsPlace) {
  const auto message = [](std::vector<Rule> rules) {
    int line = 0;
    for (auto& each : rules) each.position = {.file = "f.yaml", .line = ++line, .column = 5};
    const auto set = RuleSet::compile(std::move(rules));
    return set ? "compiled" : set.error().to_string();
  };
  EXPECT_EQ(message({rule("a", {}), rule("a", {})}), "f.yaml:2:5: there are two rules named 'a'");
  EXPECT_EQ(message({rule("a", {"login"})}), "f.yaml:1:5: rule 'a': bad path 'login': it must begin with '/'");
  EXPECT_EQ(message({{.name = "a"}}), "f.yaml:1:5: rule 'a': a rule needs a limit, or limits by_plan");
  EXPECT_EQ(message({rule("a", {}, {"ip", "ip"})}), "f.yaml:1:5: rule 'a': 'ip' is given twice");
  EXPECT_EQ(message({rule("", {})}),
            "f.yaml:1:5: rule '': a rule's name is 1 to 128 printable ASCII characters without quotes and backslashes");
}

}  // namespace
}  // namespace rateguard::rules
