#include "config/config_warnings.h"

#include <gtest/gtest.h>

namespace rateguard::config {
namespace {

std::string first_warning(std::string_view yaml) {
  const auto config = parse(yaml, "f");
  if (!config) return "does not parse: " + config.error().to_string();
  const auto warnings = config_warnings(*config);
  return warnings.empty() ? "none" : warnings[0].to_string();
}

TEST(ConfigWarnings, SayWhereTheRuleStands) {
  EXPECT_TRUE(first_warning("rules:\n- {name: a, match: {path: /api/*}, per: [ip, route], limit: 5/m}")
                  .starts_with("f:2:3: rule 'a' counts by route, but /api/* is a prefix: "));
  EXPECT_EQ(first_warning("rules:\n- {name: a, match: {path: /api/*}, per: ip, limit: 5/m}"), "none");
}

TEST(ConfigWarnings, AClaimThatNothingVerifies) {
  EXPECT_EQ(first_warning("rules: [{name: a, per: 'jwt:sub', limit: 5/m}]"),
            "f:1:9: rule 'a' counts by a claim, but without identity.jwt.key_file no token is believed, and every "
            "request lacks it");
  EXPECT_EQ(first_warning("identity: {jwt: {key_file: k}}\nrules: [{name: a, per: 'jwt:sub', limit: 5/m}]"), "none");
}

}  // namespace
}  // namespace rateguard::config
