// A connection to somewhere else, made without blocking: the name is looked up, its addresses are tried in turn.
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
  std::string path = {};  // not empty: host and port mean nothing

  std::string to_string() const;
  bool operator==(const ConnectTarget&) const = default;
};

// One attempt at a time, on the loop's thread.
class Connector final : private ReadyHandler {
 public:
  // Is given a connected, non-blocking socket, which is its own from then on; TCP_NODELAY is set. Errors:
  // kUnavailable, with the system's reason; kInvalid for a path that is no socket's.
  using Done = std::move_only_function<void(Result<int> descriptor)>;

  // `loop` outlives it.
  explicit Connector(EventLoop& loop) : loop_(loop) {}
  ~Connector() { cancel(); }
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;

  // Calls `done` once, after this has returned and at the latest when `patience` has passed. `done` may destroy the
  // connector. REQUIRES: no attempt is under way.
  void connect(const ConnectTarget& target, Duration patience, Done done);
  // No call comes any more.
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
