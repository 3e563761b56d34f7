// GET / /health /ready /metrics /version
#include <algorithm>

#include "metrics/writer.h"
#include "model/ascii.h"
#include "server/http/config_state.h"
#include "server/http/routes.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

// The address at which the caller reached this server: its Host, if that is only a name or an address and a port,
// without characters that are special to a shell.
std::string_view address_asked(const ApiCall& call) {
  const std::string_view host = find_header(call.request.headers, "Host");
  const bool plain = std::ranges::all_of(host, [](char c) {
    return (c >= '0' && c <= '9') || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z') ||
           std::string_view(".-:[]_").contains(c);
  });
  return plain && !host.empty() ? host : "127.0.0.1:8080";
}

}  // namespace

namespace answers {

void health(ApiCall& call) {
  call.respond_json(200, R"({"status":"ok"})");
}

namespace {

// Details are for callers that may ask for decisions: the number of keys, file names, errors of Redis.
void append_dependency(std::string& out, const server::Dependency& dependency, AccessVerdict may_know) {
  out += "{\"name\":";
  append_json_string(out, dependency.name);
  out += ",\"ready\":";
  append_bool(out, dependency.ready);
  if (may_know == AccessVerdict::kGranted) {
    out += ",\"detail\":";
    append_json_string(out, dependency.detail);
  }
  out += '}';
}

}  // namespace

void ready(ApiCall& call) {
  const Service& service = call.workspace.service;
  const AccessVerdict may_know =
      check_access(Access::kToken, call.headers, call.request.peer, service.settings.known_tokens());
  const bool draining = service.draining.load(std::memory_order_relaxed);
  const auto dependencies = service.dependencies ? service.dependencies() : std::vector<server::Dependency>();
  bool all_ready = !draining;
  std::string list;
  for (const server::Dependency& dependency : dependencies) {
    all_ready = all_ready && (dependency.ready || !dependency.vital);
    if (!list.empty()) list += ',';
    append_dependency(list, dependency, may_know);
  }
  std::string& out = call.workspace.body;
  out.assign("{\"ready\":");
  append_bool(out, all_ready);
  out += ",\"draining\":";
  append_bool(out, draining);
  out += ",\"dependencies\":[" + list + "]}";
  call.respond(all_ready ? 200 : 503, "application/json", out, {{"Cache-Control", "no-store"}});
}

// Rendered once for all requests of one turn of the loop: the text is long, and a client may ask for it a thousand
// times in one write.
void metrics(ApiCall& call) {
  Workspace& workspace = call.workspace;
  if (workspace.exposed_at != call.now) {
    workspace.exposition = workspace.service.metrics.text(call.now.wall());
    workspace.exposed_at = call.now;
  }
  call.respond(200, rateguard::metrics::kExpositionType, workspace.exposition);
}

void version(ApiCall& call) {
  std::string& out = call.workspace.body;
  out.assign(R"({"name":"rateguard","version":)");
  append_json_string(out, call.workspace.service.settings.version);
  out += ",\"commit\":";
  append_json_string(out, call.workspace.service.settings.commit);
  append_config_state(out, call.workspace.service);
  out += '}';
  call.respond_json(200, out);
}

void welcome(ApiCall& call) {
  constexpr std::string_view kFirst = R"(RateGuard decides whether a request may pass, and says why.

Ask it, with a limit of your own: a bucket of 10, refilled with 1 token per second.

  curl -d '{"key":"user:123","algorithm":"token_bucket","capacity":10,"refill_rate":1}' \
    )";
  constexpr std::string_view kRest = R"(/check

POST   /check                       one decision
POST   /v1/check/batch              up to 1,000 of them
POST   /v1/release                  give a concurrency hold back
GET    /v1/authz                    decisions for nginx, Traefik, Caddy and Envoy
GET    /v1/counters/{rule}/{key}    look at a counter; DELETE resets it
GET    /v1/rules                    the rules in force
POST   /v1/reload                   load the configuration again
GET    /v1/instances                who shares the counters
POST   /json                        Envoy's rate limit service; GET /healthcheck
GET    /health  /ready  /metrics  /version
)";
  std::string& out = call.workspace.body;
  out.assign(kFirst);
  out += call.request.secure ? "https://" : "http://";
  out += address_asked(call);
  out += kRest;
  call.respond(200, "text/plain; charset=utf-8", out);
}

}  // namespace answers
}  // namespace rateguard::http_api
