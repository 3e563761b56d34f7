#include "simulate/statistics.h"

#include <algorithm>

namespace rateguard::simulate {

Statistics::Statistics(std::span<const rules::Rule> rules, KeepAnswers keep)
    : rules_(rules), keep_(keep), figures_(rules.size()), subjects_(rules.size()) {}

void Statistics::decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) {
  ++totals_.requests;
  ++(outcome.allowed() ? totals_.admitted : totals_.refused);
  totals_.unlimited += outcome.allowed() && !outcome.deciding;
  if (keep_ == KeepAnswers::kYes) answers_.push_back(kNoSubject);
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const Outcome::Judged& judged = outcome.judged[i];
    count_rule(event, outcome, judged);
    Touch& touch = add_touch(matches.limits()[i].key, judged.rule);
    touch.refused = !judged.decision.allowed();
    touch.cost_admitted = outcome.allowed() ? event.cost : 0;
    if (!outcome.allowed() && outcome.deciding == i) touch.refused_event = index;
  }
  if (outcome.rejected_by) count_missing(outcome).refused_event = index;
}

void Statistics::count_rule(const Event& event, const Outcome& outcome, const Outcome::Judged& judged) {
  RuleFigures& rule = figures_[judged.rule];
  ++rule.requests;
  switch (Verdicts::share_of(outcome, judged)) {
    case Verdicts::Share::kAdmitted:
      ++rule.admitted;
      rule.cost_admitted += event.cost;
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
  if (judged.decision.retry_after.is_never()) {
    ++rule.refused_for_ever;
  } else {
    rule.longest_wait = std::max(rule.longest_wait, judged.decision.retry_after);
  }
}

Statistics::Touch& Statistics::count_missing(const Outcome& outcome) {
  const rules::RuleId id = *outcome.rejected_by;
  RuleFigures& rule = figures_[id];
  ++rule.requests;
  ++rule.refused;
  ++rule.refused_for_missing;
  SubjectTable::missing_key(outcome.missing_part, rules_[id].name, missing_key_);
  Touch& touch = add_touch(missing_key_, id);
  touch.requests = 0;
  return touch;
}

Statistics::Touch& Statistics::add_touch(std::string_view key, rules::RuleId rule) {
  if (added_ - applied_ == kWaitingMax) apply_oldest();
  Touch& touch = waiting_[added_++ % kWaitingMax];
  touch.hash = keyed_hash(key);
  touch.key.assign(key);
  touch.rule = rule;
  touch.requests = 1;
  touch.refused = 0;
  touch.cost_admitted = 0;
  touch.refused_event.reset();
  subjects_.prefetch_place(touch.hash, rule);
  // Halfway through its wait the place of another has come.
  const Touch& older = waiting_[(added_ + kWaitingMax / 2) % kWaitingMax];
  if (added_ >= kWaitingMax) subjects_.prefetch_figures(older.hash, older.rule);
  return touch;
}

void Statistics::apply_oldest() {
  const Touch& touch = waiting_[applied_++ % kWaitingMax];
  SubjectTable::Sums& subject = subjects_.find_or_add(touch.hash, touch.key.view(), touch.rule);
  subject.requests += touch.requests;
  subject.refused += touch.refused;
  subject.add_cost(touch.cost_admitted);
  if (keep_ == KeepAnswers::kYes && touch.refused_event) answers_[*touch.refused_event] = subject.id;
}

void Statistics::finish() {
  while (applied_ < added_) apply_oldest();
}

}  // namespace rateguard::simulate
