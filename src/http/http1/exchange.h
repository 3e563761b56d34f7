// A request of an HTTP/1.1 session that is answered later.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "http/http1/response.h"
#include "http/http_exchange.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

class HttpSession;

// Lives as long as the handler keeps it, longer than its session if need be.
class Http1Exchange final : public HttpExchange, private HttpResponder {
 public:
  // `request` points into `bytes`; both are copied. `after` is what the request leaves of the connection.
  Http1Exchange(HttpSession& session, std::string_view bytes, const HttpRequest& request, AfterResponse after,
                Content content);
  ~Http1Exchange() override;

  const HttpRequest& request() const override { return request_; }
  HttpResponder& responder() override { return *this; }
  void finish() override;

  // The session has closed.
  void forget_session() { session_ = nullptr; }

 private:
  void status(int code) override;
  void header(std::string_view name, std::string_view value) override { response_->header(name, value); }
  void body(std::string_view content_type, std::string_view bytes) override { response_->body(content_type, bytes); }

  HttpSession* session_;  // null: nobody waits for the answer
  const std::string bytes_;
  const std::string client_subject_;
  std::vector<Header> headers_;
  HttpRequest request_;
  AfterResponse after_;
  Content content_;
  DateField date_;
  net::ByteBuffer out_;
  std::optional<Http1Response> response_;  // from its status on
};

}  // namespace rateguard::http
