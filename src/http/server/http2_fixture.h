// For tests: an HTTP/2 server on a thread of its own, that answers with what it was asked.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <charconv>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/http2_server.h"
#include "http/server/server_fixture.h"
#include "net/clock.h"

namespace rateguard::http {

// "METHOD path body" with a trailer; N times 'x' to /big?N; every piece back to /echo; nothing, ever, to /never;
// answers to /late when the read is over.
class Http2EchoHandler final : public Http2Handler {
 public:
  BodyDelivery delivery(const Http2Request& head) override {
    return head.path == "/echo" || head.path == "/early" ? BodyDelivery::kPieces : BodyDelivery::kWhole;
  }
  void handle(const Http2Request& request, Now, Http2Responder& responder) override {
    heard(request);
    if (request.path == "/never") {
      ++waiting;
      return;
    }
    if (request.path == "/late") return late_.push_back(&responder);
    if (request.path == "/nothing") return responder.finish();
    responder.status(200);
    responder.header("x-subject", request.client_subject);
    if (request.path == "/echo") return responder.send();
    if (request.path == "/empty" || request.path == "/early") {
      responder.trailer("x-end", "alone");
      return responder.finish();
    }
    if (request.path.starts_with("/big?")) {
      size_t size = 0;
      std::from_chars(request.path.data() + 5, request.path.data() + request.path.size(), size);
      responder.body(std::string(size, 'x'));
    } else {
      responder.body(std::string(request.method) + " " + std::string(request.path) + " " + std::string(request.body));
    }
    responder.trailer("x-end", find_header(request.headers, "x-end"));
    responder.finish();
  }
  void reject(const Rejection& rejection, Instant, Http2Responder& responder) override {
    responder.status(rejection.status);
    responder.body(rejection.field);
    responder.finish();
  }
  void data(std::string_view bytes, Http2Responder& responder) override {
    responder.body(bytes);
    responder.send();
  }
  void data_end(Http2Responder& responder) override {
    responder.trailer("x-end", "echoed");
    responder.finish();
  }
  void stream_closed(Http2Responder&) override { ++closed; }
  void batch_end(Now) override {
    ++batches;
    for (Http2Responder* responder : std::exchange(late_, {})) {
      responder->status(200);
      responder->body("late");
      responder->finish();
    }
  }

  // Called for each request, on the loop's thread; set before there is any.
  std::function<void(const Http2Request&)> heard = [](const Http2Request&) {};
  std::atomic<int> waiting = 0;
  std::atomic<int> closed = 0;
  std::atomic<int> batches = 0;

 private:
  std::vector<Http2Responder*> late_;
};

class Http2TestServer {
 public:
  explicit Http2TestServer(Http2ServerOptions options = {}) : server_(std::move(options)) {
    const auto started = server_.start(*loop_, handler_);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~Http2TestServer() {
    loop_->stop();
    thread_.join();
  }

  // Runs `work` on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& work) {
    std::promise<void> done;
    loop_->post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  uint16_t port() const { return port_; }
  Http2Server& server() { return server_; }
  Http2EchoHandler& handler() { return handler_; }
  const Http2ServerStats& stats() const { return server_.stats(); }

 private:
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = *net::EventLoop::create(clock_);
  Http2EchoHandler handler_;
  Http2Server server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace rateguard::http
