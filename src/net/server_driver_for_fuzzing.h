// For fuzz targets: a server on a loop and a thread of its own, and a client that talks to it in bytes.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "base/check.h"
#include "net/clock.h"
#include "net/connection_host.h"
#include "net/event_loop.h"

namespace rateguard::net {

// Never destroyed, like the server that it drives: libFuzzer ends the process.
class ServerDriver {
 public:
  // For the server to be started on.
  EventLoop& loop() { return *loop_; }

  // Runs the loop. `port` and `stats` are the server's.
  void serve(uint16_t port, const ConnectionStats& stats) {
    port_ = port;
    stats_ = &stats;
    std::thread([this] { loop_->run(); }).detach();
  }

  // Sends `bytes` on a connection of their own, cut in two at `first`, since nothing says that they arrive at once, and
  // gives what comes back. The server is done with the connection, and with what it freed, when this returns.
  std::string exchange(std::string_view bytes, size_t first) {
    const int fd = connect_to_server();
    for (const std::string_view piece : {bytes.substr(0, first), bytes.substr(first)}) {
      if (!piece.empty()) (void)send(fd, piece.data(), piece.size(), MSG_NOSIGNAL);
    }
    shutdown(fd, SHUT_WR);
    std::string answers = everything_from(fd);
    close(fd);
    settle();
    return answers;
  }

 private:
  int connect_to_server() const {
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port_);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    // libFuzzer's timer interrupts what blocks.
    const auto* const to = reinterpret_cast<const sockaddr*>(&address);
    RG_CHECK(TEMP_FAILURE_RETRY(connect(fd, to, sizeof address)) == 0);
    // A run makes thousands of connections a second: none of them is to wait in TIME_WAIT.
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    return fd;
  }

  static std::string everything_from(int fd) {
    std::string all;
    std::array<char, 16'384> block;
    for (ssize_t got = 0; (got = TEMP_FAILURE_RETRY(recv(fd, block.data(), block.size(), 0))) > 0;) {
      all.append(block.data(), static_cast<size_t>(got));
    }
    return all;
  }

  void settle() {
    while (stats_->connections_open.value() != 0) std::this_thread::yield();
    std::promise<void> turn;
    loop_->post([&turn] { turn.set_value(); });
    turn.get_future().wait();
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  uint16_t port_ = 0;
  const ConnectionStats* stats_ = nullptr;
};

}  // namespace rateguard::net
