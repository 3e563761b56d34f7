// GET|POST /v1/authz and /v1/authz/{path...}: a proxy asks whether to pass on the request that it holds.
#include <optional>

#include "event/recorder.h"
#include "server/http/decide.h"
#include "server/http/forwarded_request.h"
#include "server/http/key_check.h"
#include "server/http/limit_headers.h"
#include "server/http/query.h"
#include "server/http/routes.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

// draft-ietf-httpapi-ratelimit-headers-10, section "Problem types".
constexpr std::string_view kQuotaExceeded = "https://iana.org/assignments/http-problem-types#quota-exceeded";
constexpr std::string_view kQuotaExceededTitle = "Request cannot be satisfied as assigned quota has been exceeded";

bool is_believed(const ApiCall& call) {
  for (const IpPrefix& proxy : call.workspace.authz_proxies) {
    if (proxy.contains(call.request.peer)) return true;
  }
  return false;
}

void append_detail(std::string& out, const Answer& answer) {
  const Decision& decision = answer.deciding->decision;
  out += "rule '";
  out += answer.deciding->rule;
  out += "' admits ";
  append_number(out, decision.limit);
  if (answer.deciding->limit->algorithm == Algorithm::kConcurrency) {
    out += " at a time";
  } else {
    out += " per ";
    append_number(out, window_seconds(*answer.deciding->limit));
    out += " s";
  }
  if (decision.retry_after.is_never()) {
    out += "; this request costs more than that and will never fit";
  } else {
    out += "; try again in ";
    append_number(out, decision.retry_after.ceil_seconds());
    out += " s";
  }
}

// The problem document for the end client, with the members that the draft requires.
void append_refusal(std::string& out, const Answer& answer, int status) {
  std::string detail;
  append_detail(detail, answer);
  append_problem(out, {.status = status, .type = kQuotaExceeded, .title = kQuotaExceededTitle, .detail = detail});
  out.pop_back();  // continues after the last member
  out += ",\"violated-policies\":[";
  bool first = true;
  for (const AnswerLine& line : answer.lines) {
    if (line.mode != Mode::kEnforce || line.decision.allowed()) continue;
    if (!first) out += ',';
    first = false;
    append_json_string(out, line.rule);
  }
  out += "]}";
}

struct RefuseStatus {
  int code = 0;  // 0: the status that fits best
};

void answer_for(ApiCall& call, RequestFacts facts, RefuseStatus refuse) {
  CallerRoom room;
  if (!goes_on(call, look_up_key(call.workspace, facts, room, call.now), room)) return;
  call.workspace.decider.set_door(event::Door::kHttpAuthz);
  const Answer answer = call.workspace.decider.decide(facts, call.now);
  const auto status_or = [&](int usual) { return refuse.code != 0 ? refuse.code : usual; };
  if (call.workspace.looks_up_keys && answer.missing_part == "api_key") {
    call.workspace.keys->count_refusal(catalog::KeyVerdict::kMissing);
    return refuse_key(call, catalog::KeyVerdict::kMissing);
  }
  if (!answer.rejected_by.empty()) {
    return call.respond_problem({.status = status_or(403),
                                 .title = "Missing identity",
                                 .detail = "rule '" + std::string(answer.rejected_by) +
                                           (answer.unknown_plan ? std::string("' has no limit for this request's plan")
                                                                : "' counts by " + std::string(answer.missing_part) +
                                                                      ", which this request lacks"),
                                 .field = std::string(answer.missing_part)},
                                {{"Cache-Control", "no-store"}});
  }
  if (answer.undecided()) {
    return call.respond_problem({.status = 503, .detail = "the counters cannot be reached"}, {{"Retry-After", "1"}});
  }
  if (!answer.allowed) call.request_id();
  http::Responder& out = call.begin(answer.allowed ? 200 : status_or(429));
  write_limit_headers(out, answer, call.workspace.service.settings.headers, call.workspace.scratch);
  out.header("Cache-Control", "no-store");
  call.workspace.body.clear();
  if (answer.allowed) {
    append_answer(call.workspace.body, answer, Explain::kNo);
    return call.finish("application/json", call.workspace.body);
  }
  append_refusal(call.workspace.body, answer, call.status());
  call.finish(kProblemType, call.workspace.body);
}

// Whether the call describes another client's request.
bool speaks_for_others(const ApiCall& call) {
  for (const std::string_view name : {"X-Forwarded-Uri", "X-Forwarded-Method", "X-Forwarded-Host", "X-Forwarded-For",
                                      "Forwarded", "X-Original-URI", "X-Original-URL", "X-Original-Method"}) {
    if (!find_header(call.request.headers, name).empty()) return true;
  }
  return false;
}

// Answers with a problem if an untrusted peer describes another client's request. If its headers were ignored instead,
// the limits behind a proxy that is missing in trusted_proxies would silently match nothing.
bool check_peer(ApiCall& call) {
  if (is_believed(call) || !speaks_for_others(call)) return true;
  call.respond_problem({.status = 403,
                        .detail = "only a proxy listed in listen.trusted_proxies may speak for others; " +
                                  call.request.peer.to_string() + " is not",
                        .field = "peer"});
  return false;
}

// Without a proxy's X-Forwarded-For all clients behind it would be counted as one, the proxy itself.
RequestFacts facts_of(const ApiCall& call) {
  RequestFacts facts{.peer = call.request.peer, .headers = call.request.headers};
  facts.peer = identify::client_address(facts, call.workspace.authz_proxies);
  return facts;
}

}  // namespace

void answers::authz(ApiCall& call) {
  if (!check_peer(call)) return;
  const auto query = parse_query(call.request.query);
  RefuseStatus refuse;
  if (!query)
    return call.respond_problem({.status = 400, .detail = "the query is not percent-encoded", .field = "query"});
  for (const auto& [name, value] : *query) {
    const bool known = name == "refuse_status" && (value == "401" || value == "403" || value == "429");
    if (!known) {
      return call.respond_problem({.status = 400,
                                   .detail = "expected refuse_status=401, 403 or 429, not " + clipped(name, 64) + "=" +
                                             clipped(value, 64) +
                                             "; have the proxy ask without the client's query (Caddy: uri /v1/authz?)",
                                   .field = "refuse_status"});
    }
    refuse.code = value == "401" ? 401 : value == "403" ? 403 : 429;
  }
  RequestFacts facts = facts_of(call);
  if (!is_believed(call)) {  // the request is the peer's own
    facts.method = call.request.method;
    facts.host = find_header(call.request.headers, "Host");
    facts.path = call.request.path;
  } else if (auto problem =
                 read_forwarded_request(call.request.headers, call.workspace.decider.policy().rules->rules(), facts)) {
    return call.respond_problem(*problem);
  }
  answer_for(call, facts, refuse);
}

// Envoy sends the request's own method, host and path, the path after its `path_prefix`.
void answers::authz_path(ApiCall& call) {
  if (!check_peer(call)) return;
  RequestFacts facts = facts_of(call);
  facts.method = call.request.method;
  facts.host = find_header(call.request.headers, "Host");
  facts.path =
      call.request.target.substr(call.request.target.find("/v1/authz/") + std::string_view("/v1/authz").size());
  answer_for(call, facts, {});
}

}  // namespace rateguard::http_api
