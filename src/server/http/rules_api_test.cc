// GET /v1/rules, and how rules with conditions, costs and exemptions answer over HTTP.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "config/config.h"
#include "config/settings_table.h"
#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

TEST(Rules, ShowsTheRulesInForce) {
  rules::Rule login = rule_of("login", "ip", *Limit::fixed_window(5, Duration::seconds(60)));
  login.match = {.methods = {"POST"}, .paths = {"/login"}};
  login.position = {.file = "rules.yaml", .line = 3};
  rules::Rule plans = rule_of("plans", "api_key", *Limit::token_bucket(1, {}));
  plans.limit.reset();
  plans.mode = rules::RuleMode::kShadow;
  plans.by_plan = {{"free", *Limit::token_bucket(10, {.units = 1, .period = Duration::seconds(60)})},
                   {"pro", std::nullopt}};
  HttpApiHarness server({login, plans});
  EXPECT_EQ(
      server.get("/v1/rules").text,
      R"({"rules":[{"name":"login","mode":"enforce","match":{"methods":["POST"],"hosts":[],"paths":["/login"]},)"
      R"("per":["ip"],"limit":{"algorithm":"fixed_window","capacity":5,"units":5,"period_ms":60000,"anchor":"epoch"},)"
      R"("missing":"reject","store":"default","on_store_failure":"allow","consistency":"exact","file":"rules.yaml","line":3},)"
      R"({"name":"plans","mode":"shadow","match":{"methods":[],"hosts":[],"paths":[]},"per":["api_key"],)"
      R"("by_plan":{"free":{"algorithm":"token_bucket","capacity":10,"units":1,"period_ms":60000},"pro":null},)"
      R"("missing":"reject","store":"default","on_store_failure":"allow","consistency":"exact","file":"","line":0}]})");
  server.set_rules({login});
  EXPECT_EQ(server.get("/v1/rules").text.find("plans"), std::string::npos);
}

TEST(Rules, ShowsConditionsAndCostsButNoSecrets) {
  rules::Rule rule = rule_of("r", "ip", *Limit::fixed_window(5, Duration::seconds(60)));
  rule.match = {
      .paths = {"/api/*"},
      .except = {.methods = {"GET"}, .hosts = {"*.internal"}, .paths = {"/api/health"}},
      .address = {.inside = {*IpPrefix::parse("10.0.0.0/8")}, .outside = {*IpPrefix::parse("2001:db8::/32")}},
      .values = {
          {.of = *rules::Part::parse("user"), .values = {"ann", "bob"}},
          {.of = *rules::Part::parse("api_key"), .kind = rules::ValueCondition::Kind::kNoneOf, .values = {"sk_secret"}},
          {.of = *rules::Part::parse("header:X-Debug"), .kind = rules::ValueCondition::Kind::kAbsent}}};
  rule.group = "api";
  rule.prefixes = {.v4 = 24, .v6 = 48};
  rule.cost = {.header = "X-Cost", .header_max = 9, .by_path = {{"/api/x", 3}}, .by_method = {{"PUT", 2}}, .units = 4};
  rule.by_subject = std::make_shared<const rules::SubjectLimits>(
      rules::SubjectLimits{.limits = {std::nullopt}, .subjects = {{"192.0.2.0", 0}}});
  HttpApiHarness server({rule});
  const std::string text = server.get("/v1/rules").text;
  EXPECT_NE(
      text.find(
          R"("match":{"methods":[],"hosts":[],"paths":["/api/*"],"not_methods":["GET"],"not_hosts":["*.internal"],)"
          R"("not_paths":["/api/health"],"ip":["10.0.0.0/8"],"not_ip":["2001:db8::/32"],"conditions":[)"
          R"({"of":"user","is":"one_of","count":2,"values":["ann","bob"]},)"
          R"({"of":"api_key","is":"none_of","count":1},{"of":"header:X-Debug","is":"absent","count":0}]},)"
          R"("per":["ip"],"group":"api","ipv4_prefix":24,"ipv6_prefix":48,)"
          R"("cost":{"default":4,"by_method":{"PUT":2},"by_path":{"/api/x":3},"header":"X-Cost","max":9},)"
          R"("subjects_by_name":1,"limit":{)"),
      std::string::npos)
      << text;
}

TEST(Rules, AnAnswerNamesTheRuleThatExempts) {
  rules::Rule office{
      .name = "office", .match = {.address = {.inside = {*IpPrefix::parse("10.0.0.0/8")}}}, .unlimited = true};
  HttpApiHarness server({rule_of("all", "ip", *Limit::fixed_window(1, Duration::seconds(60))), office});
  for (int i = 0; i < 3; ++i) {
    const auto answer = server.check(R"({"facts":{"path":"/","ip":"10.1.2.3"}})");
    EXPECT_EQ(answer.code, 200);
    EXPECT_EQ(answer.text, R"({"allowed":true,"limit":null,"remaining":null,"retry_after_ms":0,"reset_after_ms":0,)"
                           R"("rule":"office","degraded":false})");
  }
  EXPECT_EQ(server.check(R"({"facts":{"path":"/","ip":"11.1.2.3"}})").code, 200);
  EXPECT_EQ(server.check(R"({"facts":{"path":"/","ip":"11.1.2.3"}})").code, 429);
  EXPECT_NE(server.get("/metrics").text.find("rateguard_requests_allowed_total{rule=\"office\"} 3\n"),
            std::string::npos);
  EXPECT_EQ(server.check(R"({"rule":"office"})").code, 200) << "asked by name it has no limit";
}

TEST(Rules, ARulesCostCountsHoweverItIsAsked) {
  rules::Rule rule = rule_of("r", "ip", *Limit::fixed_window(10, Duration::seconds(60)));
  rule.cost = {.by_path = {{"/export", 6}}, .units = 2};
  HttpApiHarness server({rule});
  EXPECT_NE(server.check(R"({"facts":{"path":"/","ip":"1.1.1.1"}})").text.find("\"remaining\":8,"), std::string::npos);
  EXPECT_NE(server.check(R"({"facts":{"path":"/export","ip":"1.1.1.1"}})").text.find("\"remaining\":2,"),
            std::string::npos);
  EXPECT_NE(server.check(R"({"rule":"r","key":"1.1.1.1"})").text.find("\"remaining\":0,"), std::string::npos);
  EXPECT_EQ(server.check(R"({"rule":"r","key":"1.1.1.1"})").code, 429);
  EXPECT_EQ(server.check(R"({"rule":"r","key":"2.2.2.2","cost":6})").code, 429) << "6 times 2 never fit";
}

// What a rule of one key more than {name: r, per: ip, limit: 7/m} shows, by key.
struct Shown {
  const char* yaml;  // of the rule, but for its name
  const char* text;  // in the answer, and not in that of the plain rule
};

std::multimap<std::string_view, Shown> shown_keys() {
  return {
      {"name", {"per: ip, limit: 7/m", R"("name":"r")"}},
      {"match", {"match: {method: get}, limit: 7/m", R"("match":{"methods":["GET"])"}},
      {"match.method", {"match: {method: post}, limit: 7/m", R"("methods":["POST"])"}},
      {"match.host", {"match: {host: a.example}, limit: 7/m", R"("hosts":["a.example"])"}},
      {"match.path", {"match: {path: /a}, limit: 7/m", R"("paths":["/a"])"}},
      {"match.not_method", {"match: {not_method: put}, limit: 7/m", R"("not_methods":["PUT"])"}},
      {"match.not_host", {"match: {not_host: b.example}, limit: 7/m", R"("not_hosts":["b.example"])"}},
      {"match.not_path", {"match: {not_path: /b}, limit: 7/m", R"("not_paths":["/b"])"}},
      {"match.ip", {"match: {ip: 10.0.0.0/8}, limit: 7/m", R"("ip":["10.0.0.0/8"])"}},
      {"match.not_ip", {"match: {not_ip: 10.1.0.0/16}, limit: 7/m", R"("not_ip":["10.1.0.0/16"])"}},
      {"match.user", {"match: {user: ann}, limit: 7/m", R"({"of":"user","is":"one_of","count":1,"values":["ann"]})"}},
      {"match.not_user",
       {"match: {not_user: ann}, limit: 7/m", R"({"of":"user","is":"none_of","count":1,"values":["ann"]})"}},
      {"match.api_key", {"match: {api_key: sk}, limit: 7/m", R"({"of":"api_key","is":"one_of","count":1})"}},
      {"match.not_api_key", {"match: {not_api_key: sk}, limit: 7/m", R"({"of":"api_key","is":"none_of","count":1})"}},
      {"match.workspace",
       {"match: {workspace: w}, limit: 7/m", R"({"of":"workspace","is":"one_of","count":1,"values":["w"]})"}},
      {"match.not_workspace",
       {"match: {not_workspace: w}, limit: 7/m", R"({"of":"workspace","is":"none_of","count":1,"values":["w"]})"}},
      {"match.plan", {"match: {plan: pro}, limit: 7/m", R"({"of":"plan","is":"one_of","count":1,"values":["pro"]})"}},
      {"match.not_plan",
       {"match: {not_plan: pro}, limit: 7/m", R"({"of":"plan","is":"none_of","count":1,"values":["pro"]})"}},
      {"match.header",
       {"match: {header: {X-A: {present: true}}}, limit: 7/m", R"({"of":"header:X-A","is":"present","count":0})"}},
      {"match.cookie", {"match: {cookie: {c: v}}, limit: 7/m", R"({"of":"cookie:c","is":"one_of","count":1})"}},
      {"match.jwt",
       {"match: {jwt: {org: o}}, limit: 7/m", R"({"of":"jwt:org","is":"one_of","count":1,"values":["o"]})"}},
      {"when", {"when: {days: mon}, limit: 7/m", R"("when":["mon 00:00-24:00 UTC"])"}},
      {"when.days", {"when: {days: sat}, limit: 7/m", R"("when":["sat )"}},
      {"when.hours", {"when: {hours: '09:00-18:00'}, limit: 7/m", "09:00-18:00 UTC"}},
      {"when.zone", {"when: {days: mon, zone: Europe/Berlin}, limit: 7/m", R"( Europe/Berlin"])"}},
      {"group", {"group: g, limit: 7/m", R"("group":"g")"}},
      {"per", {"per: [ip, route], limit: 7/m", R"("per":["ip","route"])"}},
      {"algorithm", {"algorithm: gcra, limit: 7/m", R"({"algorithm":"gcra")"}},
      {"limit", {"limit: 8/m", R"("capacity":8,"units":8,"period_ms":60000})"}},
      {"limit", {"match: {ip: 10.0.0.0/8}, limit: unlimited", R"("limit":null)"}},
      {"window", {"algorithm: fixed_window, limit: 7, window: 30s", R"("period_ms":30000)"}},
      {"capacity", {"capacity: 9, refill: 1", R"("capacity":9)"}},
      {"refill", {"capacity: 7, refill: 3/10s", R"("units":3,"period_ms":10000)"}},
      {"rate", {"algorithm: gcra, rate: 4/s, burst: 4", R"("units":4,"period_ms":1000)"}},
      {"burst", {"limit: 7/m, burst: 20", R"("capacity":20,"units":7)"}},
      {"queue", {"algorithm: leaky_bucket, limit: 7/m, queue: 5", R"("capacity":5,"units":7)"}},
      {"anchor", {"algorithm: fixed_window, limit: 7, anchor: month", R"("anchor":"month")"}},
      {"time_zone",
       {"algorithm: fixed_window, limit: 7, anchor: day, time_zone: Europe/Berlin", R"("time_zone":"Europe/Berlin")"}},
      {"hold", {"algorithm: concurrency, limit: 7, hold: 5s", R"("period_ms":5000)"}},
      {"overdraft", {"limit: 7/m, overdraft: true", R"("overdraft":true)"}},
      {"by_plan", {"by_plan: {free: 1/m, pro: unlimited}", R"("pro":null})"}},
      {"by_subject", {"per: user, by_subject: {ann: 9/m}, limit: 7/m", R"("subjects_by_name":1)"}},
      {"by_subject_file", {"per: user, by_subject_file: subjects.csv, limit: 7/m", R"("subjects_by_name":2)"}},
      {"cost", {"cost: 3, limit: 7/m", R"("cost":{"default":3})"}},
      {"cost.default", {"cost: {default: 2}, limit: 7/m", R"("default":2)"}},
      {"cost.by_method", {"cost: {by_method: {POST: 5}}, limit: 7/m", R"("by_method":{"POST":5})"}},
      {"cost.by_path", {"cost: {by_path: {/a: 5}}, limit: 7/m", R"("by_path":{"/a":5})"}},
      {"cost.header", {"cost: {header: X-Cost, max: 9}, limit: 7/m", R"("header":"X-Cost")"}},
      {"cost.max", {"cost: {header: X-Cost, max: 9}, limit: 7/m", R"("max":9)"}},
      {"ipv4_prefix", {"per: ip, ipv4_prefix: 24, limit: 7/m", R"("ipv4_prefix":24)"}},
      {"ipv6_prefix", {"per: ip, ipv6_prefix: 48, limit: 7/m", R"("ipv6_prefix":48)"}},
      {"missing", {"per: user, missing: skip, limit: 7/m", R"("missing":"skip")"}},
      {"mode", {"mode: shadow, limit: 7/m", R"("mode":"shadow")"}},
      {"store", {"store: shared, limit: 7/m", R"("store":"shared")"}},
      {"on_store_failure", {"store: shared, on_store_failure: deny, limit: 7/m", R"("on_store_failure":"deny")"}},
      {"consistency", {"store: shared, consistency: lease, limit: 7/m", R"("consistency":"lease")"}},
  };
}

// The only rule of a file, as GET /v1/rules shows it.
std::string shown(std::string_view name, std::string_view yaml, const std::string& file) {
  std::ofstream(file) << "stores: {default: {type: memory}, shared: {type: redis, url: 'redis://127.0.0.1:1/0'}}\n"
                      << "rules:\n  - {name: " << name << ", " << yaml << "}\n";
  const auto config = config::load(file);
  EXPECT_TRUE(config.has_value()) << yaml << ": " << (config ? "" : config.error().to_string());
  return config ? HttpApiHarness(config->rules).get("/v1/rules").text : "";
}

TEST(Rules, EveryKeyThatARuleCanHaveIsShown) {
  const std::filesystem::path folder = std::filesystem::path(testing::TempDir()) / "every_key_of_a_rule";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "subjects.csv") << "ann,9/m\nbob,10/m\n";
  const std::string file = (folder / "rules.yaml").string();
  const auto cases = shown_keys();
  for (const config::RuleKey& key : config::rule_keys()) {
    EXPECT_TRUE(cases.contains(key.key)) << key.key << " is a key of a rule: GET /v1/rules has to show it";
  }
  const std::string plain = shown("plain", "per: ip, limit: 7/m", file);
  for (const auto& [key, c] : cases) {
    const std::string text = shown("r", c.yaml, file);
    EXPECT_TRUE(text.contains(c.text)) << key << ": " << text;
    EXPECT_FALSE(plain.contains(c.text)) << key << ": the plain rule shows the same: " << c.text;
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace rateguard::http_api
