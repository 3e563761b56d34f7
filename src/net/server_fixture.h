// For tests: a server on a thread of its own, and a client that speaks bytes.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "net/clock.h"
#include "net/event_loop.h"
#include "net/server.h"

namespace rateguard::net {

// Answers with what it was asked: "METHOD path?query body", or with N times 'x' to /big?N.
class EchoHandler final : public HttpHandler {
 public:
  void handle(const HttpRequest& request, Now, HttpResponder& responder) override {
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
    std::string text(request.method);
    text.append(" ").append(request.target).append(" ").append(request.body);
    responder.body("text/plain", text);
  }
  void reject(const HttpRejection& rejection, Instant, HttpResponder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field + ": " + rejection.detail);
  }
};

// Waits for something that another thread brings about; false after ten seconds.
inline bool eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 10'000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return false;
}

class TestServer {
 public:
  explicit TestServer(HttpServerOptions options = {}) : TestServer(nullptr, std::move(options)) {}
  // `handler` outlives it.
  explicit TestServer(HttpHandler& handler, HttpServerOptions options = {})
      : TestServer(&handler, std::move(options)) {}
  ~TestServer() { stop(); }

  void stop() {
    if (!thread_.joinable()) return;
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

  // Runs `work` on the loop's thread, some time.
  void post(std::function<void()> work) { loop_->post(std::move(work)); }

  uint16_t port() const { return port_; }
  HttpServer& server() { return server_; }
  const HttpServerStats& stats() const { return server_.stats(); }

 private:
  // Null: one that echoes.
  TestServer(HttpHandler* handler, HttpServerOptions options) : server_(std::move(options)) {
    const auto started = server_.start(*loop_, handler == nullptr ? echo_ : *handler);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    thread_ = std::thread([this] { loop_->run(); });
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = *EventLoop::create(clock_);
  EchoHandler echo_;
  HttpServer server_;
  uint16_t port_ = 0;
  std::thread thread_;
};

struct Answer {
  int status = 0;  // 0: the connection ended first
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find("\r\n" + std::string(line) + "\r\n") != std::string::npos; }
};

enum class BodyOf : uint8_t { kGet, kHead };

// A blocking connection. Whatever does not come within ten seconds has not come. Reads are taken up again after an
// interruption: those with a timeout have one when the process is stopped and goes on (signal(7)).
class Client {
 public:
  explicit Client(uint16_t port) : Client() { connect(port); }
  // Not connected yet.
  Client() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~Client() {
    if (socket_ >= 0) ::close(socket_);
  }
  Client(Client&& other) noexcept : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connect(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return ::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  int descriptor() const { return socket_; }

  // Whether all of it could be sent.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // While 1, what is sent waits to go out in one piece.
  void hold_back(int on) { setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); }
  void send_end() { ::shutdown(socket_, SHUT_WR); }

  Answer read_answer(BodyOf kind = BodyOf::kGet) {
    Answer answer;
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
  Answer ask(std::string_view request) { return send(request) ? read_answer() : Answer{}; }

  // Whether the server has ended the connection, by a close or a reset, and sent nothing before.
  bool ended() {
    errno = 0;
    return unread_.empty() && !receive() && errno != EAGAIN;
  }
  // The same, but not by a reset, which may destroy an answer on its way.
  bool ended_in_order() {
    char byte = 0;
    return unread_.empty() && TEMP_FAILURE_RETRY(::recv(socket_, &byte, 1, 0)) == 0;
  }
  // Whether anything is there to be read, the end included, within `patience`.
  bool readable(std::chrono::milliseconds patience) const {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    return !unread_.empty() || ::poll(&poll, 1, static_cast<int>(patience.count())) == 1;
  }

 private:
  bool receive() {
    char buffer[16'384];
    const ssize_t received = TEMP_FAILURE_RETRY(::recv(socket_, buffer, sizeof(buffer), 0));
    if (received <= 0) return false;
    unread_.append(buffer, static_cast<size_t>(received));
    return true;
  }

  int socket_;
  std::string unread_;
};

inline std::string get(std::string_view target, std::string_view fields = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + std::string(body);
}

}  // namespace rateguard::net
