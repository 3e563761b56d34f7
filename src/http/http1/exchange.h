// A request of an HTTP/1.1 session and its answer.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "http/exchange.h"
#include "http/http1/response.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

class Http1Session;

// If answered at once, it renders into its loop's output and is used again for the next request. If kept, it owns its
// bytes, and lives as long as the handler keeps it, even longer than its session.
class Http1Exchange final : public Exchange {
 public:
  // For the session: begins an exchange whose request's bytes are `bytes`.
  void begin(Http1Session& session, std::span<const char> bytes, const Request& request, net::ByteBuffer& out,
             const Http1Response::Options& options);
  // For the session, if not kept: adds what the handler has left out.
  void complete() { response_.finish(); }
  AfterResponse after() const { return response_.after(); }
  bool is_whole() const { return response_.is_whole(); }
  // The session has closed.
  void forget_session();
  ExchangeEvents* events() const { return events_; }

  const Request& request() const override { return request_; }
  void status(int code) override;
  void header(std::string_view name, std::string_view value) override { response_.header(name, value); }
  void body(std::string_view content_type, std::string_view bytes) override { response_.body(content_type, bytes); }
  KeptExchange keep(ExchangeEvents* events) override;
  void finish() override;
  void receive() override;
  void consume(size_t bytes) override;
  void inform(int code, std::span<const Header> headers) override;
  void write(std::string_view bytes) override;
  void trailer(std::string_view name, std::string_view value) override;
  void flush() override;
  size_t waiting_bytes() const override;
  bool upgrade(std::string_view protocol, std::span<const Header> headers) override;

 private:
  void let_go() override;
  void own_request();

  Http1Session* session_ = nullptr;  // null: the client has disconnected
  Request request_;
  Http1Response response_;
  std::span<const char> bytes_;  // the request's, in the session's buffer until keep()
  // Only for kept exchanges.
  bool kept_ = false;
  bool raw_ = false;  // upgraded
  ExchangeEvents* events_ = nullptr;
  std::string own_bytes_;
  std::string client_subject_;
  std::vector<Header> headers_;
  std::vector<Header> trailers_;
  DateField date_;
  net::ByteBuffer out_;
  Http1Response::Options options_;
};

}  // namespace rateguard::http
