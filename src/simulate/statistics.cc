#include "simulate/statistics.h"

#include <algorithm>

#include "base/check.h"
#include "store/counter_key.h"

namespace rateguard::simulate {

Statistics::Statistics(std::span<const rules::Rule> rules, KeepAnswers keep)
    : rules_(rules), keep_(keep), figures_(rules.size()), missing_parts_(rules.size()), counters_(rules.size()) {}

void Statistics::decided(size_t index, const Event& event, const rules::Matches& matches, const Outcome& outcome) {
  ++totals_.requests;
  ++(outcome.allowed() ? totals_.admitted : totals_.refused);
  totals_.unlimited += outcome.allowed() && !outcome.deciding;
  if (keep_ == KeepAnswers::kYes) answers_.push_back(kNoSubject);
  for (size_t i = 0; i < outcome.judged.size(); ++i) {
    const Outcome::Judged& judged = outcome.judged[i];
    const uint64_t cost = matches.limits()[i].cost.units;  // as the rule weighs it
    count_rule(cost, outcome, judged);
    Touch& touch = add_touch(counters_[judged.rule], matches.limits()[i].key, index);
    touch.is_request = true;
    touch.refused = !judged.decision.allowed();
    touch.refused_as = !outcome.allowed() && outcome.deciding == i;
    touch.cost_admitted = outcome.allowed() ? cost : 0;
  }
  if (outcome.exempted_by) count_exempted(event, *outcome.exempted_by);
  for (const rules::UncountedRule& uncounted : matches.uncounted()) count_uncounted(event, outcome, uncounted);
  if (outcome.rejected_by) touch_missing(index, outcome);
}

void Statistics::count_exempted(const Event& event, rules::RuleId by) {
  RuleFigures& rule = figures_[by];
  ++rule.requests;
  ++rule.admitted;
  add_units(rule.cost_admitted, event.cost());
}

void Statistics::count_rule(uint64_t cost, const Outcome& outcome, const Outcome::Judged& judged) {
  RuleFigures& rule = figures_[judged.rule];
  ++rule.requests;
  switch (Verdicts::share_of(outcome, judged)) {
    case Verdicts::Share::kAdmitted:
      ++rule.admitted;
      add_units(rule.cost_admitted, cost);
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

void Statistics::count_uncounted(const Event& event, const Outcome& outcome, const rules::UncountedRule& uncounted) {
  count_missing_part(uncounted);
  RuleFigures& rule = figures_[uncounted.rule];
  if (uncounted.effect == rules::Missing::kSkip) {
    ++rule.skipped_for_missing;
    return;
  }
  ++rule.requests;
  ++rule.refused_for_missing;
  if (rules_[uncounted.rule].mode == rules::RuleMode::kEnforce) {
    ++rule.refused;
    return;
  }
  ++rule.shadow_refused;
  ++(outcome.allowed() ? rule.admitted : rule.refused_by_others);
  if (outcome.allowed()) add_units(rule.cost_admitted, event.cost());
}

void Statistics::count_missing_part(const rules::UncountedRule& uncounted) {
  std::vector<MissingPart>& parts = missing_parts_[uncounted.rule];
  const auto found = std::ranges::find_if(
      parts, [&](const MissingPart& part) { return part.part == uncounted.part && part.effect == uncounted.effect; });
  if (found != parts.end()) {
    ++found->requests;
  } else {
    parts.push_back({.part = uncounted.part, .effect = uncounted.effect, .requests = 1});
  }
}

void Statistics::touch_missing(size_t index, const Outcome& outcome) {
  missing_key_.clear();
  CounterKey::append_part(missing_key_, rules_[*outcome.rejected_by].name);
  CounterKey::append_part(missing_key_, outcome.missing_part);
  add_touch(missing_, missing_key_, index).refused_as = true;
}

Statistics::Touch& Statistics::add_touch(SubjectTable& table, std::string_view key, size_t index) {
  if (added_ - applied_ == kWaitingMax) apply_oldest();
  Touch& touch = waiting_[added_++ % kWaitingMax];
  // Field by field: a whole one would be built aside and copied, and the copy would wait for its parts to be written.
  touch.hash = keyed_hash(key);
  touch.table = &table;
  touch.event = static_cast<uint32_t>(index);
  touch.cost_admitted = 0;
  touch.is_request = touch.refused = touch.refused_as = false;
  table.prefetch_place(touch.hash);
  // Halfway through its wait the place of another has come.
  const Touch& older = waiting_[(added_ + kWaitingMax / 2) % kWaitingMax];
  if (added_ >= kWaitingMax) older.table->prefetch_figures(older.hash);
  return touch;
}

void Statistics::apply_oldest() {
  const Touch& touch = waiting_[applied_++ % kWaitingMax];
  SubjectTable::Sums& subject = touch.table->find_or_add(touch.hash, touch.event, subjects_);
  subject.requests += touch.is_request;
  subject.refused += touch.refused;
  subject.add_cost(touch.cost_admitted);
  if (keep_ == KeepAnswers::kYes && touch.refused_as) answers_[touch.event] = subject.id;
}

void Statistics::finish() {
  while (applied_ < added_) apply_oldest();
}

Statistics::Subject Statistics::subject(SubjectId id) const {
  for (rules::RuleId rule = 0; rule < counters_.size(); ++rule) {
    if (const auto index = counters_[rule].find(id)) return {.rule = rule, .figures = counters_[rule].figures(*index)};
  }
  const auto index = missing_.find(id);
  RG_CHECK(index.has_value());
  return {.figures = missing_.figures(*index)};
}

}  // namespace rateguard::simulate
