// For tests: a server on its own thread, and a client that speaks bytes.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "http/server/server.h"
#include "net/byte_client_testing.h"
#include "net/eventually_testing.h"
#include "net/loop_thread_testing.h"

namespace rateguard::http {

// Answers with what it was asked: "METHOD path?query body", or with N times 'x' to /big?N.
class EchoHandler final : public Handler {
 public:
  void handle(Exchange& exchange, Now) override { answer(exchange.request(), exchange); }
  static void answer(const Request& request, Responder& responder) {
    if (request.path == "/nothing") return;
    responder.status(request.path == "/empty" ? 204 : 200);
    responder.header("X-Peer", request.peer.to_string());
    responder.header("X-Echo", request.query);
    responder.header("X-Subject", request.client_subject);
    if (request.path == "/big") {
      size_t size = 0;
      std::from_chars(request.query.data(), request.query.data() + request.query.size(), size);
      return responder.body("text/plain", std::string(size, 'x'));
    }
    if (request.path == "/host") return responder.body("text/plain", find_header(request.headers, "host"));
    std::string text(request.method);
    text.append(" ").append(request.target).append(" ").append(request.body);
    responder.body("text/plain", text);
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field + ": " + rejection.detail);
  }
};

using net::eventually;

class TestServer {
 public:
  explicit TestServer(ServerOptions options = {}) : TestServer(nullptr, std::move(options)) {}
  // `handler` outlives this.
  explicit TestServer(Handler& handler, ServerOptions options = {}) : TestServer(&handler, std::move(options)) {}
  ~TestServer() { stop(); }

  void stop() { loop_.stop(); }
  // Runs `work` on the loop's thread and waits for it.
  void on_loop(const std::function<void()>& work) { loop_.on_loop(work); }
  // Runs `work` on the loop's thread, without waiting for it.
  void post(std::function<void()> work) { loop_.post(std::move(work)); }

  uint16_t port() const { return port_; }
  Server& server() { return server_; }
  const ServerStats& stats() const { return server_.stats(); }

 private:
  // A null handler means one that echoes.
  TestServer(Handler* handler, ServerOptions options) : server_(std::move(options)) {
    const auto started = server_.start(loop_.loop(), handler == nullptr ? echo_ : *handler);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    loop_.start();
  }

  net::LoopThread<> loop_;
  EchoHandler echo_;
  Server server_;
  uint16_t port_ = 0;
};

struct ReceivedResponse {
  int status = 0;  // 0: the connection ended first
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos; }
};

enum class BodyOf : uint8_t { kGet, kHead };

// A client that recognises where an answer ends.
class TestClient : public net::ByteClient {
 public:
  using net::ByteClient::ByteClient;

  ReceivedResponse read_answer(BodyOf kind = BodyOf::kGet) {
    ReceivedResponse answer;
    size_t end = 0;
    while ((end = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!receive()) return answer;
    }
    answer.head = unread_.substr(0, end + 2);
    unread_.erase(0, end + 4);
    size_t length = 0;
    constexpr std::string_view kLength = "\r\nContent-Length: ";
    if (const size_t field = answer.head.find(kLength); field != std::string::npos && kind == BodyOf::kGet) {
      std::from_chars(answer.head.data() + field + kLength.size(), answer.head.data() + answer.head.size(), length);
    }
    while (unread_.size() < length) {
      if (!receive()) return answer;
    }
    answer.body = unread_.substr(0, length);
    unread_.erase(0, length);
    std::from_chars(answer.head.data() + 9, answer.head.data() + 12, answer.status);
    return answer;
  }
  // Only the status line and the fields; read_bytes() and read_line() read what follows.
  ReceivedResponse read_head() { return read_answer(BodyOf::kHead); }
  // `size` bytes, or fewer if the connection ends first.
  std::string read_bytes(size_t size) {
    while (unread_.size() < size && receive()) {
    }
    const std::string bytes = unread_.substr(0, size);
    unread_.erase(0, bytes.size());
    return bytes;
  }
  // Without its CR LF; empty if the connection ends first.
  std::string read_line() {
    size_t end = 0;
    while ((end = unread_.find("\r\n")) == std::string::npos) {
      if (!receive()) return {};
    }
    const std::string line = unread_.substr(0, end);
    unread_.erase(0, end + 2);
    return line;
  }
  ReceivedResponse ask(std::string_view request) { return send(request) ? read_answer() : ReceivedResponse{}; }
};

inline std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace rateguard::http
