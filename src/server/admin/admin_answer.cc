#include "server/admin/admin_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "catalog/record_constraints.h"
#include "model/ascii.h"
#include "server/admin/admin_call.h"
#include "server/admin/admin_caller.h"
#include "server/admin/admin_route.h"
#include "server/admin/unknown_name.h"
#include "server/http/query.h"
#include "server/http/request_headers.h"
#include "text/json_text.h"

namespace rateguard::admin {
namespace {

// Fields that count once: of two it is unknown which one is meant.
constexpr std::string_view kSingleFields[] = {"Authorization", "Content-Type", "Idempotency-Key",
                                              "If-Match",      "Origin",       "X-CSRF-Token"};

AdminResult<void> check_single_fields(const AdminRequest& request) {
  for (const std::string_view field : kSingleFields) {
    const auto times = std::ranges::count_if(
        request.headers, [&](const auto& header) { return equal_ignoring_case(header.first, field); });
    if (times > 1) {
      return refused(400, "invalid", fmt::format("{} came twice; it is unknown which one counts", field),
                     std::string(field));
    }
  }
  return {};
}

AdminRefusal no_such_route(const AdminRequest& request, bool path_known) {
  if (!path_known) {
    return {.problem = {.status = 404, .detail = "no such path; docs/admin.md lists what there is", .field = "path"},
            .code = "no_such_path"};
  }
  const std::string allow = allowed_admin_methods(request.path);
  return {.problem = {.status = 405,
                      .detail = fmt::format("this path does not take {}, only {}", clipped(request.method, 32), allow),
                      .field = "method"},
          .code = "no_such_method",
          .headers = {{"Allow", allow}}};
}

AdminResult<void> check_role(const AdminRoute& route, const AdminCaller& caller) {
  if (!admits(route.admits, caller.role)) {
    return refused(403, "role", fmt::format("the role {} does not permit this", catalog::choice_word(caller.role)));
  }
  if (caller.workspace_id && route.reach == Reach::kInstallation) {
    return refused(
        403, "not_of_workspace",
        "this is for callers of the whole installation; this one belongs to workspace " + *caller.workspace_id);
  }
  return {};
}

std::vector<std::string_view> known_parameters(const AdminRoute& route) {
  switch (route.query) {
    case AdminQuery::kNone:
      return {};
    case AdminQuery::kAudit:
      return {"cursor", "limit", "workspace_id", "actor_id", "action", "target_id", "from", "until"};
    case AdminQuery::kPage:
      break;
  }
  std::vector<std::string_view> known = {"cursor", "limit"};
  const catalog::RecordConstraints& constraints = constraints_of(*route.kind);
  known.insert(known.end(), constraints.filters.begin(), constraints.filters.end());
  const bool has_name = std::ranges::any_of(
      constraints.unique, [](const auto& fields) { return fields.size() == 1 && fields.front() == "name"; });
  if (has_name) known.push_back("name");
  return known;
}

AdminResult<void> read_query(AdminCall& call) {
  auto query = http_api::parse_query(call.request.query);
  if (!query) return refused(400, "invalid", "query: a '%' is not followed by two hexadecimal digits", "query");
  const std::vector<std::string_view> known = known_parameters(call.route);
  for (auto& [name, value] : *query) {
    if (std::ranges::find(known, name) == known.end()) {
      const std::string shown = clipped(name, 64);
      return refused(400, "invalid", shown + ": " + unknown_name(name, known), shown);
    }
    if (call.parameter(name)) return refused(400, "invalid", fmt::format("{}: came twice", name), name);
    call.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

AdminResult<void> read_body(AdminCall& call) {
  if (call.route.body == AdminBody::kNone) return {};
  if (call.route.body == AdminBody::kOptional && call.request.body.empty()) {
    call.body.kind = JsonNode::Kind::kObject;
    return {};
  }
  const http_api::RequestHeaders headers = {.content_type = call.request.header("Content-Type")};
  if (!http_api::takes_json(headers)) {
    return std::unexpected(AdminRefusal{
        .problem = {.status = 415,
                    .detail =
                        fmt::format("the body must be application/json, not \"{}\"", clipped(headers.content_type, 64)),
                    .field = "Content-Type"},
        .code = "media_type",
        .headers = {{"Accept", "application/json"}}});
  }
  auto body = parse_json_object(call.request.body);
  if (!body) return refused_fields({std::move(body.error())});
  call.body = *std::move(body);
  return {};
}

bool changes_something(std::string_view method) {
  return method != "GET" && method != "HEAD";
}

// The answer to a request whose caller is known.
AdminResult<AdminReply> reply_to(AdminCall& call) {
  if (auto good = read_query(call); !good) return std::unexpected(std::move(good.error()));
  if (auto good = read_body(call); !good) return std::unexpected(std::move(good.error()));
  if (changes_something(call.request.method)) {
    auto kept = call.kept_answer();
    if (!kept) return std::unexpected(std::move(kept.error()));
    if (*kept) return **std::move(kept);
  }
  auto reply = call.route.answer(call);
  const bool is_known = reply && !changes_something(call.request.method) && !reply->etag.empty() &&
                        call.request.header("If-None-Match") == reply->etag;
  if (is_known) return AdminReply{.status = 304, .etag = reply->etag};
  return reply;
}

std::string envelope(const AdminReply& reply, std::string_view request_id) {
  std::string out = "{\"data\":" + reply.data + ",\"meta\":{\"request_id\":";
  append_json_string(out, request_id);
  out += '}';
  if (reply.is_list) {
    out += ",\"pagination\":{\"next_cursor\":";
    if (reply.page.next_cursor.empty()) {
      out += "null";
    } else {
      append_json_string(out, reply.page.next_cursor);
    }
    out += ",\"has_more\":";
    append_bool(out, !reply.page.next_cursor.empty());
    out += '}';
  }
  return out + '}';
}

AdminAnswer answer_of(AdminReply reply, std::string_view request_id) {
  AdminAnswer answer = {.status = reply.status, .headers = std::move(reply.headers)};
  if (!reply.etag.empty()) answer.headers.emplace_back("ETag", reply.etag);
  answer.headers.emplace_back("Cache-Control", "no-store");
  answer.headers.emplace_back("X-Request-Id", request_id);
  const bool has_content = reply.status != 204 && reply.status != 304 && !reply.data.empty();
  if (!has_content) return answer;
  answer.content_type = "application/json";
  answer.body = envelope(reply, request_id);
  return answer;
}

AdminResult<AdminReply> identified(AdminParts& parts, const AdminRequest& request, AdminMatch match,
                                   AdminOutcome& outcome) {
  if (auto good = check_single_fields(request); !good) return std::unexpected(std::move(good.error()));
  auto good_origin = check_origin(request, origin_of(parts.identity.public_url));
  if (!good_origin) return std::unexpected(std::move(good_origin.error()));
  AdminCaller caller = {.actor = {.kind = "anonymous", .address = request.peer, .request_id = request.id}};
  if (match.route->admits != Admits::kAnyone) {
    auto known =
        identify_caller(request, parts.catalog, parts.identity.first_token, cookie_scheme(parts.identity.public_url));
    if (!known) return std::unexpected(std::move(known.error()));
    caller = *std::move(known);
    outcome.actor = caller.actor.id;
    if (auto good = check_role(*match.route, caller); !good) return std::unexpected(std::move(good.error()));
  }
  AdminCall call(parts, request, *match.route, std::move(caller));
  call.captured = std::move(match.captured);
  return reply_to(call);
}

}  // namespace

AdminAnswer problem_answer(const AdminRefusal& refusal, std::string_view request_id) {
  AdminAnswer answer = {.status = refusal.problem.status,
                        .content_type = std::string(http_api::kProblemType),
                        .headers = refusal.headers};
  answer.headers.emplace_back("Cache-Control", "no-store");
  http_api::append_problem(answer.body, refusal.problem);
  answer.body.pop_back();
  if (!refusal.code.empty()) {
    answer.body += ",\"code\":";
    append_json_string(answer.body, refusal.code);
  }
  if (!request_id.empty()) {
    answer.headers.emplace_back("X-Request-Id", request_id);
    answer.body += ",\"request_id\":";
    append_json_string(answer.body, request_id);
  }
  answer.body += '}';
  return answer;
}

AdminOutcome answer_admin(AdminParts& parts, const AdminRequest& request) {
  AdminMatch match = find_admin_route(request.method, request.path);
  AdminOutcome outcome = {.route = match.route == nullptr ? "unmatched" : match.route->pattern};
  if (match.route == nullptr) {
    if (match.path_known && request.method == "OPTIONS") {
      outcome.answer = {.status = 204, .headers = {{"Allow", allowed_admin_methods(request.path)}}};
    } else {
      outcome.answer = problem_answer(no_such_route(request, match.path_known), request.id);
    }
    return outcome;
  }
  auto reply = identified(parts, request, std::move(match), outcome);
  outcome.answer = reply ? answer_of(*std::move(reply), request.id) : problem_answer(reply.error(), request.id);
  return outcome;
}

}  // namespace rateguard::admin
