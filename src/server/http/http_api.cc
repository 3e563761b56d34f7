#include "server/http/http_api.h"

#include "server/http/call.h"
#include "server/http/routes.h"
#include "server/json_text.h"

namespace rateguard::http {
namespace {

using server::clipped;

constexpr std::string_view kChallenge = "Bearer realm=\"rateguard\"";
constexpr std::string_view kInvalidToken = "Bearer realm=\"rateguard\", error=\"invalid_token\"";

// A proxy on this machine needs no configuration.
std::vector<IpPrefix> proxies_of(const Policy& policy) {
  std::vector<IpPrefix> proxies = policy.identifier->settings().trusted_proxies;
  for (const std::string_view local : {"127.0.0.0/8", "::1"}) {
    if (auto prefix = IpPrefix::parse(local)) proxies.push_back(*prefix);
  }
  return proxies;
}

void refuse_access(Call& call, AccessVerdict verdict) {
  switch (verdict) {
    case AccessVerdict::kNoToken:
      return call.respond_problem({.status = 401,
                                   .detail = "this listener asks for a token: Authorization: Bearer TOKEN",
                                   .field = "Authorization"},
                                  {{"WWW-Authenticate", kChallenge}});
    case AccessVerdict::kBadToken:
      return call.respond_problem(
          {.status = 401, .detail = "the token is not one that is known", .field = "Authorization"},
          {{"WWW-Authenticate", kInvalidToken}});
    case AccessVerdict::kNotAdmin:
      return call.respond_problem(
          {.status = 403, .detail = "this needs an admin token (listen.admin_tokens)", .field = "Authorization"});
    default:
      return call.respond_problem({.status = 403,
                                   .detail = "this is for direct callers on this machine, until listen.admin_tokens "
                                             "names a token for it",
                                   .field = "peer"});
  }
}

void refuse_route(Call& call, bool path_known) {
  if (!path_known) {
    return call.respond_problem(
        {.status = 404, .detail = "there is nothing here; GET / says what there is", .field = "path"});
  }
  const std::string allow = allowed_methods(call.request.path);
  if (call.request.method == "OPTIONS") return call.respond(204, "", "", {{"Allow", allow}});
  call.respond_problem({.status = 405,
                        .detail = "this path does not take " + clipped(call.request.method, 32) + ", only " + allow,
                        .field = "method"},
                       {{"Allow", allow}});
}

void refuse_media_type(Call& call) {
  const std::string_view type = call.headers.content_type;
  call.respond_problem({.status = 415,
                        .detail = "the body must be application/json, not " +
                                  (type.empty() ? std::string("unsaid") : "\"" + clipped(type, 64) + "\""),
                        .field = "Content-Type"},
                       {{"Accept", "application/json"}});
}

void answer(Call& call) {
  const Routed routed = find_route(call.request.method, call.request.path);
  if (routed.route == nullptr) {
    call.route = unmatched_place();
    return refuse_route(call, routed.path_known);
  }
  call.route = static_cast<size_t>(routed.route - routes().data());
  call.captured = routed.captured;
  const AccessVerdict verdict =
      check_access(routed.route->access, call.headers, call.request.peer, call.loop.service.settings.known_tokens());
  if (verdict != AccessVerdict::kGranted) return refuse_access(call, verdict);
  if (routed.route->body == BodyKind::kJson && !takes_json(call.headers)) return refuse_media_type(call);
  routed.route->answer(call);
}

// The route's pattern stands for the path: paths may hold keys, and keys may be API keys.
void log_access(Call& call) {
  const metrics::RouteLabel label = call.loop.service.metrics.routes[call.route];
  char peer[IpAddress::kTextMax];
  const int peer_length = call.request.peer.to_chars(peer);
  call.loop.service.log->write(config::LogLevel::kInfo, "request",
                               {{"id", call.request_id()},
                                {"peer", std::string_view(peer, static_cast<size_t>(peer_length))},
                                {"method", call.request.method},
                                {"route", label.route},
                                {"status", int64_t{call.status()}}});
}

}  // namespace

HttpApi::HttpApi(server::Service& service, Policy policy, const server::LoopStore& store)
    : metrics_(std::make_unique<metrics::LoopMetrics>()), loop_(std::make_unique<Loop>(service, store, *metrics_)) {
  if (service.metrics.routes.empty()) service.metrics.routes = route_labels();
  set_policy(std::move(policy));
}

HttpApi::~HttpApi() = default;

void HttpApi::serve_rate_limits(rls::RateLimitService& rate_limits) {
  loop_->rate_limits.emplace(rate_limits);
}

void HttpApi::set_policy(Policy policy) {
  loop_->authz_proxies = proxies_of(policy);
  loop_->decider.set_policy(std::move(policy));
}

void HttpApi::handle(const net::HttpRequest& request, Instant now, net::HttpResponder& responder) {
  Call call(*loop_, request, now, responder);
  answer(call);
  if (loop_->service.settings.access_log && loop_->service.log != nullptr) log_access(call);
}

void HttpApi::reject(const net::HttpRejection& rejection, Instant now, net::HttpResponder& responder) {
  const net::HttpRequest nothing = {};
  Call call(*loop_, nothing, now, responder);
  call.route = rejected_place();
  call.respond_problem({.status = rejection.status, .detail = rejection.detail, .field = rejection.field});
}

}  // namespace rateguard::http
