// For tests: a blocking TCP client that speaks bytes.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rateguard::net {

// A blocking connection. Waits at most ten seconds for anything. A read that a signal interrupts is repeated: reads
// with a timeout are interrupted when the process is stopped and continued (signal(7)).
class ByteClient {
 public:
  explicit ByteClient(uint16_t port) : ByteClient() { connect(port); }
  // Not connected yet.
  ByteClient() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  }
  ~ByteClient() {
    if (socket_ >= 0) ::close(socket_);
  }
  ByteClient(ByteClient&& other) noexcept
      : unread_(std::move(other.unread_)), socket_(std::exchange(other.socket_, -1)) {}
  ByteClient(const ByteClient&) = delete;
  ByteClient& operator=(const ByteClient&) = delete;

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
  // While 1, sent bytes are held back, to go out in one piece.
  void hold_back(int on) { setsockopt(socket_, IPPROTO_TCP, TCP_CORK, &on, sizeof(on)); }
  void send_end() { ::shutdown(socket_, SHUT_WR); }

  // Whether the server has ended the connection, by a close or a reset, and sent nothing before.
  bool ended() {
    errno = 0;
    return unread_.empty() && !receive() && errno != EAGAIN;
  }
  // As ended(), but not by a reset, which may destroy an answer on its way.
  bool ended_in_order() {
    char byte = 0;
    return unread_.empty() && TEMP_FAILURE_RETRY(::recv(socket_, &byte, 1, 0)) == 0;
  }
  // Whether anything is there to be read, the end included, within `patience`.
  bool readable(std::chrono::milliseconds patience) const {
    pollfd poll{.fd = socket_, .events = POLLIN, .revents = 0};
    return !unread_.empty() || ::poll(&poll, 1, static_cast<int>(patience.count())) == 1;
  }

 protected:
  // Adds to unread_. False: the connection has ended, or nothing came.
  bool receive() {
    char buffer[16'384];
    const ssize_t received = TEMP_FAILURE_RETRY(::recv(socket_, buffer, sizeof(buffer), 0));
    if (received <= 0) return false;
    unread_.append(buffer, static_cast<size_t>(received));
    return true;
  }

  std::string unread_;

 private:
  int socket_;
};

}  // namespace rateguard::net
