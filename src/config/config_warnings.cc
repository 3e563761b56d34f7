#include "config/config_warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/rule_warnings.h"

namespace rateguard::config {

std::vector<Error> config_warnings(const Config& config) {
  std::vector<Error> warnings = rules::rule_warnings(config.rules);
  if (!config.identity.jwt.key_file.empty()) return warnings;
  for (const rules::Rule& rule : config.rules) {
    if (std::ranges::find(rule.per, rules::PartKind::kClaim, &rules::Part::kind) == rule.per.end()) continue;
    warnings.push_back(
        {.message = fmt::format("rule '{}' counts by a claim, but without identity.jwt.key_file no token is believed, "
                                "and every request lacks it",
                                rule.name),
         .position = rule.position});
  }
  return warnings;
}

}  // namespace rateguard::config
