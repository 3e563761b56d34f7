// One connection to another server, on an event loop: connect, TLS, then bytes both ways with backpressure. Its owner
// gives the bytes their meaning and tries again after a failure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/byte_buffer.h"
#include "net/connector.h"
#include "net/event_loop.h"
#include "net/tls_client.h"
#include "net/transport.h"

namespace rateguard::net {

// How a stream ended.
enum class StreamEnd : uint8_t {
  kNotConnected,  // no connection was made
  kLate,          // TLS was not agreed upon in time
  kCertificate,   // the server's certificate was not accepted
  kTls,           // TLS failed: the server does not speak it, or refuses ours
  kEnded,         // the server said in an orderly way that it sends no more
  kBroken,        // the connection broke off
};

// Gets the events of a stream, on its loop's thread and never from within a call to the stream. Only closed() may
// destroy the stream; each event may close() it or connect it again.
class StreamEvents {
 public:
  // Connected, with TLS agreed upon: what was written goes out.
  virtual void opened() = 0;
  // Bytes have arrived. They live until this returns and may be changed.
  virtual void input(std::span<char> bytes) = 0;
  // The server sends no more, but may still be written to. Only after keep_half_open(); else that closes the stream.
  virtual void input_ended() {}
  // Output had to wait, and the socket takes more again: all that was written has gone out, and what offer() did not
  // take may be offered again.
  virtual void drained() {}
  // The stream has ended, not by close(). kInvalid: every attempt will fail until something is changed (the
  // certificate, or the server that listens there); kUnavailable: the next attempt may succeed.
  virtual void closed(StreamEnd end, const Error& error) = 0;

 protected:
  ~StreamEvents() = default;
};

struct StreamOptions {
  ConnectTarget target = {};
  std::shared_ptr<const TlsClientContext> tls = {};  // null: plain
  // The name that the server's certificate has to be for, and that is sent along (SNI). Empty: the target's host.
  std::string tls_name = {};
  // The protocols to offer by ALPN, the best first, such as "h2"; empty: none.
  std::vector<std::string> protocols = {};
  // For connecting and TLS together.
  Duration patience = Duration::seconds(10);
};

class Stream final : private ReadyHandler {
 public:
  // `loop` and `events` outlive this.
  Stream(EventLoop& loop, StreamEvents& events) : loop_(loop), events_(events), connector_(loop) {}
  ~Stream() { close(); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;

  // REQUIRES: is_closed().
  void connect(const StreamOptions& options);
  // Closes at once, with a close_notify if TLS is spoken; waiting output is dropped. No event is called after this.
  void close();
  bool is_closed() const { return phase_ == Phase::kClosed; }
  bool is_open() const { return phase_ == Phase::kOpen; }
  // TCP or the Unix socket is connected, whether TLS is agreed upon or not.
  bool is_connected() const { return transport_.has_value(); }
  bool is_secure() const { return transport_ && transport_->secure(); }
  // What ALPN has agreed on; empty without TLS or ALPN. REQUIRES: is_open().
  std::string_view protocol() const { return transport_->protocol(); }

  // Sends, and keeps what the socket does not take. Before the stream is open everything is kept.
  void write(std::string_view bytes);
  // How much of the written output the socket has not taken.
  size_t waiting_bytes() const { return out_.size() - out_sent_; }
  // How many bytes the socket has taken since connect(); also after the stream is closed.
  uint64_t sent_bytes() const { return sent_bytes_; }
  // Sends what the socket takes, and returns how much that was; the caller offers the rest again, from the next byte
  // on, after drained(). With TLS the next offer has to begin with the same bytes. REQUIRES: is_open(), and nothing of
  // write() waits.
  size_t offer(std::string_view bytes);
  // Ends the sending side once waiting output has gone out.
  void finish_sending();
  // From here on, when the server sends no more, input_ended() is called and the stream stays open.
  void keep_half_open() { keeps_half_open_ = true; }

  // Nothing is read, and the server's window fills, until resume_reading().
  void pause_reading();
  // No more than `bytes`, at least 1, by one read from now on, so that what the reader has to keep stays within its
  // bound to the byte. By itself it is as many as its buffer holds.
  void read_at_most(size_t bytes) { read_bytes_max_ = bytes; }
  void resume_reading();
  bool is_reading() const { return reading_; }
  // Reads what has arrived without waiting for the loop: calls events from within.
  void read_now();

 private:
  enum class Phase : uint8_t { kClosed, kConnecting, kTls, kOpen };

  void on_connected(Result<int> descriptor);
  void continue_tls();
  void tls_failed();
  void open();
  void on_ready(uint32_t events) override;
  void ready(uint32_t events);
  // Where there is no memory for what the work brings, the stream has ended: nothing else has.
  template <typename Work>
  void guard(Work work);
  void continue_output();
  void output_failed();
  void flush();
  void read();
  void read_at_end();
  void end(StreamEnd how, Error error);
  void both_over();
  void broke_off(int error);
  void call_soon();
  void called_back();
  void set_interest();

  EventLoop& loop_;
  StreamEvents& events_;
  Connector connector_;
  StreamOptions options_;
  std::optional<Transport> transport_;
  Instant connected_by_;
  Timer deadline_;  // of TLS
  ByteBuffer out_;
  size_t out_sent_ = 0;
  uint64_t sent_bytes_ = 0;
  std::shared_ptr<Stream*> self_;  // for a posted call; it points to null once the call is unwanted
  uint32_t interest_ = 0;          // as the loop has it
  int output_error_ = 0;
  Phase phase_ = Phase::kClosed;
  bool watched_ = false;
  bool reading_ = true;
  size_t read_bytes_max_ = 0;
  bool blocked_ = false;          // the socket did not take all; drained() is due
  bool send_wants_read_ = false;  // TLS has to read first
  bool broken_output_ = false;    // further output is dropped; what was sent to us may still be read
  bool finishes_ = false;         // finish_sending() waits for waiting output
  bool sending_finished_ = false;
  bool input_over_ = false;
  bool keeps_half_open_ = false;
};

}  // namespace rateguard::net
