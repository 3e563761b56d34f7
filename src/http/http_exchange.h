// The seam between an HTTP session and whoever answers: a parsed request in, a response out.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"

namespace rateguard::http {

// A whole, valid request. Every view points into the session's buffer, or the exchange's, and lives until the handler
// has answered.
struct HttpRequest {
  std::string_view method;
  std::string_view target;  // origin-form as sent: path and query
  std::string_view path;    // the target up to '?', still percent-encoded
  std::string_view query;   // after '?'; empty where there is none
  std::span<const Header> headers;
  std::string_view body;
  IpAddress peer;
  bool secure = false;                   // came over TLS
  std::string_view client_subject = {};  // the verified client certificate's subject, where mTLS asked for one
};

// Appends one response to the session's output. The handler calls the members in this order, once each but header():
// status, header*, body. Content-Length, Date, Connection and framing are the session's.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  virtual void status(int code) = 0;
  virtual void header(std::string_view name, std::string_view value) = 0;
  virtual void body(std::string_view content_type, std::string_view bytes) = 0;
};

// What the session could not accept; the handler phrases the answer so that all errors of a server look alike.
struct HttpRejection {
  int status = 400;    // 400, 405, 408, 413, 414, 417, 431, 501, 503, 505
  std::string detail;  // what was wrong, with the field and the value
  std::string field;   // "header", "Content-Length", "request-line", ...
};

// A request on its way to an answer that may come later: it has bytes of its own. On its loop's thread only. Whoever
// lets go of one that is not finished ends its connection.
class HttpExchange {
 public:
  virtual ~HttpExchange() = default;
  // Lives as long as this.
  virtual const HttpRequest& request() const = 0;
  // Takes the answer. Where the client is gone, what it is told is dropped.
  virtual HttpResponder& responder() = 0;
  // Sends the answer. Called once, and the responder no more after it.
  virtual void finish() = 0;
};

// Answers requests. One per event loop; called on that loop's thread only.
class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // Whether the body matters to the answer. Asked once the head of a request is whole and its body is not; where the
  // answer is no, handle() is called at once with an empty body, answers_later() or not, and the body is not kept.
  virtual bool wants_body(const HttpRequest&) { return true; }
  // Answers before it returns.
  virtual void handle(const HttpRequest& request, Now now, HttpResponder& responder) = 0;
  // Whether it is given requests by handle_later() rather than handle(). Constant.
  virtual bool answers_later() const { return false; }
  // Answers before or after it returns. Meanwhile the connection's next requests wait.
  virtual void handle_later(std::unique_ptr<HttpExchange> exchange, Now now) {
    handle(exchange->request(), now, exchange->responder());
    exchange->finish();
  }
  virtual void reject(const HttpRejection& rejection, Instant now, HttpResponder& responder) = 0;
};

}  // namespace rateguard::http
