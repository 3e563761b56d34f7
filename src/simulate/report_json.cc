#include "simulate/report_json.h"

#include <boost/json.hpp>
#include <optional>

#include "simulate/output_file.h"
#include "simulate/report_remarks.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

namespace json = boost::json;

constexpr size_t kFileNameMax = 1024;

// RFC 3339.
std::string time_json(Instant instant) {
  std::string text = instant_text(instant) + "Z";
  text[10] = 'T';
  return text;
}

json::object subject_json(const SubjectReport& subject) {
  return {{"name", subject.name},
          {"requests", subject.requests},
          {"refused", subject.refused},
          {"cost_admitted", subject.cost_admitted}};
}

json::array missing_json(const RuleReport& rule) {
  json::array out;
  for (const MissingReport& missing : rule.missing) {
    out.push_back(json::object{{"part", missing.part},
                               {"effect", missing.effect == rules::Missing::kSkip ? "skip" : "reject"},
                               {"requests", missing.requests}});
  }
  return out;
}

json::array strings_json(const std::vector<std::string>& texts) {
  json::array out;
  for (const std::string& text : texts) out.push_back(json::value(text));
  return out;
}

// Only what a rule says.
json::object terms_json(const RuleTerms& terms) {
  json::object out;
  const auto add = [&](std::string_view name, const std::vector<std::string>& texts) {
    if (!texts.empty()) out[name] = strings_json(texts);
  };
  add("methods", terms.methods);
  add("hosts", terms.hosts);
  add("paths", terms.paths);
  add("conditions", terms.conditions);
  return out;
}

json::object rule_json(const RuleReport& rule) {
  const RuleFigures& figures = rule.figures;
  json::array top;
  for (const SubjectReport& subject : rule.most_refused) top.push_back(subject_json(subject));
  json::value worst = nullptr;
  if (!rule.most_refused.empty()) worst = subject_json(rule.most_refused.front());
  return {{"name", rule.name},
          {"mode", rule.mode},
          {"per", rule.per},
          {"limit", rule.limit},
          {"match", terms_json(rule.terms)},
          {"when", strings_json(rule.terms.when)},
          {"cost", strings_json(rule.terms.cost)},
          {"group", rule.terms.group.empty() ? json::value(nullptr) : json::value(rule.terms.group)},
          {"by_subject", rule.terms.by_subject},
          {"requests", figures.requests},
          {"admitted", figures.admitted},
          {"refused", figures.refused},
          {"refused_by_others", figures.refused_by_others},
          {"shadow_refused", figures.shadow_refused},
          {"refused_for_missing", figures.refused_for_missing},
          {"skipped_for_missing", figures.skipped_for_missing},
          {"missing", missing_json(rule)},
          {"refused_for_ever", figures.refused_for_ever},
          {"cost_admitted", figures.cost_admitted},
          {"subjects", rule.subjects},
          {"subjects_refused", rule.subjects_refused},
          {"longest_wait_ms", figures.longest_wait.ceil_millis()},
          {"worst_subject", std::move(worst)},
          {"top_subjects", std::move(top)}};
}

json::array rules_json(const ScenarioReport& scenario) {
  json::array out;
  for (const RuleReport& rule : scenario.rules) out.push_back(rule_json(rule));
  return out;
}

json::object total_json(const Report& report, const ScenarioReport& scenario) {
  json::object out = {{"requests", scenario.totals.requests},      {"malformed", report.input.malformed()},
                      {"no_request", report.input.no_request()},   {"admitted", scenario.totals.admitted},
                      {"refused", scenario.totals.refused},        {"unlimited", scenario.totals.unlimited},
                      {"without_address", report.without_address}, {"unreadable_requests", report.unreadable_requests},
                      {"spread_requests", report.spread_requests}, {"evicted", scenario.evicted}};
  // The members are always the same; null: not counted, or there are no requests.
  const auto or_null = [](bool known, const auto& value) {
    return known ? json::value(value()) : json::value(nullptr);
  };
  const auto& callers = scenario.callers;
  out["callers"] = or_null(callers.has_value(), [&] { return callers->counted; });
  out["callers_refused"] = or_null(callers.has_value(), [&] { return callers->refused; });
  out["callers_shadow_refused"] = or_null(callers.has_value(), [&] { return callers->shadow_refused; });
  const bool has_requests = report.first.has_value();
  out["first"] = or_null(has_requests, [&] { return time_json(*report.first); });
  out["last"] = or_null(has_requests, [&] { return time_json(*report.last); });
  out["span_ms"] = or_null(has_requests, [&] { return (*report.last - *report.first).ceil_millis(); });
  return out;
}

json::array logs_json(const ReadSummary& input) {
  json::array out;
  for (const LogSummary& log : input.logs) {
    json::array envelopes;
    for (const Envelope envelope : log.envelopes) envelopes.emplace_back(to_string(envelope));
    out.push_back(json::object{{"file", printable(log.file, kFileNameMax)},
                               {"format", to_string(log.format)},
                               {"envelopes", std::move(envelopes)},
                               {"lines", log.lines},
                               {"malformed", log.malformed},
                               {"no_request", log.no_request},
                               {"problem", log.problem.empty() ? json::value(nullptr) : json::value(log.problem)}});
  }
  return out;
}

json::array examples_json(const ReadSummary& input) {
  json::array out;
  for (const MalformedLine& line : input.examples) {
    out.push_back(json::object{
        {"file", printable(line.file, kFileNameMax)}, {"line", line.line}, {"why", line.why}, {"text", line.text}});
  }
  return out;
}

json::array changed_json(const std::vector<ChangedSubject>& subjects) {
  json::array out;
  for (const ChangedSubject& subject : subjects) {
    out.push_back(json::object{{"rule", subject.rule}, {"subject", subject.subject}, {"requests", subject.requests}});
  }
  return out;
}

json::object changes_json(const ComparisonReport& changes) {
  return {{"requests_changed", changes.newly_refused + changes.newly_admitted},
          {"newly_refused", changes.newly_refused},
          {"newly_admitted", changes.newly_admitted},
          {"subjects_newly_refused", changes.refused_subjects},
          {"subjects_newly_admitted", changes.admitted_subjects},
          {"top_newly_refused", changed_json(changes.most_newly_refused)},
          {"top_newly_admitted", changed_json(changes.most_newly_admitted)}};
}

json::object counts_json(const TimelineCounts& counts) {
  return {{"admitted", json::value_from(counts.admitted)},
          {"refused", json::value_from(counts.refused)},
          {"refused_by_others", json::value_from(counts.refused_by_others)},
          {"shadow_refused", json::value_from(counts.shadow_refused)}};
}

json::array optional_json(const std::vector<std::optional<uint64_t>>& values) {
  json::array out;
  for (const auto& value : values) out.push_back(value ? json::value(*value) : json::value(nullptr));
  return out;
}

json::object grid_json(const TimeGrid& grid) {
  return {{"begin_ms", grid.begin.us / 1000}, {"step_ms", grid.step.us / 1000}, {"pieces", grid.pieces}};
}

json::object plots_json(const ScenarioReport& scenario) {
  json::array rules;
  for (const RuleReport& rule : scenario.rules) rules.push_back(counts_json(rule.timeline));
  json::array quotas;
  for (const QuotaReport& quota : scenario.quotas) {
    quotas.push_back(json::object{{"rule", quota.rule},
                                  {"subject", quota.subject},
                                  {"limit", quota.series.limit},
                                  {"grid", grid_json(quota.series.grid)},
                                  {"lowest", optional_json(quota.series.lowest)},
                                  {"at_end", optional_json(quota.series.at_end)},
                                  {"refused", json::value_from(quota.series.refused)}});
  }
  return {{"total", counts_json(scenario.timeline)}, {"rules", std::move(rules)}, {"quotas", std::move(quotas)}};
}

json::object scenario_json(const Report& report, const ScenarioReport& scenario, JsonContent content) {
  json::object out = {{"rules_file", printable(scenario.name, kFileNameMax)},
                      {"total", total_json(report, scenario)},
                      {"rules", rules_json(scenario)},
                      {"remarks", strings_json(scenario_remarks(report, scenario))}};
  if (content == JsonContent::kFiguresAndPlots) out["plots"] = plots_json(scenario);
  return out;
}

}  // namespace

std::string to_json(const Report& report, JsonContent content) {
  json::object out = scenario_json(report, report.rules, content);
  out["logs"] = logs_json(report.input);
  out["remarks_on_input"] = strings_json(input_remarks(report));
  out["malformed_examples"] = examples_json(report.input);
  if (content == JsonContent::kFiguresAndPlots) {
    out["grid"] = grid_json(report.grid);
  }
  if (report.compared && report.changes) {
    json::object compare = scenario_json(report, *report.compared, content);
    compare["changes"] = changes_json(*report.changes);
    out["compare"] = std::move(compare);
  }
  return json::serialize(out);
}

Result<void> write_json(const Report& report, const std::string& path) {
  return write_output_file(path, to_json(report, JsonContent::kFigures) + "\n");
}

}  // namespace rateguard::simulate
