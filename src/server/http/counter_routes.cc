// GET and DELETE /v1/counters/{rule}/{key...}
#include <algorithm>
#include <optional>

#include "model/percent.h"
#include "server/http/decide.h"
#include "server/http/query.h"
#include "server/http/routes.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

// The counter that the path and the query name.
struct CounterName {
  std::string rule;
  std::vector<std::string> parts;
  std::string plan;
  std::vector<std::string_view> part_views;

  RuleCheck look() {
    part_views.assign(parts.begin(), parts.end());
    return {.rule = rule, .key = part_views, .plan = plan, .cost = Cost{0}, .purpose = server::Purpose::kLook};
  }
};

// Answers with a problem if the name is wrong.
std::optional<CounterName> read_name(ApiCall& call) {
  CounterName name;
  const auto refuse = [&](std::string_view field, std::string_view detail) {
    call.respond_problem({.status = 400, .detail = std::string(detail), .field = std::string(field)});
    return std::nullopt;
  };
  constexpr std::string_view kBadEscape = "a '%' is not followed by two hexadecimal digits";
  auto rule = percent_decode(call.captured.first);
  if (!rule) return refuse("path", kBadEscape);
  name.rule = std::move(*rule);
  const bool has_key = call.captured.rest.data() != nullptr;
  for (std::string_view rest = call.captured.rest; has_key;) {
    const size_t end = std::min(rest.find('/'), rest.size());
    auto part = percent_decode(rest.substr(0, end));
    if (!part) return refuse("path", kBadEscape);
    if (name.parts.size() == kKeyPartsMax) return refuse("key", "more than 8 parts");
    name.parts.push_back(std::move(*part));
    if (end == rest.size()) break;
    rest.remove_prefix(end + 1);
  }
  const auto query = parse_query(call.request.query);
  if (!query) return refuse("query", kBadEscape);
  for (const auto& [key, value] : *query) {
    if (key != "plan") return refuse("query", "unknown parameter \"" + clipped(key, 64) + "\"; there is only \"plan\"");
    name.plan = value;
  }
  return name;
}

void append_counter_name(std::string& out, const CounterName& name) {
  out += "{\"rule\":";
  append_json_string(out, name.rule);
  out += ",\"key\":[";
  for (const std::string& part : name.parts) {
    if (&part != name.parts.data()) out += ',';
    append_json_string(out, part);
  }
  out += ']';
}

void respond_unavailable(ApiCall& call) {
  call.respond_problem({.status = 503, .detail = "the counters cannot be reached", .field = "store"},
                       {{"Retry-After", "1"}});
}

}  // namespace

void answers::get_counter(ApiCall& call) {
  auto name = read_name(call);
  if (!name) return;
  Workspace& workspace = call.workspace;
  workspace.decider.clear();
  const RuleCheck look = name->look();
  if (auto added = workspace.decider.add(look); !added) {
    return call.respond_problem(lookup_problem(look, workspace.decider.policy(), added.error()));
  }
  workspace.decider.run(call.now);  // at cost 0, which changes nothing
  const server::DirectCheck& check = workspace.decider.direct(0);
  if (check.basis != Basis::kCounter) return respond_unavailable(call);
  std::string& out = workspace.body;
  out.clear();
  append_counter_name(out, *name);
  if (check.limit) {
    out += ",\"algorithm\":\"";
    out += to_string(check.limit->algorithm);
    out += "\",\"limit\":";
    append_number(out, check.decision.limit);
    out += ",\"remaining\":";
    append_number(out, check.decision.remaining);
    out += ",\"reset_after_ms\":";
    append_number(out, check.decision.reset_after.ceil_millis());
    out += '}';
  } else {
    out += R"(,"algorithm":null,"limit":null,"remaining":null,"reset_after_ms":0})";
  }
  call.respond(200, "application/json", out, {{"Cache-Control", "no-store"}});
}

void answers::delete_counter(ApiCall& call) {
  auto name = read_name(call);
  if (!name) return;
  Workspace& workspace = call.workspace;
  workspace.decider.clear();
  const RuleCheck look = name->look();
  auto added = workspace.decider.add(look);
  if (!added) return call.respond_problem(lookup_problem(look, workspace.decider.policy(), added.error()));
  const server::DirectCheck& check = workspace.decider.direct(0);
  const ResetResult result = check.limit ? workspace.store.reset(check.key, check.terms) : ResetResult::kNotThere;
  if (result == ResetResult::kUnavailable) return respond_unavailable(call);
  const bool existed = result == ResetResult::kForgotten;
  if (workspace.service.log != nullptr) {
    workspace.service.log->write(LogLevel::kInfo, "counter reset",
                                 {{"id", call.request_id()},
                                  {"peer", call.request.peer.to_string()},
                                  {"rule", name->rule},
                                  {"existed", existed}});
  }
  workspace.body.clear();
  append_counter_name(workspace.body, *name);
  workspace.body += ",\"existed\":";
  append_bool(workspace.body, existed);
  workspace.body += '}';
  call.respond_json(200, workspace.body);
}

}  // namespace rateguard::http_api
