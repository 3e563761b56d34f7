// GET /v1/rules, POST /v1/reload
#include "server/http/routes.h"
#include "server/json_text.h"

namespace rateguard::http {
namespace {

using server::append_json_string;
using server::append_number;

void append_strings(std::string& out, std::string_view name, const std::vector<std::string>& values) {
  append_json_string(out, name);
  out += ":[";
  for (const std::string& value : values) {
    if (&value != values.data()) out += ',';
    append_json_string(out, value);
  }
  out += ']';
}

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

// A limit as it decides: capacity, and units per period. Null is unlimited.
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
  out += '}';
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

std::string_view mode_name(rules::RuleMode mode) {
  switch (mode) {
    case rules::RuleMode::kEnforce:
      return "enforce";
    case rules::RuleMode::kShadow:
      return "shadow";
    case rules::RuleMode::kOff:
      return "off";
  }
  return "off";
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

void append_rule(std::string& out, const rules::Rule& rule) {
  std::vector<std::string> per;
  for (const rules::Part& part : rule.per) per.push_back(part.to_string());
  out += "{\"name\":";
  append_json_string(out, rule.name);
  out += ",\"mode\":\"";
  out += mode_name(rule.mode);
  out += "\",\"match\":{";
  append_strings(out, "methods", rule.match.methods);
  out += ',';
  append_strings(out, "hosts", rule.match.hosts);
  out += ',';
  append_strings(out, "paths", rule.match.paths);
  out += "},";
  append_strings(out, "per", per);
  if (rule.limit) {
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

}  // namespace

void answers::list_rules(Call& call) {
  std::string& out = call.workspace.body;
  out.assign("{\"rules\":[");
  bool first = true;
  for (const rules::Rule& rule : call.workspace.decider.policy().rules->rules()) {
    if (!first) out += ',';
    first = false;
    append_rule(out, rule);
  }
  out += "]}";
  call.respond_json(200, out);
}

void answers::reload(Call& call) {
  const Service& service = call.workspace.service;
  if (!service.reload) {
    return call.respond_problem({.status = 409,
                                 .detail = "there is no configuration file to load; start with --config FILE",
                                 .field = "config"});
  }
  const Result<std::string> loaded = service.reload();
  if (!loaded) {
    return call.respond_problem(
        {.status = 422, .detail = loaded.error().to_string() + "; the old rules stay in force", .field = "config"});
  }
  call.workspace.body.assign("{\"reloaded\":true,\"detail\":");
  append_json_string(call.workspace.body, *loaded);
  call.workspace.body += '}';
  call.respond_json(200, call.workspace.body);
}

}  // namespace rateguard::http
