#include "server/http/call.h"

namespace rateguard::http_api {

ApiCall::ApiCall(Workspace& its_workspace, const http::Request& its_request, Now its_now, http::Responder& responder)
    : workspace(its_workspace),
      request(its_request),
      now(its_now),
      headers(scan_headers(its_request.headers)),
      responder_(responder),
      request_id_(headers.request_id) {}

std::string_view ApiCall::request_id() {
  if (request_id_.empty()) request_id_ = workspace.ids.next();
  return request_id_;
}

http::Responder& ApiCall::begin(int status) {
  status_ = status;
  workspace.requests.count_response(route, status);
  responder_.status(status);
  if (!request_id_.empty()) responder_.header("X-Request-Id", request_id_);
  return responder_;
}

void ApiCall::respond(int status, std::string_view content_type, std::string_view text,
                      std::initializer_list<ExtraHeader> extra) {
  http::Responder& out = begin(status);
  for (const ExtraHeader& header : extra) out.header(header.name, header.value);
  finish(content_type, text);
}

void ApiCall::respond_problem(const Problem& problem, std::initializer_list<ExtraHeader> extra) {
  request_id();  // errors get an id, to find them in the log
  workspace.body.clear();
  append_problem(workspace.body, problem);
  respond(problem.status, kProblemType, workspace.body, extra);
}

}  // namespace rateguard::http_api
