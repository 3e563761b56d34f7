#include "config/config_warnings.h"

#include <gtest/gtest.h>

namespace rateguard::config {
namespace {

std::vector<std::string> warnings_of(std::string_view yaml) {
  const auto config = parse(yaml, "f");
  if (!config) return {config.error().to_string()};
  std::vector<std::string> lines;
  for (const Error& warning : config_warnings(*config)) lines.push_back(warning.to_string());
  return lines;
}

using Lines = std::vector<std::string>;

TEST(ConfigWarnings, ARuleByUserWithoutASettingForUsers) {
  EXPECT_EQ(warnings_of("rules:\n- {name: u, per: [user, ip], limit: 5/m}"),
            Lines{"f:2:3: rule 'u' counts per user, but identity.user does not say where the user is read from, and "
                  "only callers of POST /check can name one: all other requests are refused"});
  EXPECT_EQ(warnings_of("identity: {user: 'header:X-User'}\nrules:\n- {name: u, per: user, limit: 5/m}"), Lines{});
  EXPECT_EQ(warnings_of("rules:\n- {name: w, per: workspace, limit: 5/m, missing: ip}").front().substr(0, 35),
            "f:2:3: rule 'w' counts per workspac");
  EXPECT_TRUE(warnings_of("rules:\n- {name: w, per: workspace, limit: 5/m, missing: ip}")
                  .front()
                  .ends_with("all other requests are counted by their address instead"));
}

TEST(ConfigWarnings, ARuleByAClaimThatNoKeyVerifies) {
  EXPECT_EQ(
      warnings_of("rules:\n- {name: c, per: 'jwt:sub', limit: 5/m, missing: skip}"),
      Lines{"f:2:3: rule 'c' counts per jwt:sub, but identity.jwt.key_file is missing, and without it no token is "
            "believed: all requests are not limited by it"});
  EXPECT_EQ(warnings_of("identity: {jwt: {key_file: k}}\nrules:\n- {name: c, per: 'jwt:sub', limit: 5/m}"), Lines{});
}

TEST(ConfigWarnings, PlansWithoutASettingForPlans) {
  EXPECT_TRUE(warnings_of("rules:\n- {name: p, by_plan: {a: 5/m, default: 1/m}}")
                  .front()
                  .ends_with("all other requests have the limit of the plan 'default'"));
  EXPECT_TRUE(
      warnings_of("rules:\n- {name: p, by_plan: {a: 5/m}}").front().ends_with("all other requests are refused"));
  EXPECT_EQ(warnings_of("identity: {plan: 'header:X-Plan'}\nrules:\n- {name: p, by_plan: {a: 5/m}}"), Lines{});
}

TEST(ConfigWarnings, AConditionOnTheUserWithoutASettingForUsers) {
  EXPECT_EQ(warnings_of("rules:\n- {name: u, match: {user: ann}, per: ip, limit: 5/m}"),
            Lines{"f:2:3: rule 'u' asks for user, but identity.user does not say where the user is read from, and only "
                  "callers of POST /check can name one: all other requests are skipped"});
  EXPECT_TRUE(warnings_of("rules:\n- {name: u, match: {jwt: {sub: {present: true}}}, per: ip, limit: 5/m}")
                  .front()
                  .ends_with("without it no token is believed: all requests are skipped"));
  EXPECT_EQ(warnings_of("rules:\n- {name: u, match: {not_user: ann}, per: ip, limit: 5/m}"), Lines{});
}

TEST(ConfigWarnings, AnUnlimitedRuleCountsNobody) {
  EXPECT_EQ(warnings_of("rules:\n- {name: u, match: {ip: 10.0.0.0/8}, per: user, limit: unlimited}\n"
                        "- {name: all, per: ip, limit: 5/m}"),
            Lines{});
  const auto some = warnings_of("rules:\n- {name: u, per: user, limit: unlimited, by_subject: {ann: 5/m}}");
  ASSERT_EQ(some.size(), 1u);
  EXPECT_TRUE(some[0].contains("rule 'u' counts per user, but ")) << some[0];
}

TEST(ConfigWarnings, WhatTheRecordsOfKeysSayNeedsTheCatalog) {
  const std::string_view rules =
      "rules:\n- {name: a, per: 'tag:team', limit: 5/m}\n- {name: b, per: workspace, by_plan: {pro: 5/m}}\n";
  const auto lines = warnings_of(rules);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_TRUE(lines[0].contains("counts per tag:team, but identity.api_keys is not catalog")) << lines[0];
  EXPECT_EQ(warnings_of("identity: {api_keys: catalog}\n" + std::string(rules)), Lines{});
}

TEST(ConfigWarnings, ThoseOfTheRulesThemselvesComeFirst) {
  const auto lines = warnings_of("rules:\n- {name: a, match: {path: /api/*}, per: [user, route], limit: 5/m}");
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_TRUE(lines[0].starts_with("f:2:3: rule 'a' counts by route, but /api/* is a prefix: ")) << lines[0];
  EXPECT_TRUE(lines[1].starts_with("f:2:3: rule 'a' counts per user, but ")) << lines[1];
}

TEST(ConfigWarnings, ARuleThatIsOffGivesNone) {
  EXPECT_EQ(warnings_of("rules:\n- {name: u, per: user, limit: 5/m, mode: off}"), Lines{});
}

TEST(CheckConfig, SaysWhereTheFileSaysIt) {
  const auto problem = [](std::string_view yaml) {
    auto config = parse(yaml, "f");
    EXPECT_TRUE(config.has_value()) << config.error().to_string();
    const auto good = check_config(*config);
    return good ? "" : good.error().to_string();
  };
  EXPECT_EQ(problem("headers: ietf\nstores:\n  default: {type: redis}\n").substr(0, 34),
            "f:3:3: stores.default.url is missi");
  EXPECT_EQ(problem("identity:\n  user: jwt:sub\n"),
            "f:2:9: identity.user: jwt:sub is read from tokens, and identity.jwt.key_file is missing; expected the "
            "file of the keys that verify them");
  EXPECT_EQ(problem("identity:\n  api_keys: catalog\n"),
            "f:2:13: identity.api_keys: the keys of the catalog are asked for, and there is no catalog; expected "
            "catalog.url, or data_dir (--data) for one in a file there");
  EXPECT_EQ(problem("identity: {api_keys: catalog}\ndata_dir: /data\n"), "");
}

TEST(ChangedSettings, AreNamedByTheirKeys) {
  const auto config = [](std::string_view yaml) { return *parse(yaml, "f"); };
  const Config before = config("listen: {threads: 2}\nstores: {a: {max_keys: 5}, b: {type: redis}}\n");
  EXPECT_EQ(changed_settings(before, before), Lines{});
  Config now = config(
      "listen: {threads: 3, tokens: [x], grpc: off}\nidentity: {user: 'header:U'}\nlog: {level: warn}\n"
      "stores: {a: {max_keys: 6}, b: {type: redis, url: 'redis://h'}}\nrules: [{name: r, limit: 1/s, store: a}]\n");
  EXPECT_EQ(changed_settings(before, now), (Lines{"listen.grpc", "listen.tokens", "listen.threads", "stores.a.max_keys",
                                                  "stores.b.url", "identity.user", "log.level"}));
}

}  // namespace
}  // namespace rateguard::config
