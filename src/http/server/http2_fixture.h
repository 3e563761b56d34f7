// For tests: an HTTP/2 server on its own thread, that answers with what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/server.h"
#include "http/server/server_fixture.h"
#include "net/loop_thread_testing.h"

namespace rateguard::http {

// "METHOD path body" with a trailer; N times 'x' to /big?N; every piece back to /echo; never anything to /never;
// answers to /late when answer_late() is called.
class Http2EchoHandler final : public Handler, private ExchangeEvents {
 public:
  bool streams() const override { return true; }
  BodyDelivery delivery(const Request& head) override {
    return head.path == "/echo" || head.path == "/early" ? BodyDelivery::kPieces : BodyDelivery::kWhole;
  }
  void handle(Exchange& exchange, Now) override {
    const Request& request = exchange.request();
    exchange.set_label(1);
    heard(request);
    if (request.path == "/never") {
      keep(exchange);
      ++waiting;
      return;
    }
    if (request.path == "/late") {
      keep(exchange);
      ++late;
      return;
    }
    if (request.path == "/nothing") return;
    if (request.path == "/echo") {
      keep(exchange);
      exchange.status(200);
      exchange.flush();
      return exchange.receive();
    }
    exchange.status(200);
    exchange.header("x-subject", request.client_subject);
    if (request.path == "/empty" || request.path == "/early") return exchange.trailer("x-end", "alone");
    if (request.path == "/big") {
      size_t size = 0;
      std::from_chars(request.query.data(), request.query.data() + request.query.size(), size);
      exchange.write(std::string(size, 'x'));
    } else {
      exchange.write(std::string(request.method) + " " + std::string(request.target) + " " + std::string(request.body));
    }
    exchange.trailer("x-end", find_header(request.headers, "x-end"));
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field);
  }
  void sent(uint32_t, Duration) override { ++sent_answers; }
  // On the loop's thread.
  void answer_late() {
    for (KeptExchange& exchange : std::exchange(kept_, {})) {
      exchange->status(200);
      exchange->write("late");
      exchange->finish();
    }
  }

  // Called for each request, on the loop's thread; set before the first one.
  std::function<void(const Request&)> heard = [](const Request&) {};
  std::atomic<int> waiting = 0;
  std::atomic<int> late = 0;
  std::atomic<int> closed = 0;
  std::atomic<int> sent_answers = 0;

 private:
  void keep(Exchange& exchange) { kept_.push_back(exchange.keep(this)); }
  void body_arrived(Exchange& exchange, std::string_view bytes) override {
    exchange.consume(bytes.size());
    exchange.write(bytes);
    exchange.flush();
  }
  void body_ended(Exchange& exchange, std::span<const Header>) override {
    exchange.trailer("x-end", "echoed");
    exchange.finish();
    forget(exchange);
  }
  void client_gone(Exchange& exchange) override {
    ++closed;
    forget(exchange);
  }
  void forget(Exchange& exchange) {
    std::erase_if(kept_, [&](const KeptExchange& kept) { return kept.get() == &exchange; });
  }

  std::vector<KeptExchange> kept_;
};

class Http2TestServer {
 public:
  // HTTP/2 alone, as gRPC's listener, or beside HTTP/1.1, as that of HTTP.
  explicit Http2TestServer(ServerOptions options = {}, Protocols protocols = Protocols::kHttp2)
      : server_(speaking(protocols, std::move(options))) {
    const auto started = server_.start(loop_.loop(), handler_);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    loop_.start();
  }
  ~Http2TestServer() { loop_.stop(); }

  void on_loop(const std::function<void()>& work) { loop_.on_loop(work); }

  uint16_t port() const { return port_; }
  Server& server() { return server_; }
  Http2EchoHandler& handler() { return handler_; }
  const ServerStats& stats() const { return server_.stats(); }

 private:
  static ServerOptions speaking(Protocols protocols, ServerOptions options) {
    options.protocols = protocols;
    return options;
  }

  net::LoopThread<> loop_;
  Http2EchoHandler handler_;
  Server server_;
  uint16_t port_ = 0;
};

}  // namespace rateguard::http
