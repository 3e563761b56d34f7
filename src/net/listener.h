// A listening TCP socket on an event loop. Each loop may have its own on the same port (SO_REUSEPORT).
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

// The kernel lets any listener of one user share a port, a second copy of the program included. So the first listener
// makes sure that the port is free; the program's other loops join it.
enum class PortSharing : uint8_t { kFirst, kJoin };

struct ListenAddress {
  std::string host = "127.0.0.1";  // an address or a name
  uint16_t port = 0;               // 0: any free port
  PortSharing sharing = PortSharing::kFirst;
  std::string_view option = "--http";  // what names the address, for messages; a constant
};

class Listener final : public ReadyHandler {
 public:
  // Takes ownership of the descriptor, which is non-blocking.
  using OnAccept = std::function<void(int descriptor, const IpAddress& peer)>;

  // Errors: kInvalid for a host that cannot be found, kIo if the address cannot be bound; both say what to do.
  // Connections arrive from the next turn of the loop on.
  static Result<std::unique_ptr<Listener>> open(EventLoop& loop, const ListenAddress& address, OnAccept on_accept);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  uint16_t port() const { return port_; }
  // Hands out the connections that were made already, then refuses the rest.
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
  // A descriptor in reserve: closed for a moment to accept and close a connection when descriptors have run out, since
  // a connection that stays in the queue would wake the loop endlessly.
  int spare_;
  OnAccept on_accept_;
  Timer resume_;
};

}  // namespace rateguard::net
