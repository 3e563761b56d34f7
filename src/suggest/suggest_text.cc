#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "suggest/suggest.h"
#include "text/printable.h"

namespace rateguard::suggest {
namespace {

namespace json = boost::json;
using simulate::count_text;

constexpr size_t kRefusedShown = 10;

std::string counted(uint64_t n, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count_text(n), n == 1 ? one : many);
}

const simulate::RuleReport* verdict_of(const Suggestion& suggestion, size_t rule) {
  return suggestion.verdicts ? &(*suggestion.verdicts)[rule] : nullptr;
}

// Rows of equally many cells, the first two to the left.
std::string lay_out(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths(rows.front().size());
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  }
  std::string out;
  for (const auto& row : rows) {
    std::string line = " ";
    for (size_t i = 0; i < row.size(); ++i) {
      const std::string padding(widths[i] - width_of(row[i]), ' ');
      line += ' ' + (i < 2 ? row[i] + padding : padding + row[i]) + ' ';
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
  }
  return out;
}

std::string refused_text(const Suggestion& suggestion) {
  std::vector<std::vector<std::string>> rows;
  for (const simulate::RuleReport& rule : *suggestion.verdicts) {
    for (const simulate::SubjectReport& subject : rule.most_refused) {
      if (rows.size() == kRefusedShown) break;
      rows.push_back(
          {subject.name, rule.name,
           fmt::format("{} of {}", count_text(subject.refused), counted(subject.requests, "request", "requests"))});
    }
  }
  if (rows.empty()) return "\nNobody in these logs would be refused.\n";
  std::string out = fmt::format("\nWould be refused: {} of {}\n", count_text(suggestion.refused),
                                counted(suggestion.requests, "request", "requests"));
  return out + lay_out(rows);
}

json::object spread_json(const PeakSpread& spread) {
  return {{"callers", spread.callers},
          {"one_in", spread.one_in},
          {"p50", spread.half},
          {"p99", spread.p99},
          {"p999", spread.p999},
          {"max", spread.most},
          {"stand_apart", spread.stand_apart}};
}

json::object rule_json(const ProposedRule& rule, const simulate::RuleReport* verdict) {
  constexpr std::string_view kPer[] = {"ip", "user", "api_key"};
  json::object out{{"name", rule.name},
                   {"methods", json::value_from(rule.methods)},
                   {"path", rule.path.empty() ? json::value(nullptr) : json::value(rule.path)},
                   {"per", kPer[static_cast<size_t>(rule.per)]},
                   {"limit", rule.limit},
                   {"window_s", rule.window == WindowLength::kMinute ? 60 : 3600},
                   {"requests", rule.requests},
                   {"missed_max", rule.missed_max},
                   {"peaks", spread_json(rule.spread)},
                   {"would_refuse", nullptr}};
  if (verdict == nullptr) return out;
  json::array top;
  for (const simulate::SubjectReport& subject : verdict->most_refused) {
    top.push_back(json::object{{"name", subject.name}, {"requests", subject.requests}, {"refused", subject.refused}});
  }
  out["would_refuse"] = json::object{
      {"requests", verdict->figures.refused}, {"callers", verdict->subjects_refused}, {"top_callers", std::move(top)}};
  return out;
}

}  // namespace

std::string table_text(const Suggestion& suggestion) {
  std::string out = fmt::format("{} of {}", counted(suggestion.requests, "request", "requests"),
                                counted(suggestion.callers, "address", "addresses"));
  if (suggestion.first) {
    out += fmt::format(", {} to {} UTC ({})", simulate::instant_text(*suggestion.first),
                       simulate::instant_text(*suggestion.last),
                       simulate::duration_text(*suggestion.last - *suggestion.first));
  }
  out += '\n';
  if (const uint64_t malformed = suggestion.input.malformed(); malformed > 0) {
    out += counted(malformed, "malformed line", "malformed lines") + " skipped\n";
  }
  for (const std::string& remark : suggestion.remarks) out += remark + '\n';
  if (suggestion.rules.empty()) return out;

  out += "\nThe most that callers did, and a limit for it:\n";
  std::vector<std::vector<std::string>> rows = {
      {"rule", "applies to", "requests", "callers", "half", "99%", "99.9%", "busiest", "limit", "refused"}};
  for (size_t i = 0; i < suggestion.rules.size(); ++i) {
    const ProposedRule& rule = suggestion.rules[i];
    const simulate::RuleReport* verdict = verdict_of(suggestion, i);
    rows.push_back({rule.name, applies_to_text(rule), count_text(rule.requests), count_text(rule.spread.callers),
                    count_text(rule.spread.half), count_text(rule.spread.p99), count_text(rule.spread.p999),
                    count_text(rule.spread.most), limit_text(rule),
                    verdict == nullptr ? "?" : count_text(verdict->figures.refused)});
  }
  out += lay_out(rows);
  if (suggestion.verdicts) out += refused_text(suggestion);
  return out;
}

std::string to_json(const Suggestion& suggestion) {
  json::array rules;
  for (size_t i = 0; i < suggestion.rules.size(); ++i) {
    rules.push_back(rule_json(suggestion.rules[i], verdict_of(suggestion, i)));
  }
  json::array remarks;
  for (const std::string& remark : suggestion.remarks) remarks.push_back(json::value(remark));
  return json::serialize(
      json::object{{"requests", suggestion.requests},
                   {"malformed", suggestion.input.malformed()},
                   {"addresses", suggestion.callers},
                   {"refused", suggestion.verdicts ? json::value(suggestion.refused) : json::value(nullptr)},
                   {"rules", std::move(rules)},
                   {"remarks", std::move(remarks)},
                   {"yaml", suggestion.yaml}});
}

}  // namespace rateguard::suggest
