#include "server/http/rule_json.h"

#include <optional>
#include <string_view>
#include <vector>

#include "algorithm/calendar.h"
#include "rules/describe_match.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

std::string_view anchor_name(Anchor anchor) {
  switch (anchor) {
    case Anchor::kEpoch:
      return "epoch";
    case Anchor::kFirstRequest:
      return "first_request";
    case Anchor::kDay:
      return "day";
    case Anchor::kWeek:
      return "week";
    case Anchor::kMonth:
      return "month";
    case Anchor::kYear:
      return "year";
  }
  return "epoch";
}

void append_by_plan(std::string& out, const rules::Rule& rule) {
  out += ",\"by_plan\":{";
  bool first = true;
  for (const auto& [plan, limit] : rule.by_plan) {
    if (!first) out += ',';
    first = false;
    append_json_string(out, plan);
    out += ':';
    append_limit(out, limit);
  }
  out += '}';
}

std::string_view missing_name(rules::Missing missing) {
  switch (missing) {
    case rules::Missing::kReject:
      return "reject";
    case rules::Missing::kIp:
      return "ip";
    case rules::Missing::kSkip:
      return "skip";
  }
  return "reject";
}

std::string_view failure_name(rules::OnStoreFailure policy) {
  switch (policy) {
    case rules::OnStoreFailure::kAllow:
      return "allow";
    case rules::OnStoreFailure::kDeny:
      return "deny";
    case rules::OnStoreFailure::kLocal:
      return "local";
  }
  return "allow";
}

std::string_view consistency_name(Consistency consistency) {
  switch (consistency) {
    case Consistency::kExact:
      return "exact";
    case Consistency::kLease:
      return "lease";
    case Consistency::kSync:
      return "sync";
  }
  return "exact";
}

void append_some(std::string& out, std::string_view name, const std::vector<std::string>& values) {
  if (values.empty()) return;
  out += ',';
  append_json_strings(out, name, values);
}

std::vector<std::string> texts_of(const std::vector<IpPrefix>& prefixes) {
  std::vector<std::string> texts;
  for (const IpPrefix& prefix : prefixes) texts.push_back(rules::to_string(prefix));
  return texts;
}

std::vector<std::string> texts_of(const std::vector<rules::WeeklySpan>& spans) {
  std::vector<std::string> texts;
  for (const rules::WeeklySpan& span : spans) texts.push_back(span.to_string());
  return texts;
}

// A rule's conditions besides methods, hosts and paths; those that it does not have are left out.
void append_conditions(std::string& out, const rules::Match& match) {
  append_some(out, "not_methods", match.except.methods);
  append_some(out, "not_hosts", match.except.hosts);
  append_some(out, "not_paths", match.except.paths);
  append_some(out, "ip", texts_of(match.address.inside));
  append_some(out, "not_ip", texts_of(match.address.outside));
  append_some(out, "when", texts_of(match.when));
  if (match.values.empty()) return;
  out += ",\"conditions\":[";
  for (const rules::ValueCondition& condition : match.values) {
    if (&condition != match.values.data()) out += ',';
    out += "{\"of\":";
    append_json_string(out, condition.of.to_string());
    out += ",\"is\":\"";
    out += rules::to_string(condition.kind);
    out += "\",\"count\":";
    append_number(out, condition.values.size());
    if (!rules::is_secret(condition.of)) append_some(out, "values", condition.values);
    out += '}';
  }
  out += ']';
}

void append_number_field(std::string& out, std::string_view name, uint64_t number) {
  append_json_string(out, name);
  out += ':';
  append_number(out, number);
}

void append_cost(std::string& out, const rules::RuleCost& cost) {
  out += ",\"cost\":{";
  append_number_field(out, "default", cost.units);
  const auto append_table = [&](std::string_view name, const auto& table, auto key_of, auto units_of) {
    if (table.empty()) return;
    out += ',';
    append_json_string(out, name);
    out += ":{";
    for (const auto& entry : table) {
      if (&entry != table.data()) out += ',';
      append_number_field(out, key_of(entry), units_of(entry));
    }
    out += '}';
  };
  append_table(
      "by_method", cost.by_method, [](const auto& entry) { return entry.first; },
      [](const auto& entry) { return entry.second; });
  append_table(
      "by_path", cost.by_path, [](const auto& entry) { return entry.path; },
      [](const auto& entry) { return entry.units; });
  if (!cost.header.empty()) {
    out += ",\"header\":";
    append_json_string(out, cost.header);
    out += ',';
    append_number_field(out, "max", cost.header_max);
  }
  out += '}';
}

// Group, prefixes, cost and how many subjects have limits by name; those that the rule does not have are left out.
void append_terms(std::string& out, const rules::Rule& rule) {
  if (!rule.group.empty()) {
    out += ",\"group\":";
    append_json_string(out, rule.group);
  }
  const auto append_bits = [&](std::string_view name, const std::optional<int>& bits) {
    if (!bits) return;
    out += ',';
    append_number_field(out, name, static_cast<uint64_t>(*bits));
  };
  append_bits("ipv4_prefix", rule.prefixes.v4);
  append_bits("ipv6_prefix", rule.prefixes.v6);
  if (rule.cost != rules::RuleCost{}) append_cost(out, rule.cost);
  if (rule.by_subject == nullptr) return;
  out += ',';
  append_number_field(out, "subjects_by_name", rule.by_subject->subjects.size());
}

}  // namespace

void append_limit(std::string& out, const std::optional<Limit>& limit) {
  if (!limit) {
    out += "null";
    return;
  }
  out += "{\"algorithm\":\"";
  out += to_string(limit->algorithm);
  out += "\",\"capacity\":";
  append_number(out, limit->capacity);
  out += ",\"units\":";
  append_number(out, limit->rate.units);
  out += ",\"period_ms\":";
  append_number(out, limit->rate.period.ceil_millis());
  if (limit->algorithm == Algorithm::kFixedWindow) {
    out += ",\"anchor\":\"";
    out += anchor_name(limit->anchor);
    out += '"';
  }
  if (limit->is_of_calendar()) {
    out += ",\"time_zone\":";
    append_json_string(out, algorithm::zone_name(limit->zone));
  }
  if (limit->overdraft) out += ",\"overdraft\":true";
  out += '}';
}

void append_rule(std::string& out, const rules::Rule& rule) {
  std::vector<std::string> per;
  for (const rules::Part& part : rule.per) per.push_back(part.to_string());
  out += "{\"name\":";
  append_json_string(out, rule.name);
  out += ",\"mode\":\"";
  out += to_string(rule.mode);
  out += "\",\"match\":{";
  append_json_strings(out, "methods", rule.match.methods);
  out += ',';
  append_json_strings(out, "hosts", rule.match.hosts);
  out += ',';
  append_json_strings(out, "paths", rule.match.paths);
  append_conditions(out, rule.match);
  out += "},";
  append_json_strings(out, "per", per);
  append_terms(out, rule);
  if (rule.limit || rule.unlimited) {
    out += ",\"limit\":";
    append_limit(out, rule.limit);
  } else {
    append_by_plan(out, rule);
  }
  out += ",\"missing\":\"";
  out += missing_name(rule.missing);
  out += "\",\"store\":";
  append_json_string(out, rule.store);
  out += ",\"on_store_failure\":\"";
  out += failure_name(rule.on_store_failure);
  out += "\",\"consistency\":\"";
  out += consistency_name(rule.consistency);
  out += "\",\"file\":";
  append_json_string(out, rule.position.file);
  out += ",\"line\":";
  append_number(out, rule.position.line);
  out += '}';
}

}  // namespace rateguard::http_api
