// POST /v1/verify: may the owner of this API key make that request? Charges, as a check does.
#include <array>
#include <string>
#include <vector>

#include "event/recorder.h"
#include "server/http/key_check.h"
#include "server/http/routes.h"
#include "server/http/verify_body.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

using catalog::KeyVerdict;

RequestFacts facts_of(const VerifyBody& body, const CallerRoom& room, std::span<const std::string_view> limits) {
  return {.method = body.method,
          .path = body.path,
          .host = body.host,
          .peer = body.ip,
          .user = body.user,
          .cost = *signed_cost(body.cost),
          .caller = &room.caller,
          .only_rules = limits};
}

std::string_view code_of(const Answer& answer) {
  if (answer.allowed) return to_string(KeyVerdict::kValid);
  if (answer.undecided()) return "counters_unavailable";
  if (answer.unknown_plan) return "unknown_plan";
  return answer.rejected_by.empty() ? "rate_limited" : "missing_identity";
}

void append_text(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":";
  value.empty() ? static_cast<void>(out += "null") : append_json_string(out, value);
}

// `answer`: null where the key is not valid.
void append_verdict(std::string& out, const CallerRoom& room, std::string_view code, const Answer* answer) {
  const bool is_valid = answer != nullptr && answer->allowed;
  out += is_valid ? "{\"valid\":true,\"code\":" : "{\"valid\":false,\"code\":";
  append_json_string(out, code);
  const KnownCaller caller = room.found.key != nullptr ? room.found.key->caller() : KnownCaller();
  append_text(out, "key_id", caller.key_id);
  append_text(out, "workspace", caller.workspace);
  append_text(out, "plan", caller.plan);
  out += ",\"limits\":";
  answer != nullptr ? append_limits(out, *answer) : static_cast<void>(out += "[]");
  if (answer != nullptr && answer->deciding != nullptr && !answer->deciding->decision.retry_after.is_never()) {
    append_all(out, ",\"retry_after_ms\":", answer->deciding->decision.retry_after.ceil_millis());
  } else {
    out += is_valid ? ",\"retry_after_ms\":0" : ",\"retry_after_ms\":null";
  }
  out +=
      room.found.is_stale || (answer != nullptr && answer->degraded) ? ",\"degraded\":true}" : ",\"degraded\":false}";
}

// The first of `names` that is no rule in force; nullptr: all are.
const std::string* unknown_rule(const Workspace& workspace, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    if (!workspace.decider.policy().rules->find(name)) return &name;
  }
  return nullptr;
}

}  // namespace

void answers::verify(ApiCall& call) {
  Workspace& workspace = call.workspace;
  if (workspace.keys == nullptr) {
    return call.respond_problem({.status = 404,
                                 .detail = "there is no catalog to look API keys up in: set catalog.url, or data_dir",
                                 .field = "path"});
  }
  VerifyBody body;
  if (auto errors = read_verify_body(call.request.body, body); !errors.empty()) {
    return call.respond_problem(problem_of(std::move(errors)));
  }
  if (const std::string* const unknown = unknown_rule(workspace, body.limits)) {
    return call.respond_problem(
        {.status = 400, .detail = "there is no rule '" + clipped(*unknown, 64) + "' in force", .field = "limits"});
  }
  const std::vector<std::string_view> scopes(body.scopes.begin(), body.scopes.end());
  const std::vector<std::string_view> limits(body.limits.begin(), body.limits.end());
  CallerRoom room;
  const KeyLookup lookup =
      look_up_key(workspace, body.key,
                  {.wall = call.now.wall(), .address = body.ip, .route = body.route, .scopes = scopes}, room, call.now);
  if (lookup == KeyLookup::kMustWait) return call.must_wait();
  note_lookup(workspace, room, call.now);
  if (room.found.verdict == KeyVerdict::kCatalogFailure) return refuse_key(call, room.found.verdict);
  workspace.body.clear();
  if (lookup == KeyLookup::kRefused) {
    append_verdict(workspace.body, room, to_string(room.found.verdict), nullptr);
    return call.respond_json(200, workspace.body);
  }
  workspace.decider.set_door(event::Door::kHttpVerify);
  const Answer answer = workspace.decider.explain(facts_of(body, room, limits), call.now);
  append_verdict(workspace.body, room, code_of(answer), &answer);
  call.respond_json(200, workspace.body);
}

}  // namespace rateguard::http_api
