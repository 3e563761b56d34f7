// For tests: a server on the test's own loop that receives commands and answers what the test wants, when it wants.
#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "net/clock.h"
#include "net/event_loop.h"
#include "net/run_until_testing.h"
#include "redis/reply.h"

namespace rateguard::redis {

using Words = std::vector<std::string>;

using net::run_for;
using net::run_until;

class FakeRedis final : private net::ReadyHandler {
 public:
  class Peer final : private net::ReadyHandler {
   public:
    Peer(FakeRedis& server, int descriptor, int place) : number(place), server_(server), descriptor_(descriptor) {
      RG_CHECK(server_.loop_.watch(descriptor_, EPOLLIN, *this).has_value());
    }
    ~Peer() { close(); }
    void send(std::string_view bytes) {
      if (descriptor_ >= 0) (void)::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    }
    void close() {
      if (descriptor_ < 0) return;
      server_.loop_.unwatch(descriptor_, *this);
      ::close(std::exchange(descriptor_, -1));
    }
    void pause() { server_.loop_.change(descriptor_, 0, *this); }
    void resume() { server_.loop_.change(descriptor_, EPOLLIN, *this); }
    bool is_closed() const { return descriptor_ < 0; }
    // Bytes that have arrived and have not been read yet.
    int unread() const {
      int bytes = 0;
      return ::ioctl(descriptor_, FIONREAD, &bytes) == 0 ? bytes : 0;
    }
    const int number;  // from 0, in order of arrival

   private:
    void on_ready(uint32_t) override {
      static thread_local char buffer[1 << 20];
      const ssize_t bytes = ::recv(descriptor_, buffer, sizeof buffer, MSG_DONTWAIT);
      if (bytes <= 0) return close();
      ++server_.reads;
      reader_.feed({buffer, static_cast<size_t>(bytes)});
      while (true) {
        const auto command = reader_.next();
        RG_CHECK(command.has_value());
        if (*command == nullptr) return;
        Words words;
        for (const Reply& word : (*command)->elements) words.push_back(word.text);
        server_.hear(*this, words);
      }
    }

    FakeRedis& server_;
    int descriptor_;
    ReplyReader reader_{size_t{64} << 20};
  };

  explicit FakeRedis(net::EventLoop& loop, uint16_t port = 0) : loop_(loop) { listen(port); }
  ~FakeRedis() { stop_listening(); }

  uint16_t port() const { return port_; }
  // New connections are refused until listen().
  void stop_listening() {
    if (listener_ < 0) return;
    loop_.unwatch(listener_, *this);
    ::close(std::exchange(listener_, -1));
  }
  void listen(uint16_t port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    const int on = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const int small = 4'096;  // so that a reader that stops is noticed soon
    setsockopt(listener_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    socklen_t size = sizeof address;
    RG_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    RG_CHECK(::listen(listener_, 16) == 0);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    RG_CHECK(loop_.watch(listener_, EPOLLIN, *this).has_value());
  }
  Peer& last() { return *peers.back(); }

  // Answers a command; `commands` has it already. A greeting's commands come here where greet() is not their answer.
  std::function<void(Peer&, const Words&)> on_command = [](Peer& peer, const Words&) { peer.send("+OK\r\n"); };
  // The answer to what a client says first; empty: it is a command like any other.
  std::function<std::string(const Words&)> greet = [](const Words& words) -> std::string {
    if (words[0] == "PING") return "+PONG\r\n";
    if (words[0] == "INFO") return "$21\r\nredis_version:7.0.15\n\r\n";
    if (words[0] == "AUTH" || words[0] == "SELECT" || words[0] == "CLIENT") return "+OK\r\n";
    return "";
  };
  std::vector<std::unique_ptr<Peer>> peers;
  std::vector<Words> commands;  // beside greetings
  std::vector<Words> greetings;
  int reads = 0;

 private:
  void on_ready(uint32_t) override {
    const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (descriptor < 0) return;
    const auto place = static_cast<int>(peers.size());
    peers.push_back(std::make_unique<Peer>(*this, descriptor, place));
  }
  void hear(Peer& peer, const Words& words) {
    if (const std::string answer = greet(words); !answer.empty()) {
      greetings.push_back(words);
      return peer.send(answer);
    }
    commands.push_back(words);
    on_command(peer, words);
  }

  net::EventLoop& loop_;
  int listener_ = -1;
  uint16_t port_ = 0;
};

}  // namespace rateguard::redis
