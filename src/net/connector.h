// Connects to another server without blocking: looks the name up and tries its addresses in turn.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"

namespace rateguard::net {

// Where to: a host and a port, or the path of a Unix socket.
struct ConnectTarget {
  std::string host = {};  // a name or an address
  uint16_t port = 0;
  std::string path = {};  // if not empty, host and port are ignored

  std::string to_string() const;
  bool operator==(const ConnectTarget&) const = default;
};

// One attempt at a time, on the loop's thread.
class Connector final : private ReadyHandler {
 public:
  // Gets a connected, non-blocking socket, which it then owns; TCP_NODELAY is set. Errors: kUnavailable, with the
  // system's reason; kInvalid if the path does not name a socket.
  using Done = std::move_only_function<void(Result<int> descriptor)>;

  // `loop` outlives this.
  explicit Connector(EventLoop& loop) : loop_(loop) {}
  ~Connector() { cancel(); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Calls `done` once, after this has returned and at the latest when `patience` has passed. `done` may destroy the
  // connector. REQUIRES: no attempt is under way.
  void connect(const ConnectTarget& target, Duration patience, Done done);
  // `done` is not called after this.
  void cancel();

 private:
  struct Lookup;
  struct Address {
    sockaddr_storage bytes = {};
    socklen_t size = 0;
  };

  void look_up();
  void try_next();
  void finish_later(Result<int> result);
  void finish(Result<int> result);
  void on_ready(uint32_t events) override;

  EventLoop& loop_;
  ConnectTarget target_;
  Done done_;
  Timer deadline_;
  Timer finishing_;
  std::shared_ptr<Lookup> lookup_;
  std::vector<Address> addresses_;
  size_t next_address_ = 0;
  int descriptor_ = -1;
  std::string reason_;  // why the last address failed
};

}  // namespace rateguard::net
