#include "simulate/statistics.h"

#include <algorithm>

namespace rateguard::simulate {

void Statistics::decided(size_t, const Event& event, const rules::Matches& matches, const Outcome& outcome) {
  ++totals_.requests;
  ++(outcome.allowed() ? totals_.admitted : totals_.refused);
  totals_.unlimited += outcome.allowed() && !outcome.deciding;
  refuser_ = kNoSubject;

  const std::span<const rules::MatchedLimit> limits = matches.limits();
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const SubjectId id = subjects_.find_or_add(limits[i].key, limits[i].rule);
    if (!outcome.allowed() && outcome.deciding == i) refuser_ = id;
    count_rule(event, outcome, outcome.judged[i], subjects_[id]);
  }
  if (outcome.rejected_by) count_missing(outcome);
}

void Statistics::count_rule(const Event& event, const Outcome& outcome, const Outcome::Judged& judged,
                            SubjectFigures& subject) {
  RuleFigures& rule = figures_[judged.rule];
  ++rule.requests;
  ++subject.requests;
  switch (Verdicts::share_of(outcome, judged)) {
    case Verdicts::Share::kAdmitted:
      ++rule.admitted;
      rule.cost_admitted += event.cost;
      subject.cost_admitted += event.cost;
      break;
    case Verdicts::Share::kRefused:
      ++rule.refused;
      break;
    case Verdicts::Share::kRefusedByOthers:
      ++rule.refused_by_others;
      break;
  }
  rule.shadow_refused += Verdicts::is_shadow_refusal(judged);
  if (judged.decision.allowed()) return;
  ++subject.refused;
  if (judged.decision.retry_after.is_never()) {
    ++rule.refused_for_ever;
  } else {
    rule.longest_wait = std::max(rule.longest_wait, judged.decision.retry_after);
  }
}

void Statistics::count_missing(const Outcome& outcome) {
  const rules::RuleId id = *outcome.rejected_by;
  RuleFigures& rule = figures_[id];
  ++rule.requests;
  ++rule.refused;
  ++rule.refused_for_missing;
  refuser_ = subjects_.find_or_add_missing(outcome.missing_part, rules_[id].name, id);
}

}  // namespace rateguard::simulate
