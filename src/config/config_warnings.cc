#include "config/config_warnings.h"

#include <fmt/format.h>

#include <algorithm>

#include "rules/rule_warnings.h"

namespace rateguard::config {
namespace {

using identify::IdentitySource;
using rules::Missing;
using rules::PartKind;
using rules::Rule;

// What happens to requests that lack a part of the rule's key.
std::string_view fate(Missing missing) {
  switch (missing) {
    case Missing::kReject:
      return "are refused";
    case Missing::kIp:
      return "are counted by their address instead";
    case Missing::kSkip:
      return "are not limited by it";
  }
  return {};
}

// What a rule needs and no setting provides; empty if nothing.
std::string lacking(const rules::Part& part, const identify::Settings& identity) {
  const auto nobody_says = [](const IdentitySource& source, std::string_view name) {
    if (source.kind != IdentitySource::Kind::kNone) return std::string();
    return fmt::format(
        "identity.{0} does not say where the {0} is read from, and only callers of POST /check can name "
        "one: all other requests",
        name);
  };
  const bool has_records = identity.api_keys == identify::ApiKeys::kCatalog;  // which say what a key stands for
  if (has_records && (part.kind == PartKind::kWorkspace || part.kind == PartKind::kPlan)) return {};
  switch (part.kind) {
    case PartKind::kMember:
    case PartKind::kTag:
      if (has_records) return {};
      return "identity.api_keys is not catalog, and no key is looked up: all requests";
    case PartKind::kUser:
      return nobody_says(identity.user, "user");
    case PartKind::kWorkspace:
      return nobody_says(identity.workspace, "workspace");
    case PartKind::kPlan:
      return nobody_says(identity.plan, "plan");
    case PartKind::kClaim:
      if (!identity.jwt.key_file.empty()) return {};
      return "identity.jwt.key_file is missing, and without it no token is believed: all requests";
    default:
      return {};
  }
}

void warn_of_rule(const Rule& rule, const identify::Settings& identity, std::vector<Error>& warnings) {
  const auto warn = [&](std::string message) {
    warnings.push_back({.message = fmt::format("rule '{}' {}", rule.name, message), .position = rule.position});
  };
  // Whoever an unlimited rule matches is not counted, unless some of them have limits of their own.
  const bool counts = !rule.unlimited || rule.by_subject != nullptr;
  for (const rules::Part& part : counts ? rule.per : std::vector<rules::Part>()) {
    const std::string why = lacking(part, identity);
    if (why.empty()) continue;
    warn(fmt::format("counts per {}, but {} {}", part.to_string(), why, fate(rule.missing)));
  }
  using Kind = rules::ValueCondition::Kind;
  for (const rules::ValueCondition& condition : rule.match.values) {
    if (condition.kind != Kind::kOneOf && condition.kind != Kind::kPresent) continue;
    const std::string why = lacking(condition.of, identity);
    if (!why.empty()) warn(fmt::format("asks for {}, but {} are skipped", condition.of.to_string(), why));
  }
  const bool has_plans =
      identity.plan.kind != IdentitySource::Kind::kNone || identity.api_keys == identify::ApiKeys::kCatalog;
  if (rule.by_plan.empty() || has_plans) return;
  const std::string_view otherwise =
      rule.by_plan.contains("default") ? "have the limit of the plan 'default'" : fate(rule.missing);
  warn(fmt::format("limits by_plan, but {} {}", lacking({.kind = PartKind::kPlan}, identity), otherwise));
}

}  // namespace

std::vector<Error> config_warnings(const Config& config) {
  std::vector<Error> warnings = rules::rule_warnings(config.rules);
  for (const Rule& rule : config.rules) {
    if (rule.mode != rules::RuleMode::kOff) warn_of_rule(rule, config.identity, warnings);
  }
  return warnings;
}

}  // namespace rateguard::config
