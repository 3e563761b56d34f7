// A listening TCP socket on an event loop, one of several on one port where each loop has its own (SO_REUSEPORT).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/ip_address.h"
#include "net/event_loop.h"

namespace rateguard::net {

// The kernel lets any listener of one user share a port, a second copy of the program included. So the first one makes
// sure that nobody has it; the program's other loops join.
enum class PortSharing : uint8_t { kFirst, kJoin };

struct ListenAddress {
  std::string host = "127.0.0.1";  // an address or a name
  uint16_t port = 0;               // 0: any free one
  PortSharing sharing = PortSharing::kFirst;
  std::string_view option = "--http";  // what names the address, for messages; it lives for ever
};

class Listener final : public ReadyHandler {
 public:
  // Takes over the descriptor, which is non-blocking.
  using OnAccept = std::function<void(int descriptor, const IpAddress& peer)>;

  // Errors: kInvalid for a host that cannot be found, kIo where the address cannot be had; both say what to do.
  // Connections come from the next turn of the loop on.
  static Result<std::unique_ptr<Listener>> open(EventLoop& loop, const ListenAddress& address, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const { return port_; }
  // Hands out whoever has connected already, then refuses the rest.
  void close();

  void on_ready(uint32_t events) override;

 private:
  enum class Accepted : uint8_t { kOne, kNone, kNoDescriptor };

  Listener(EventLoop& loop, int socket, uint16_t port, OnAccept on_accept);
  Accepted accept_one();
  bool turn_one_away();
  void pause();

  EventLoop& loop_;
  int socket_;
  uint16_t port_;
  // Held in reserve: given up for a moment to take and close a connection when descriptors have run out, for one that
  // stays in the queue would wake the loop for ever.
  int spare_;
  OnAccept on_accept_;
  Timer resume_;
};

}  // namespace rateguard::net
