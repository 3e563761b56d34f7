// One connection to an origin: opened for calls that wait, then kept for others until it is idle for too long.
#pragma once

#include <memory>

#include "http/client/carrier.h"
#include "http/client/client.h"
#include "net/stream.h"
#include "net/timer_wheel.h"

namespace rateguard::http {

class OriginPool;

class ClientConnection final : private net::StreamEvents, private net::WheelEntry {
 public:
  ClientConnection(OriginPool& pool, Protocols protocols);
  ~ClientConnection() override;

  void open();
  bool is_opening() const { return carrier_ == nullptr && !stream_.is_closed(); }
  bool has_room_for(const Call& call) const;
  // Open, and without a call.
  bool is_kept() const;
  void begin(Call& call);
  void turn();
  void close();
  // There is no memory for what one of its calls brings: it ends with all of them.
  void out_of_memory();
  // Lets go of its calls, because the client is being destroyed.
  void abandon();

  // For its carrier:
  net::Stream& stream() { return stream_; }
  OriginPool& pool() { return pool_; }
  Client& client();
  const Origin& origin() const;
  // Whether it had a call before this one.
  bool was_used() const { return calls_ > 1; }
  // Takes no more calls, and closes when it has none.
  void retire() { retired_ = true; }
  bool is_retired() const { return retired_; }
  // Calls its carrier's turn() at the end of this turn of the loop.
  void call_soon();
  // A call has ended: the connection has room for another, or may close.
  void released();
  // "HOST:PORT: message".
  Error named(Error error) const;
  // The call has lost its connection. It is repeated on another one if the server cannot have processed it, or if the
  // connection was a kept one and the request is idempotent; else it fails.
  void lose(Call& call, CallEnd end, Error error);

  bool has_turn = false;  // the client's own mark

 private:
  void opened() override;
  void input(std::span<char> bytes) override;
  void drained() override;
  void closed(net::StreamEnd end, const Error& error) override;
  void on_timeout() override;
  void close_if_done();

  OriginPool& pool_;
  Protocols protocols_;
  net::Stream stream_;
  std::unique_ptr<Carrier> carrier_;  // null: being opened
  uint64_t calls_ = 0;
  bool retired_ = false;
};

}  // namespace rateguard::http
