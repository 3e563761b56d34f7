#include "simulate/rule_terms.h"

#include <fmt/format.h>

#include "rules/describe_match.h"

namespace rateguard::simulate {
namespace {

std::vector<std::string> cost_terms(const rules::RuleCost& cost) {
  std::vector<std::string> out;
  if (cost == rules::RuleCost{}) return out;
  if (!cost.header.empty()) out.push_back(fmt::format("as header {} says, at most {}", cost.header, cost.header_max));
  for (const rules::RuleCost::OfPath& of : cost.by_path) out.push_back(fmt::format("{} for {}", of.units, of.path));
  for (const auto& [method, units] : cost.by_method) out.push_back(fmt::format("{} for {}", units, method));
  out.push_back(out.empty() ? fmt::format("{}", cost.units) : fmt::format("{} otherwise", cost.units));
  return out;
}

}  // namespace

RuleTerms rule_terms(const rules::Rule& rule) {
  RuleTerms terms{.methods = rule.match.methods,
                  .hosts = rule.match.hosts,
                  .paths = rule.match.paths,
                  .cost = cost_terms(rule.cost),
                  .group = rule.group,
                  .by_subject = rule.by_subject == nullptr ? 0 : rule.by_subject->subjects.size()};
  rules::Match match = rule.match;
  match.when.clear();
  terms.conditions = rules::describe_conditions(match);
  for (const rules::WeeklySpan& span : rule.match.when) terms.when.push_back(span.to_string());
  return terms;
}

}  // namespace rateguard::simulate
