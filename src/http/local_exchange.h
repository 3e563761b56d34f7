// An exchange without a connection: a request made within this process, and its answer.
#pragma once

#include <string_view>

#include "base/check.h"
#include "http/exchange.h"

namespace rateguard::http {

// For handlers that answer at once with a complete body. Both references outlive this.
class LocalExchange : public Exchange {
 public:
  LocalExchange(const Request& request, Responder& responder) : request_(request), responder_(responder) {}

  const Request& request() const override { return request_; }
  void status(int code) override { responder_.status(code); }
  void header(std::string_view name, std::string_view value) override { responder_.header(name, value); }
  void body(std::string_view content_type, std::string_view bytes) override { responder_.body(content_type, bytes); }

  // The rest is for handlers that wait or stream.
  KeptExchange keep(ExchangeEvents*) override { return unexpected(), nullptr; }
  void finish() override { unexpected(); }
  void receive() override { unexpected(); }
  void consume(size_t) override { unexpected(); }
  void inform(int, std::span<const Header>) override {}
  void write(std::string_view) override { unexpected(); }
  void trailer(std::string_view, std::string_view) override {}
  void flush() override {}
  size_t waiting_bytes() const override { return 0; }
  bool upgrade(std::string_view, std::span<const Header>) override { return false; }

 protected:
  void let_go() override {}

 private:
  static void unexpected() { RG_CHECK(false && "a local exchange is answered at once"); }

  const Request& request_;
  Responder& responder_;
};

}  // namespace rateguard::http
