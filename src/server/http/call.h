// One request on its way through the API.
#pragma once

#include <initializer_list>
#include <string_view>

#include "http/exchange.h"
#include "server/http/answer.h"
#include "server/http/problem.h"
#include "server/http/request_headers.h"
#include "server/http/workspace.h"

namespace rateguard::http_api {

struct ExtraHeader {
  std::string_view name;
  std::string_view value;
};

// Lives for one request. Exactly one of the answering members is called, once, unless it must_wait().
class ApiCall {
 public:
  // The parts of the path that the route's pattern captured: at most a rule, and the rest of the path.
  struct Captured {
    std::string_view first = {};  // still percent-encoded
    std::string_view rest = {};
  };

  ApiCall(Workspace& its_workspace, const http::Request& its_request, Now its_now, http::Responder& responder);

  Workspace& workspace;
  const http::Request& request;
  const Now now;
  const RequestHeaders headers;
  Captured captured = {};
  size_t route = 0;  // its index in the metrics

  // Answers with `status`, the headers and the body. `text` may be workspace.body.
  void respond(int status, std::string_view content_type, std::string_view text,
               std::initializer_list<ExtraHeader> extra = {});
  void respond_json(int status, std::string_view text) { respond(status, "application/json", text); }
  void respond_problem(const Problem& problem, std::initializer_list<ExtraHeader> extra = {});
  // An answer in steps, for routes with their own headers: begin(), responder().header()..., then body().
  http::Responder& begin(int status);
  void finish(std::string_view content_type, std::string_view text) { responder_.body(content_type, text); }

  // The request's id, or else a new one.
  std::string_view request_id();
  int status() const { return status_; }
  // Nothing has been answered: the same call is to be made by a task, which can wait for an API key.
  void must_wait() { must_wait_ = true; }
  bool has_to_wait() const { return must_wait_; }

 private:
  http::Responder& responder_;
  std::string_view request_id_;
  int status_ = 0;
  bool must_wait_ = false;
};

}  // namespace rateguard::http_api
