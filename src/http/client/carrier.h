// What carries calls over one connection: a version of HTTP, seen from the client.
#pragma once

#include <cstddef>
#include <cstdint>
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

  // How many more calls the connection can take now.
  virtual size_t room() const = 0;
  virtual size_t under_way() const = 0;
  virtual bool can_upgrade() const = 0;
  // Takes a call. REQUIRES: room() != 0.
  virtual void begin(Call& call) = 0;
  // The call has new content, or has ended it. It goes out with turn().
  virtual void content_changed(Call& call) = 0;
  // How much content has left the call but was not sent yet.
  virtual size_t waiting_bytes(const Call& call) const = 0;
  // Of all calls, what the connection has sent since it was opened.
  virtual uint64_t sent_bytes() const = 0;
  // It was not answered in time: perhaps the connection is dead.
  virtual void call_is_late(Call& call) = 0;
  virtual void consumed(Call& call, size_t bytes) = 0;
  // Lets go of the call without telling its owner, which has cancelled it.
  virtual void cancel(Call& call) = 0;
  // Sends all pending output. Called at the end of a turn of the loop, never from within a function that an owner
  // calls.
  virtual void turn() = 0;
  virtual void input(std::span<char> bytes) = 0;
  // The connection has ended, and its calls with it.
  virtual void closed(net::StreamEnd end, const Error& error) = 0;
  // Lets go of all calls without telling their owners, because the client is being destroyed.
  virtual void abandon() = 0;

 protected:
  ClientConnection& connection_;
};

}  // namespace rateguard::http
