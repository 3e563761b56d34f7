#include "server/http/decide.h"

namespace rateguard::http_api {

std::expected<Answer, Problem> decide(Workspace& workspace, const CheckForm& form, Explain explain, Now now) {
  if (const auto* asked = std::get_if<FactsCheck>(&form)) {
    return explain == Explain::kYes ? workspace.decider.explain(asked->facts, now)
                                    : workspace.decider.decide(asked->facts, now);
  }
  if (const auto* ad_hoc = std::get_if<AdHocCheck>(&form)) return workspace.decider.decide(*ad_hoc, now);
  const RuleCheck& rule = std::get<RuleCheck>(form);
  auto answer = workspace.decider.decide(rule, now);
  if (!answer) return std::unexpected(lookup_problem(rule, workspace.decider.policy(), answer.error()));
  return *answer;
}

Problem lookup_problem(const RuleCheck& check, const Policy& policy, const Error& error) {
  if (error.code == ErrorCode::kNotFound) return {.status = 404, .detail = error.message, .field = "rule"};
  const auto id = policy.rules->find(check.rule);
  const rules::Rule* const rule = id ? &policy.rules->rules()[*id] : nullptr;
  const bool plan_is_wrong = rule != nullptr && !rule->by_plan.empty() &&
                             !rule->by_plan.contains(std::string(check.plan)) && !rule->by_plan.contains("default");
  return {.status = 400, .detail = error.message, .field = plan_is_wrong ? "plan" : "key"};
}

}  // namespace rateguard::http_api
