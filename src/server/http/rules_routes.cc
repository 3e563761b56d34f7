// GET /v1/rules, POST /v1/reload
#include "server/http/config_state.h"
#include "server/http/routes.h"
#include "server/http/rule_json.h"
#include "text/json_text.h"

namespace rateguard::http_api {

void answers::list_rules(ApiCall& call) {
  std::string& out = call.workspace.body;
  out.assign("{\"rules\":[");
  bool first = true;
  for (const rules::Rule& rule : call.workspace.decider.policy().rules->rules()) {
    if (!first) out += ',';
    first = false;
    append_rule(out, rule);
  }
  out += ']';
  append_config_state(out, call.workspace.service);
  out += '}';
  call.respond_json(200, out);
}

void answers::reload(ApiCall& call) {
  const Service& service = call.workspace.service;
  if (!service.reload) {
    return call.respond_problem({.status = 409,
                                 .detail = "there is no configuration file to load; start with --config FILE",
                                 .field = "config"});
  }
  char peer[IpAddress::kTextMax];
  const int peer_length = call.request.peer.to_chars(peer);
  const auto read = [reload = &service.reload, by = std::string(peer, static_cast<size_t>(peer_length))] {
    return (*reload)(by);
  };
  net::BlockingCalls* const files = call.workspace.files;
  const auto called = files != nullptr ? files->call(read, server::kReloadKey)
                                       : net::CallResult<Result<server::Reloaded>>{.value = read()};
  if (!called.value) {
    return call.respond_problem(
        {.status = 503, .detail = "too much work waits for the disk, or the server is stopping"},
        {{"Retry-After", "1"}});
  }
  const Result<server::Reloaded>& loaded = *called.value;
  if (!loaded) {
    return call.respond_problem(
        {.status = 422, .detail = loaded.error().to_string() + "; the old rules stay in force", .field = "config"});
  }
  call.workspace.body.assign("{\"reloaded\":true,\"detail\":");
  append_json_string(call.workspace.body, loaded->sentence);
  call.workspace.body += ',';
  append_json_strings(call.workspace.body, "waiting", loaded->waiting);
  call.workspace.body += '}';
  call.respond_json(200, call.workspace.body);
}

}  // namespace rateguard::http_api
