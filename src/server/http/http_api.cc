#include "server/http/http_api.h"

#include <chrono>
#include <span>
#include <vector>

#include "server/http/call.h"
#include "server/http/routes.h"
#include "server/http/workspace.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

constexpr std::string_view kChallenge = "Bearer realm=\"rateguard\"";
constexpr std::string_view kInvalidToken = "Bearer realm=\"rateguard\", error=\"invalid_token\"";

void refuse_access(ApiCall& call, AccessVerdict verdict) {
  switch (verdict) {
    case AccessVerdict::kNoToken:
      return call.respond_problem({.status = 401,
                                   .detail = "this listener asks for a token: Authorization: Bearer TOKEN",
                                   .field = "Authorization"},
                                  {{"WWW-Authenticate", kChallenge}});
    case AccessVerdict::kBadToken:
      return call.respond_problem({.status = 401, .detail = "unknown token", .field = "Authorization"},
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

// For OPTIONS of the server as a whole (RFC 9110, section 9.3.7): the methods of all its paths.
constexpr std::string_view kAllMethods = "GET, HEAD, POST, DELETE, OPTIONS";

void refuse_route(ApiCall& call, bool path_known) {
  if (call.request.method == "OPTIONS" && call.request.target == "*") {
    return call.respond(204, "", "", {{"Allow", kAllMethods}});
  }
  if (!path_known) {
    return call.respond_problem({.status = 404, .detail = "no such path; GET / lists what there is", .field = "path"});
  }
  const std::string allow = allowed_methods(call.request.path);
  if (call.request.method == "OPTIONS") return call.respond(204, "", "", {{"Allow", allow}});
  call.respond_problem({.status = 405,
                        .detail = "this path does not take " + clipped(call.request.method, 32) + ", only " + allow,
                        .field = "method"},
                       {{"Allow", allow}});
}

void refuse_media_type(ApiCall& call) {
  const std::string_view type = call.headers.content_type;
  call.respond_problem({.status = 415,
                        .detail = "the body must be application/json" +
                                  (type.empty() ? "; Content-Type is missing" : ", not \"" + clipped(type, 64) + "\""),
                        .field = "Content-Type"},
                       {{"Accept", "application/json"}});
}

void refuse_repeated(ApiCall& call) {
  const std::string name = clipped(call.headers.repeated, 32);
  call.respond_problem({.status = 400, .detail = name + " came twice; it is unknown which one counts", .field = name});
}

size_t route_index(const RouteMatch& routed) {
  return routed.route == nullptr ? unmatched_route_index() : static_cast<size_t>(routed.route - routes().data());
}

void answer(ApiCall& call, const RouteMatch& routed) {
  call.route = route_index(routed);
  if (routed.route == nullptr) return refuse_route(call, routed.path_known);
  call.captured = routed.captured;
  if (!call.headers.repeated.empty()) return refuse_repeated(call);
  const AccessVerdict verdict = check_access(routed.route->access, call.headers, call.request.peer,
                                             call.workspace.service.settings.known_tokens());
  if (verdict != AccessVerdict::kGranted) return refuse_access(call, verdict);
  if (routed.route->body == BodyKind::kJson && !takes_json(call.headers)) return refuse_media_type(call);
  routed.route->answer(call);
}

// Logs the route's pattern in place of the path: paths may contain keys, and keys may be API keys.
void log_access(ApiCall& call, std::chrono::steady_clock::time_point begin) {
  char peer[IpAddress::kTextMax];
  const int peer_length = call.request.peer.to_chars(peer);
  const auto passed = std::chrono::steady_clock::now() - begin;
  // The rest of the request may have taken long to arrive.
  const Instant started = call.request.started;
  const Duration arriving = started == Instant{} ? Duration{} : std::max(Duration{}, call.now - started);
  std::vector<LogField> fields = {{"id", call.request_id()},
                                  {"peer", std::string_view(peer, static_cast<size_t>(peer_length))},
                                  {"method", call.request.method},
                                  {"route", route_label(call.route).route},
                                  {"status", int64_t{call.status()}}};
  server::DecisionNote note = call.workspace.decider.take_note();
  if (call.workspace.rate_limits && note.decisions == 0) note = call.workspace.rate_limits->take_note();
  note.add_to(fields);
  fields.push_back(
      {"duration_us", arriving.us + std::chrono::duration_cast<std::chrono::microseconds>(passed).count()});
  call.workspace.service.log->write(LogLevel::kInfo, "request", std::span<const LogField>(fields));
}

// What a request has while it waits, beside its own bytes: an exchange, a stack's touched pages.
constexpr size_t kWaitingBytes = 16 * 1'024;

size_t bytes_of(const http::Request& request) {
  size_t bytes = kWaitingBytes + request.target.size() + request.body.size();
  for (const Header& header : request.headers) bytes += header.name.size() + header.value.size();
  return bytes;
}

// False: nothing was answered, since an API key must be waited for.
bool answer(Workspace& workspace, const RouteMatch& routed, const http::Request& request, Now now,
            http::Responder& responder) {
  ApiCall call(workspace, request, now, responder);
  const bool logged = workspace.service.logs_access();
  const auto begin = logged ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
  answer(call, routed);
  if (call.has_to_wait()) return false;
  if (logged) log_access(call, begin);
  return true;
}

}  // namespace

HttpApi::HttpApi(server::Service& service, Policy policy, const server::LoopStore& store)
    : service_(service),
      store_(store),
      metrics_(std::make_unique<ApiMetrics>()),
      workspace_(std::make_unique<Workspace>(service, store, *metrics_)),
      desk_(store.tasks, policies_, [this] { return make_workspace(); }) {
  set_policy(std::move(policy));
}

HttpApi::~HttpApi() = default;

const server::DecisionMetrics& HttpApi::decisions() const {
  return metrics_->decisions;
}

const RouteMetrics& HttpApi::requests() const {
  return metrics_->requests;
}

void HttpApi::serve_rate_limits(rls::RateLimitService& rate_limits) {
  rate_limits_ = &rate_limits;
  workspace_->rate_limits.emplace(rate_limits).set_door(event::Door::kEnvoyJson);
  ++policies_;
}

void HttpApi::read_files_with(net::Tasks& tasks, net::BlockingCalls& calls) {
  file_tasks_ = &tasks;
  file_calls_ = &calls;
}

void HttpApi::find_keys_with(server::KeyFinder& keys, net::Tasks& tasks, identify::ApiKeys which) {
  keys_ = &keys;
  which_keys_ = which;
  key_tasks_ = &tasks;
  key_desk_.emplace(&tasks, policies_, [this] { return make_workspace(); });
  workspace_->keys = keys_;
  workspace_->looks_up_keys = which == identify::ApiKeys::kCatalog;
  ++policies_;
}

void HttpApi::set_policy(Policy policy) {
  workspace_->set_policy(std::move(policy));
  ++policies_;
  desk_.forget_old();
  if (key_desk_) key_desk_->forget_old();
}

std::unique_ptr<Workspace> HttpApi::make_workspace() {
  auto workspace = std::make_unique<Workspace>(service_, store_, *metrics_);
  workspace->set_policy(workspace_->decider.policy());
  if (rate_limits_ != nullptr) workspace->rate_limits.emplace(*rate_limits_).set_door(event::Door::kEnvoyJson);
  workspace->keys = keys_;
  workspace->looks_up_keys = keys_ != nullptr && which_keys_ == identify::ApiKeys::kCatalog;
  return workspace;
}

http::BodyDelivery HttpApi::delivery(const http::Request& head) {
  const Route* const route = find_route(head.method, head.path).route;
  if (route == nullptr) return http::BodyDelivery::kNone;
  const RequestHeaders headers = scan_headers(head.headers);
  const server::Tokens tokens = workspace_->service.settings.known_tokens();
  const bool wanted = check_access(route->access, headers, head.peer, tokens) == AccessVerdict::kGranted &&
                      (route->body != BodyKind::kJson || takes_json(headers));
  return wanted ? http::BodyDelivery::kWhole : http::BodyDelivery::kNone;
}

void HttpApi::handle(http::Exchange& exchange, Now now) {
  const http::Request& request = exchange.request();
  const RouteMatch routed = find_route(request.method, request.path);
  exchange.set_label(static_cast<uint32_t>(route_index(routed)));
  const Asks asks = routed.route == nullptr ? Asks::kNothing : routed.route->asks;
  if (asks == Asks::kFiles && file_tasks_ != nullptr) return wait_for_files(exchange, now);
  if (!desk_.waits() || asks != Asks::kStore) {
    if (answer(*workspace_, routed, request, now, exchange)) return;
    return wait_for_keys(bytes_of(request), exchange, now);
  }
  const size_t bytes = bytes_of(request);
  if (desk_.has_room(bytes)) return wait(bytes, exchange, now);
  ApiCall call(*workspace_, request, now, exchange);
  call.route = route_index(routed);
  call.respond_problem({.status = 503, .detail = "too many requests wait for the counters"}, {{"Retry-After", "1"}});
}

// A request whose answer is waited for. Its task owns it.
struct HttpApi::Waiting final : http::ExchangeEvents {
  net::TaskGroup task;
  http::KeptExchange exchange;

  // This may be no more afterwards.
  void client_gone(http::Exchange&) override { task.cancel(); }
};

// The workspace is taken when the task's turn comes, and given back before the connection's next request may want it.
void HttpApi::wait(size_t bytes, http::Exchange& exchange, Now now) {
  wait_at(desk_, *store_.tasks, bytes, exchange, now);
}

void HttpApi::wait_for_keys(size_t bytes, http::Exchange& exchange, Now now) {
  if (key_desk_->has_room(bytes)) return wait_at(*key_desk_, *key_tasks_, bytes, exchange, now);
  ApiCall call(*workspace_, exchange.request(), now, exchange);
  call.respond_problem({.status = 503, .detail = "too many requests wait for their API keys"}, {{"Retry-After", "1"}});
}

void HttpApi::wait_at(server::Desk<Workspace>& desk, net::Tasks& tasks, size_t bytes, http::Exchange& exchange,
                      Now now) {
  auto owned = std::make_unique<Waiting>();
  Waiting& waiting = *owned;
  waiting.exchange = exchange.keep(&waiting);
  desk.serve(bytes, waiting.task, [this, &desk, &tasks, now, owned = std::move(owned)] {
    {
      const auto workspace = desk.take();
      workspace->may_wait_in = &tasks;
      answer_kept(*owned, *workspace, now);
    }
    owned->exchange->finish();
  });
}

void HttpApi::answer_kept(Waiting& waiting, Workspace& workspace, Now now) {
  http::Exchange& own = *waiting.exchange;
  answer(workspace, find_route(own.request().method, own.request().path), own.request(), now, own);
}

// Such requests are rare, so each has a workspace of its own.
void HttpApi::wait_for_files(http::Exchange& exchange, Now now) {
  if (!file_tasks_->has_room(net::Lane::kShort)) {
    ApiCall call(*workspace_, exchange.request(), now, exchange);
    return call.respond_problem({.status = 503, .detail = "too many requests wait for files"}, {{"Retry-After", "1"}});
  }
  auto owned = std::make_unique<Waiting>();
  Waiting& waiting = *owned;
  waiting.exchange = exchange.keep(&waiting);
  auto work = [this, now, owned = std::move(owned)] {
    const auto workspace = make_workspace();
    workspace->files = file_calls_;
    answer_kept(*owned, *workspace, now);
    owned->exchange->finish();
  };
  file_tasks_->run(net::Lane::kShort, std::move(work), &waiting.task);
}

void HttpApi::sent(uint32_t label, Duration took) {
  metrics_->requests.record_request(label, took);
}

void HttpApi::reject(const http::Rejection& rejection, Instant now, http::Responder& responder) {
  ApiCall call(*workspace_, rejection.request, now, responder);
  call.route = rejected_route_index();
  // A connection beyond the limit has not begun a request; it is logged separately (net::TurnedAway).
  const bool logged = workspace_->service.logs_access() && rejection.request.started != Instant{};
  const auto begin = logged ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point();
  call.respond_problem({.status = rejection.status, .detail = rejection.detail, .field = rejection.field});
  if (logged) log_access(call, begin);
}

}  // namespace rateguard::http_api
