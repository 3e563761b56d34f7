#include "simulate/scenario_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/check.h"
#include "rules/describe_match.h"
#include "simulate/proxy_search.h"
#include "simulate/rule_terms.h"

namespace rateguard::simulate {
namespace {

// Lines of one plot, and plots of one page, that a person can choose among.
constexpr size_t kQuotasPerRule = 6;
constexpr size_t kQuotasMax = 60;

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

// How long a used-up limit takes to recover fully without requests.
Duration time_to_recover(const Limit& limit) {
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kGcra:
    case Algorithm::kLeakyBucket:
      break;
    default:
      return limit.period();
  }
  const double refills = static_cast<double>(limit.capacity) / static_cast<double>(limit.rate.units);
  return Duration::micros(static_cast<int64_t>(
      std::min(refills * static_cast<double>(limit.rate.period.us), static_cast<double>(kShortLimit.us))));
}

bool is_short(const rules::Rule& rule) {
  const auto below = [](const std::optional<Limit>& limit) { return limit && time_to_recover(*limit) < kShortLimit; };
  return below(rule.limit) || std::ranges::any_of(rule.by_plan, [&](const auto& plan) { return below(plan.second); });
}

std::string rule_limit_text(const rules::Rule& rule) {
  const std::string limit = rule.unlimited ? "unlimited" : rule.limit ? limit_text(*rule.limit) : "by plan";
  return rule.by_subject == nullptr
             ? limit
             : fmt::format("{}, {} {} by name", limit, count_text(rule.by_subject->subjects.size()),
                           rule.by_subject->subjects.size() == 1 ? "subject" : "subjects");
}

auto all_figures(const SubjectTable& counters) {
  return std::views::iota(size_t{0}, counters.size()) |
         std::views::transform([&counters](size_t i) { return counters.figures(i); });
}

// What any request of a recording has.
struct Contents {
  bool path = false;
  bool host = false;
  bool method = false;

  // Looks at requests only until all three are found.
  static Contents of(const Recording& recording) {
    Contents contents;
    RequestFacts facts;
    for (const Event& event : recording.events()) {
      if (contents.path && contents.host && contents.method) break;
      recording.facts(event, facts);
      contents.path |= !facts.path.empty();
      contents.host |= !facts.host.empty();
      contents.method |= !facts.method.empty();
    }
    return contents;
  }
};

Unreachable unreachable(const rules::Match& match, const Contents& contents) {
  if (!match.paths.empty() && !contents.path) return Unreachable::kPath;
  if (!match.hosts.empty() && !contents.host) return Unreachable::kHost;
  if (!match.methods.empty() && !contents.method) return Unreachable::kMethod;
  return Unreachable::kNone;
}

// To know that a log has no hosts it must be read to its end: only done if some rule applied to nothing.
void tell_unreachable(const Scenario& scenario, const Recording& recording, std::vector<RuleReport>& reports) {
  const auto rules = scenario.policy.rules->rules();
  std::optional<Contents> contents;
  for (rules::RuleId i = 0; i < rules.size(); ++i) {
    const RuleFigures& figures = reports[i].figures;
    if (figures.requests + figures.skipped_for_missing > 0 || recording.events().empty()) continue;
    if (!contents) contents = Contents::of(recording);
    reports[i].unreachable = unreachable(rules[i].match, *contents);
  }
}

RuleReport rule_report(const rules::Rule& rule, const RuleFigures& figures, const TimelineCounts& timeline) {
  std::vector<std::string> per;
  for (const rules::Part& part : rule.per) per.push_back(part.to_string());
  return {.name = rule.name,
          .mode = std::string(rules::to_string(rule.mode)),
          .limit = rule_limit_text(rule),
          .per = per.empty() ? "global" : fmt::format("{}", fmt::join(per, ", ")),
          .terms = rule_terms(rule),
          .figures = figures,
          .is_short = is_short(rule),
          .timeline = timeline};
}

// The first `count` of a rule's counters: most refused first, then busiest, then first seen.
std::vector<SubjectFigures> ranked(const SubjectTable& counters, size_t count) {
  const auto before = [](const SubjectFigures& a, const SubjectFigures& b) {
    if (a.refused != b.refused) return a.refused > b.refused;
    if (a.requests != b.requests) return a.requests > b.requests;
    return a.id < b.id;
  };
  std::vector<SubjectFigures> out(std::min(count, counters.size()));
  std::ranges::partial_sort_copy(all_figures(counters), out, before);
  return out;
}

std::vector<ChangedSubject> named(const Compared& compared, const std::vector<SubjectChange>& changes) {
  const auto rules = compared.scenario.policy.rules->rules();
  std::vector<ChangedSubject> out;
  for (const SubjectChange& change : changes) {
    if (out.size() == kTopSubjects) break;
    const auto [rule, figures] = compared.statistics.subject(change.subject);
    if (rule) {
      out.push_back({.rule = rules[*rule].name,
                     .subject = compared.names.counter_name(figures, *rule),
                     .requests = change.requests});
    } else {
      auto missing = compared.names.missing_name(figures.first_event);
      out.push_back(
          {.rule = rules[missing.rule].name, .subject = std::move(missing.name), .requests = change.requests});
    }
  }
  return out;
}

}  // namespace

ScenarioReport scenario_report(const Scenario& scenario, const Recording& recording, const Statistics& statistics,
                               const Timeline& timeline, SubjectNames& names) {
  const auto rules = scenario.policy.rules->rules();
  ScenarioReport report{.name = scenario.name, .totals = statistics.totals(), .timeline = timeline.total()};
  for (rules::RuleId i = 0; i < rules.size(); ++i) {
    RuleReport& rule = report.rules.emplace_back(rule_report(rules[i], statistics.figures()[i], timeline.rules()[i]));
    for (const MissingPart& missing : statistics.missing_parts(i)) {
      rule.missing.push_back(
          {.part = std::string(missing.part), .effect = missing.effect, .requests = missing.requests});
    }
    const SubjectTable& counters = statistics.counters(i);
    rule.subjects = counters.size();
    for (const SubjectFigures& figures : all_figures(counters)) rule.subjects_refused += figures.refused > 0;
    for (const SubjectFigures& figures : ranked(counters, kTopSubjects)) {
      if (figures.refused == 0) break;
      rule.most_refused.push_back({.name = names.counter_name(figures, i),
                                   .requests = figures.requests,
                                   .refused = figures.refused,
                                   .cost_admitted = figures.cost_admitted});
    }
  }
  tell_unreachable(scenario, recording, report.rules);
  report.proxy = find_proxy(scenario, recording);
  return report;
}

Callers callers_of(const Scenario& scenario, const Statistics& statistics, SubjectNames& names) {
  enum : uint8_t { kCounted = 1, kRefused = 2, kShadowRefused = 4 };
  std::unordered_map<std::string, uint8_t> callers;
  const auto rules = scenario.policy.rules->rules();
  for (rules::RuleId i = 0; i < rules.size(); ++i) {
    const uint8_t refused = rules[i].mode == rules::RuleMode::kShadow ? kShadowRefused : kRefused;
    for (const SubjectFigures& figures : all_figures(statistics.counters(i))) {
      std::string caller = names.caller(figures.first_event, i);
      if (!caller.empty()) callers[std::move(caller)] |= kCounted | (figures.refused > 0 ? refused : uint8_t{0});
    }
  }
  Callers out{.counted = callers.size()};
  for (const auto& [caller, flags] : callers) {
    out.refused += (flags & kRefused) != 0;
    out.shadow_refused += (flags & kShadowRefused) != 0;
  }
  return out;
}

std::vector<std::string> keys_to_plot(const Scenario& scenario, const Statistics& statistics, SubjectNames& names) {
  std::vector<std::vector<SubjectFigures>> by_rule;
  for (rules::RuleId i = 0; i < scenario.policy.rules->rules().size(); ++i) {
    by_rule.push_back(ranked(statistics.counters(i), kQuotasPerRule));
  }
  std::vector<std::string> keys;
  // The first of every rule before the second of any, so that a long file of rules does not hide one.
  for (size_t rank = 0; rank < kQuotasPerRule; ++rank) {
    for (rules::RuleId i = 0; i < by_rule.size() && keys.size() < kQuotasMax; ++i) {
      if (rank < by_rule[i].size()) keys.emplace_back(names.counter_key(by_rule[i][rank].first_event, i));
    }
  }
  return keys;
}

std::vector<QuotaReport> quota_reports(const Scenario& scenario, const Statistics& statistics,
                                       const QuotaObserver& quotas) {
  std::vector<QuotaReport> out;
  for (const QuotaSeries& series : quotas.series()) {
    const rules::Rule& rule = scenario.policy.rules->rules()[series.rule];
    const SubjectTable& counters = statistics.counters(series.rule);
    const auto index = counters.find(keyed_hash(series.key));
    RG_CHECK(index.has_value());
    out.push_back(
        {.rule = rule.name, .subject = subject_name(series.key, rule, counters.figures(*index).id), .series = series});
  }
  return out;
}

ComparisonReport comparison_report(const Compared& before, const Compared& after, const Changes& changes) {
  return {.newly_refused = changes.newly_refused,
          .newly_admitted = changes.newly_admitted,
          .refused_subjects = changes.refused_subjects.size(),
          .admitted_subjects = changes.admitted_subjects.size(),
          .most_newly_refused = named(after, changes.refused_subjects),
          .most_newly_admitted = named(before, changes.admitted_subjects)};
}

}  // namespace rateguard::simulate
