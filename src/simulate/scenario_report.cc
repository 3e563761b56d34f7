#include "simulate/scenario_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace rateguard::simulate {
namespace {

// Lines of one plot, and plots of one page, that a person can choose among.
constexpr size_t kQuotasPerRule = 6;
constexpr size_t kQuotasMax = 60;

std::string_view mode_text(rules::RuleMode mode) {
  switch (mode) {
    case rules::RuleMode::kEnforce:
      return "enforce";
    case rules::RuleMode::kShadow:
      return "shadow";
    case rules::RuleMode::kOff:
      break;
  }
  return "off";
}

std::string limit_text(const Limit& limit) {
  const std::string_view algorithm = to_string(limit.algorithm);
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
      return fmt::format("{} per {}, burst {} ({})", count_text(limit.rate.units), duration_text(limit.rate.period),
                         count_text(limit.capacity), algorithm);
    case Algorithm::kConcurrency:
      return fmt::format("{} held at once, {} each ({})", count_text(limit.capacity), duration_text(limit.period()),
                         algorithm);
    default:
      break;
  }
  constexpr std::string_view kCalendar[] = {"", "", "calendar day", "calendar week", "calendar month", "calendar year"};
  const std::string_view unit = kCalendar[static_cast<size_t>(limit.anchor)];
  return fmt::format("{} per {} ({})", count_text(limit.capacity),
                     unit.empty() ? duration_text(limit.period()) : std::string(unit), algorithm);
}

RuleReport rule_report(const rules::Rule& rule, const RuleFigures& figures, const TimelineCounts& timeline) {
  std::vector<std::string> per;
  for (const rules::Part& part : rule.per) per.push_back(part.to_string());
  return {.name = rule.name,
          .mode = std::string(mode_text(rule.mode)),
          .limit = rule.limit ? limit_text(*rule.limit) : "by plan",
          .per = per.empty() ? "global" : fmt::format("{}", fmt::join(per, ", ")),
          .figures = figures,
          .timeline = timeline};
}

// The subjects of every rule: most refused first, then busiest, then first seen.
std::vector<std::vector<SubjectId>> ranked_by_rule(size_t rules, const SubjectTable& table,
                                                   const HugePageVector<SubjectFigures>& subjects, size_t keep) {
  std::vector<std::vector<SubjectId>> out(rules);
  for (SubjectId id = 0; id < subjects.size(); ++id) {
    if (table.is_counter(id)) out[subjects[id].rule].push_back(id);
  }
  const auto before = [&](SubjectId a, SubjectId b) {
    const SubjectFigures& x = subjects[a];
    const SubjectFigures& y = subjects[b];
    if (x.refused != y.refused) return x.refused > y.refused;
    if (x.requests != y.requests) return x.requests > y.requests;
    return a < b;
  };
  for (std::vector<SubjectId>& ids : out) {
    const auto middle = ids.begin() + static_cast<ptrdiff_t>(std::min(keep, ids.size()));
    std::partial_sort(ids.begin(), middle, ids.end(), before);
    ids.erase(middle, ids.end());
  }
  return out;
}

std::vector<ChangedSubject> named(const Scenario& scenario, const Statistics& statistics,
                                  const std::vector<SubjectChange>& changes) {
  const HugePageVector<SubjectFigures> figures = statistics.subjects().figures();
  std::vector<ChangedSubject> out;
  for (const SubjectChange& change : changes) {
    if (out.size() == kTopSubjects) break;
    const rules::Rule& rule = scenario.policy.rules->rules()[figures[change.subject].rule];
    out.push_back({.rule = rule.name,
                   .subject = subject_name(statistics.subjects().key(change.subject), rule, change.subject),
                   .requests = change.requests});
  }
  return out;
}

}  // namespace

ScenarioReport scenario_report(const Scenario& scenario, const Statistics& statistics, const Timeline& timeline) {
  const auto rules = scenario.policy.rules->rules();
  const SubjectTable& table = statistics.subjects();
  const HugePageVector<SubjectFigures> subjects = table.figures();
  ScenarioReport report{.name = scenario.name, .totals = statistics.totals(), .timeline = timeline.total()};
  for (size_t i = 0; i < rules.size(); ++i) {
    report.rules.push_back(rule_report(rules[i], statistics.figures()[i], timeline.rules()[i]));
  }
  for (SubjectId id = 0; id < subjects.size(); ++id) {
    if (!table.is_counter(id)) continue;
    RuleReport& rule = report.rules[subjects[id].rule];
    ++rule.subjects;
    rule.subjects_refused += subjects[id].refused > 0;
  }
  const auto ranked = ranked_by_rule(rules.size(), table, subjects, kTopSubjects);
  for (size_t i = 0; i < rules.size(); ++i) {
    for (const SubjectId id : ranked[i]) {
      const SubjectFigures& figures = subjects[id];
      if (figures.refused == 0) break;
      report.rules[i].most_refused.push_back({.name = subject_name(table.key(id), rules[i], id),
                                              .requests = figures.requests,
                                              .refused = figures.refused,
                                              .cost_admitted = figures.cost_admitted});
    }
  }
  return report;
}

std::vector<std::string> keys_to_plot(const Scenario& scenario, const Statistics& statistics) {
  const auto ranked = ranked_by_rule(scenario.policy.rules->rules().size(), statistics.subjects(),
                                     statistics.subjects().figures(), kQuotasPerRule);
  std::vector<std::string> keys;
  // The first of every rule before the second of any, so that a long file of rules does not hide one.
  for (size_t rank = 0; rank < kQuotasPerRule; ++rank) {
    for (const std::vector<SubjectId>& ids : ranked) {
      if (rank < ids.size() && keys.size() < kQuotasMax) keys.emplace_back(statistics.subjects().key(ids[rank]));
    }
  }
  return keys;
}

std::vector<QuotaReport> quota_reports(const Scenario& scenario, const Statistics& statistics,
                                       const QuotaObserver& quotas) {
  std::vector<QuotaReport> out;
  for (const QuotaSeries& series : quotas.series()) {
    const rules::Rule& rule = scenario.policy.rules->rules()[series.rule];
    const SubjectId id = statistics.subjects().find(series.key, series.rule);
    out.push_back({.rule = rule.name, .subject = subject_name(series.key, rule, id), .series = series});
  }
  return out;
}

ComparisonReport comparison_report(const Scenario& before, const Statistics& before_statistics, const Scenario& after,
                                   const Statistics& after_statistics, const Changes& changes) {
  return {.newly_refused = changes.newly_refused,
          .newly_admitted = changes.newly_admitted,
          .refused_subjects = changes.refused_subjects.size(),
          .admitted_subjects = changes.admitted_subjects.size(),
          .most_newly_refused = named(after, after_statistics, changes.refused_subjects),
          .most_newly_admitted = named(before, before_statistics, changes.admitted_subjects)};
}

}  // namespace rateguard::simulate
