// POST /json and GET /healthcheck, as envoyproxy/ratelimit answers them.
#include "server/http/envoy_json.h"
#include "server/http/routes.h"

namespace rateguard::http_api::answers {
namespace {

// Writes what Go's http.Error writes, which is how envoyproxy/ratelimit reports errors, not a problem document.
void fail(ApiCall& call, int status, std::string_view phrase) {
  call.respond(status, "text/plain; charset=utf-8", phrase, {{"X-Content-Type-Options", "nosniff"}});
}

int status_of(envoy::Code code) {
  switch (code) {
    case envoy::Code::kOk:
      return 200;
    case envoy::Code::kOverLimit:
      return 429;
    case envoy::Code::kUnknown:
      break;
  }
  return 500;
}

}  // namespace

void envoy_json(ApiCall& call) {
  const auto parsed = EnvoyJsonRequest::parse(call.request.body);
  if (!parsed && parsed.error().code == ErrorCode::kExhausted) return fail(call, 413, parsed.error().message + "\n");
  if (!parsed || !call.workspace.rate_limits) return fail(call, 400, "Bad Request\n");
  const auto response = call.workspace.rate_limits->decide(parsed->request(), call.now);
  if (!response) {
    const bool unavailable = response.error().code == ErrorCode::kUnavailable;
    return unavailable ? fail(call, 503, "Service Unavailable\n") : fail(call, 400, "Bad Request\n");
  }
  call.workspace.body.clear();
  append_envoy_response(call.workspace.body, **response);
  call.respond_json(status_of((*response)->overall), call.workspace.body);
}

// Answers 500 without a body once the program is asked to end, so that no new traffic comes.
void healthcheck(ApiCall& call) {
  const bool draining = call.workspace.service.draining.load(std::memory_order_relaxed);
  call.respond(draining ? 500 : 200, "text/plain; charset=utf-8", draining ? "" : "OK");
}

}  // namespace rateguard::http_api::answers
