// What carries calls over one connection: a version of HTTP, seen from the client.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"
#include "http/client/call.h"
#include "net/stream.h"

namespace rateguard::http {

class ClientConnection;

class Carrier {
 public:
  explicit Carrier(ClientConnection& connection) : connection_(connection) {}
  virtual ~Carrier() = default;
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  // How many more calls it can take now.
  virtual size_t room() const = 0;
  virtual size_t under_way() const = 0;
  virtual bool can_upgrade() const = 0;
  // Takes a call. REQUIRES: room() != 0.
  virtual void begin(Call& call) = 0;
  // There is new content, or its end. Goes out with turn().
  virtual void content_changed(Call& call) = 0;
  // Of the call's content, what has left the call but not this side.
  virtual size_t waiting_bytes(const Call& call) const = 0;
  virtual void consumed(Call& call, size_t bytes) = 0;
  // Its owner wants it no more: lets go of it without telling anybody.
  virtual void cancel(Call& call) = 0;
  // Sends what there is to be sent. Called at the end of a turn of the loop, never from within anything that an owner
  // calls.
  virtual void turn() = 0;
  virtual void input(std::span<char> bytes) = 0;
  // The connection has ended: so have the calls.
  virtual void closed(net::StreamEnd end, const Error& error) = 0;
  // The client goes: lets go of all calls without telling anybody.
  virtual void abandon() = 0;

 protected:
  ClientConnection& connection_;
};

}  // namespace rateguard::http
