// Which limits hold for an API key, and why: its own, its workspace's, its plan's, or the rules'.
#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/known_caller.h"
#include "model/own_limit.h"
#include "server/admin/admin_call.h"
#include "server/admin/admin_parts.h"
#include "server/admin/admin_route.h"
#include "server/http/rule_json.h"
#include "text/json_text.h"

namespace rateguard::admin {
namespace {

using catalog::ApiKeyRecord;
using catalog::PlanRecord;
using catalog::WorkspaceRecord;

// A key with those whose limits count for it.
struct KeyWithOwners {
  ApiKeyRecord key = {};
  WorkspaceRecord workspace = {};
  std::optional<PlanRecord> plan = {};
};

AdminResult<KeyWithOwners> find_owners(AdminCall& call) {
  auto found = call.record();
  if (!found) return std::unexpected(std::move(found.error()));
  KeyWithOwners all = {.key = std::get<ApiKeyRecord>(*std::move(found))};
  auto workspace = catalog::get<WorkspaceRecord>(call.catalog, all.key.workspace_id);
  if (!workspace) return std::unexpected(refusal_of(workspace.error()));
  all.workspace = *std::move(workspace);
  const auto& plan_id = all.key.plan_id ? all.key.plan_id : all.workspace.plan_id;
  if (!plan_id) return all;
  auto plan = catalog::get<PlanRecord>(call.catalog, *plan_id);
  if (!plan) return std::unexpected(refusal_of(plan.error()));
  all.plan = *std::move(plan);
  return all;
}

// Where a limit of a key comes from, the strongest first.
struct KeyLimitSource {
  std::string_view kind;  // "key", "workspace", "plan"
  std::string id;
  const catalog::TextMap* limits;
};

void append_source(std::string& out, const KeyLimitSource& source, std::string_view limit) {
  out += "{\"limit\":";
  append_json_string(out, limit);
  out += ",\"source\":";
  append_json_string(out, source.kind);
  out += ",\"source_id\":";
  append_json_string(out, source.id);
  out += '}';
}

// By rule: what counts, and what it takes precedence over.
std::string effective_json(const std::vector<KeyLimitSource>& sources) {
  std::map<std::string_view, std::vector<const KeyLimitSource*>> by_rule;
  for (const KeyLimitSource& source : sources) {
    for (const auto& [rule, limit] : *source.limits) by_rule[rule].push_back(&source);
  }
  std::string out = "[";
  for (const auto& [rule, found] : by_rule) {
    if (out.size() > 1) out += ',';
    out += "{\"rule\":";
    append_json_string(out, rule);
    const auto limit_of = [name = std::string(rule)](const KeyLimitSource& source) -> const std::string& {
      return source.limits->at(name);
    };
    out += ",\"in_force\":";
    append_source(out, *found.front(), limit_of(*found.front()));
    out += ",\"overridden\":[";
    for (size_t i = 1; i < found.size(); ++i) {
      if (i > 1) out += ',';
      append_source(out, *found[i], limit_of(*found[i]));
    }
    out += "]}";
  }
  return out + ']';
}

void append_text_or_null(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += "null";
  } else {
    append_json_string(out, text);
  }
}

// In the order of the rules' names, as KnownCaller wants them. One that cannot be read is left out: it would not count.
std::vector<LimitOfRule> read_limits(const catalog::TextMap& texts) {
  std::vector<LimitOfRule> limits;
  for (const auto& [rule, text] : texts) {
    if (const auto limit = OwnLimit::parse(text)) limits.push_back({.rule = rule, .limit = *limit});
  }
  return limits;
}

// What each rule in force has for the key.
std::string rules_json(const rules::RuleSet& rules, const KeyWithOwners& all,
                       const std::vector<KeyLimitSource>& sources) {
  std::array<std::vector<LimitOfRule>, kLimitOwners> limits;
  KnownCaller caller = {.key_id = all.key.head.id,
                        .workspace = all.workspace.name,
                        .plan = all.plan ? std::string_view(all.plan->name) : std::string_view()};
  for (size_t owner = 0; owner < sources.size(); ++owner) {
    limits[owner] = read_limits(*sources[owner].limits);
    caller.own_limits[owner] = limits[owner];
  }
  std::string out = "[";
  for (const rules::EffectiveLimit& effective : rules.effective_limits(caller)) {
    if (out.size() > 1) out += ',';
    out += "{\"rule\":";
    append_json_string(out, rules.rules()[effective.rule].name);
    out += ",\"limit\":";
    http_api::append_limit(out, effective.limit);
    out += ",\"unlimited\":";
    append_bool(out, !effective.limit && effective.source != rules::LimitSource::kNone);
    out += ",\"source\":";
    append_json_string(out, to_string(effective.source));
    const auto owner = static_cast<size_t>(effective.source);
    out += ",\"source_id\":";
    append_text_or_null(out, owner < sources.size() ? std::string_view(sources[owner].id) : std::string_view());
    out += ",\"problem\":";
    append_text_or_null(out, effective.problem);
    out += '}';
  }
  return out + ']';
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> get_effective_rules(AdminCall& call) {
  const auto all = find_owners(call);
  if (!all) return std::unexpected(all.error());
  // In the order of LimitOwner.
  std::vector<KeyLimitSource> sources = {{"key", all->key.head.id, &all->key.limits},
                                         {"workspace", all->workspace.head.id, &all->workspace.limits}};
  if (all->plan) sources.push_back({"plan", all->plan->head.id, &all->plan->limits});
  std::string out = "{\"key_id\":";
  append_json_string(out, all->key.head.id);
  out += ",\"plan\":";
  append_text_or_null(out, all->plan ? std::string_view(all->plan->name) : std::string_view());
  const auto rules = call.parts.rules.get();
  out += ",\"rules\":" + (rules != nullptr ? rules_json(*rules, *all, sources) : "[]");
  out += ",\"limits\":" + effective_json(sources) + '}';
  return AdminReply{.data = std::move(out)};
}

}  // namespace admin_answers
}  // namespace rateguard::admin
