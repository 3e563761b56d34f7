// A server for tests, on its own thread, that answers as its script says.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/check.h"

namespace rateguard::loadgen {

class ScriptedServer {
 public:
  struct Reply {
    std::string bytes = {};
    bool then_close = false;
  };
  // Called with the bytes that a connection has sent; erases those that it handles. `connection` counts them from 0.
  using Script = std::function<Reply(int connection, std::string& received)>;

  explicit ScriptedServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    RG_CHECK(::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    RG_CHECK(::listen(listener_, 128) == 0);
    RG_CHECK(::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~ScriptedServer() { stop(); }

  uint16_t port() const { return port_; }
  // Closes everything, the listening socket too.
  void stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    thread_.join();
  }

 private:
  void serve() {
    constexpr int kLookMs = 10;
    std::vector<pollfd> watched = {{.fd = listener_, .events = POLLIN, .revents = 0}};
    std::map<int, int> numbers;
    std::map<int, std::string> received;
    while (!stopping_) {
      (void)::poll(watched.data(), watched.size(), kLookMs);
      for (size_t i = watched.size(); i-- > 1;) {
        if (watched[i].revents == 0) continue;
        const int descriptor = watched[i].fd;
        if (talk(numbers[descriptor], descriptor, received[descriptor])) continue;
        ::close(descriptor);
        watched.erase(watched.begin() + static_cast<ptrdiff_t>(i));
        received.erase(descriptor);
      }
      if (watched[0].revents == 0) continue;
      const int accepted = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (accepted < 0) continue;
      numbers[accepted] = accepted_++;
      watched.push_back({.fd = accepted, .events = POLLIN, .revents = 0});
    }
    for (const pollfd& one : watched) ::close(one.fd);
  }

  // False: the connection has ended.
  bool talk(int number, int descriptor, std::string& received) {
    char buffer[65'536];
    const ssize_t bytes = ::recv(descriptor, buffer, sizeof buffer, 0);
    if (bytes <= 0) return false;
    received.append(buffer, static_cast<size_t>(bytes));
    const Reply reply = script_(number, received);
    std::string_view rest = reply.bytes;
    while (!rest.empty()) {
      const ssize_t sent = ::send(descriptor, rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      rest.remove_prefix(static_cast<size_t>(sent));
    }
    return !reply.then_close;
  }

  Script script_;
  int listener_ = -1;
  uint16_t port_ = 0;
  int accepted_ = 0;
  std::atomic<bool> stopping_ = false;
  std::jthread thread_;
};

}  // namespace rateguard::loadgen
