#include "config/rules_revision.h"

#include <gtest/gtest.h>

#include <set>

#include "config/config.h"

namespace rateguard::config {
namespace {

std::string revision_of(const std::string& rules) {
  const auto config = parse("rules:\n" + rules, "test.yaml");
  EXPECT_TRUE(config.has_value()) << config.error().to_string();
  return config ? rules_revision(config->rules) : "";
}

TEST(RulesRevision, DependsOnlyOnTheContentOfTheRules) {
  EXPECT_EQ(revision_of("  - {name: a, per: ip, limit: 5/m}\n"),
            revision_of("\n\n  - name: a\n    limit: 5/1m  # five\n    per: [ip]\n"));
  EXPECT_EQ(rules_revision({}).size(), 16U);
}

TEST(RulesRevision, DiffersWhereTheyDo) {
  const char* const others[] = {
      "  - {name: a, per: ip, limit: 5/m}\n",
      "  - {name: b, per: ip, limit: 5/m}\n",
      "  - {name: a, per: api_key, limit: 5/m}\n",
      "  - {name: a, per: ip, limit: 6/m}\n",
      "  - {name: a, per: ip, limit: 5/h}\n",
      "  - {name: a, per: ip, limit: 5/m, algorithm: gcra}\n",
      "  - {name: a, per: ip, limit: 5/m, mode: shadow}\n",
      "  - {name: a, per: ip, limit: 5/m, missing: skip}\n",
      "  - {name: a, per: ip, limit: 5/m, on_store_failure: deny}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {path: /x}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {methods: [GET]}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {methods: [GET, POST]}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {not_method: GET}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {not_path: /x}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {ip: 10.0.0.0/8}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {not_ip: 10.0.0.0/8}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {user: ann}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {not_user: ann}}\n",
      "  - {name: a, per: ip, limit: 5/m, match: {header: {X: ann}}}\n",
      "  - {name: a, per: ip, limit: 5/m, when: {days: mon-fri}}\n",
      "  - {name: a, per: ip, limit: 5/m, when: {days: mon-fri, hours: 09:00-18:00}}\n",
      "  - {name: a, per: ip, limit: 5/m, group: g}\n",
      "  - {name: a, per: ip, limit: 5/m, cost: 2}\n",
      "  - {name: a, per: ip, limit: 5/m, cost: {by_path: {/x: 2}}}\n",
      "  - {name: a, per: ip, limit: 5/m, cost: {by_method: {GET: 2}}}\n",
      "  - {name: a, per: ip, limit: 5/m, cost: {header: X, max: 2}}\n",
      "  - {name: a, per: ip, limit: 5/m, ipv4_prefix: 24}\n",
      "  - {name: a, per: ip, limit: 5/m, ipv6_prefix: 24}\n",
      "  - {name: a, per: ip, limit: 5/m, by_subject: {10.0.0.1: 6/m}}\n",
      "  - {name: a, per: ip, limit: 5/m, by_subject: {10.0.0.1: 7/m}}\n",
      "  - {name: a, group: g, limit: unlimited}\n",
      "  - {name: a, per: ip, by_plan: {free: 5/m}}\n",
      "  - {name: a, per: ip, by_plan: {free: unlimited}}\n",
      "  - {name: a, per: ip, limit: 5/m}\n  - {name: b, per: ip, limit: 5/m}\n",
      "  - {name: b, per: ip, limit: 5/m}\n  - {name: a, per: ip, limit: 5/m}\n",
      "  - {name: a, per: ip, algorithm: fixed_window, limit: 5, anchor: day}\n",
      "  - {name: a, per: ip, algorithm: fixed_window, limit: 5, anchor: day, time_zone: Europe/Berlin}\n",
  };
  std::set<std::string> revisions;
  for (const char* rules : others) revisions.insert(revision_of(rules));
  EXPECT_EQ(revisions.size(), std::size(others));
}

}  // namespace
}  // namespace rateguard::config
