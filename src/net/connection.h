// The life cycle of every accepted connection, whatever its protocol. The sessions of the protocols derive from
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "model/ip_address.h"
#include "net/byte_buffer.h"
#include "net/event_loop.h"
#include "net/timer_wheel.h"
#include "net/transport.h"

namespace rateguard::net {

class ConnectionHost;

// [preamble] -> [TLS handshake] -> open -> [lingering] -> closed. Belongs to a ConnectionHost; used on its loop's
// thread only.
class Connection : public ReadyHandler, public WheelEntry {
 public:
  Connection(ConnectionHost& host, int descriptor, const IpAddress& peer);
  // Takes over the transport, the peer and the received bytes of `from`. REQUIRES: `from` is open and has nothing to
  // write; it calls hand_on() with this next.
  Connection(ConnectionHost& host, Connection&& from);
  ~Connection() override;

  // Begins serving. The connection may close itself at once.
  void start();
  // The server is shutting down: closes as soon as the requests that have begun are answered.
  void drain();
  // Closes at once, whatever is under way.
  void close();

  void on_ready(uint32_t events) final;
  void on_timeout() final;

 protected:
  enum class State : uint8_t { kPreamble, kHandshake, kOpen, kLingering, kClosed };
  // What happens when all waiting output is written.
  enum class Ending : uint8_t { kNone, kClose, kLinger };
  enum class Timeout : uint8_t { kHandshake, kIdle, kRead, kWrite, kLinger };

  // What a protocol adds. Each may close the connection.
  // Nothing has been read yet; the idle timeout is armed.
  virtual void opened() {}
  // Open, readable, and nothing waits to be written unless duplex_: receives and answers.
  virtual void read_input() = 0;
  // Waiting output is written, whether or not the connection continues.
  virtual void written() {}
  // Waiting output is written, and the connection continues: answers what had to wait, arms the timeout. Also while
  // paused.
  virtual void output_gone() = 0;
  // A request did not arrive in time.
  virtual void read_timed_out() { time_out(); }
  // Open, and nothing has happened for a while.
  virtual void idle_timed_out() { time_out(); }
  // Called after call_soon(), and after the socket took what it could of what write_soon() kept.
  virtual void called_back() {}
  // While open and nothing waits to be written: closes if there is nothing to answer.
  virtual void drain_open() = 0;
  // While paused: the peer sends no more. Called once; most such peers have disconnected.
  virtual void peer_finished() {}
  // The connection is closed; gives back what it has borrowed.
  virtual void closed() {}

  bool is_open() const { return state_ == State::kOpen; }
  // Leaves the connection to `successor`, which begins with opened(). No member of this may be used afterwards.
  void hand_on(std::unique_ptr<Connection> successor);
  // Closes and counts a timeout.
  void time_out();
  // What to do if receive() gave no bytes.
  void input_stalled(IoStatus status);
  // Sends, and keeps what the socket does not take. REQUIRES: out_ is empty.
  void write(std::string_view bytes);
  // Keeps bytes to be written at the end of this turn of the loop, so that nothing is called and nothing closes now.
  void write_soon(std::string_view bytes);
  // called_back() at the end of this turn of the loop.
  void call_soon();
  // As write(), behind what waits already.
  void write_behind(std::string_view bytes);
  // How much of the written output the socket has not taken.
  size_t waiting_bytes() const { return out_.size() - out_sent_; }
  void arm(Timeout timeout);
  // While an answer is being waited for, until resume(): nothing is read, and nothing times out but a slow reader.
  // Waiting output still goes out, and output_gone() is called after it. Closes if the peer disconnects. REQUIRES:
  // open.
  void pause();
  void resume() { paused_ = peer_finished_ = false; }
  // resume(), then reads what has arrived meanwhile.
  void read_again();
  bool paused() const { return paused_; }
  // Ends this turn, though there is more to be answered: other connections come first, then output_gone(). Nothing is
  // read and nothing times out until then. REQUIRES: open, and nothing waits to be written.
  void yield_turn();
  // Calls output_gone(), then reads what has arrived meanwhile: after an answer that was waited for is written.
  // REQUIRES: open, and nothing waits to be written.
  void go_on();

  ConnectionHost& host_;
  Transport transport_;
  IpAddress peer_;
  std::unique_ptr<std::string> client_subject_;  // with mTLS only
  ByteBuffer in_;                                // the start of a message that is not complete yet
  ByteBuffer out_;                               // what the socket would not take yet, from out_sent_ on
  Ending ending_ = Ending::kNone;
  bool duplex_ = false;  // reads even while something waits to be written
  bool broken_ = false;  // write() has failed: some of its bytes are lost
  Timeout timeout_ = Timeout::kHandshake;

 private:
  friend class ConnectionHost;

  // Where there is no memory for what the work brings, the connection closes: nothing else does.
  template <typename Work>
  void guard(Work work);
  void begin();
  void ready(uint32_t events);
  void take_over();
  void begin_taken_over();
  void read_preamble();
  void ready_while_open(uint32_t events);
  void ready_while_paused(uint32_t events);
  uint32_t output_interest(IoStatus status) const;
  void begin_tls();
  void shake_hands();
  void open();
  void flush();
  void finish();
  void linger();
  void set_interest(uint32_t events);
  void next_turn();
  void take_next_turn();
  void end_turn();

  size_t out_sent_ = 0;
  Instant linger_end_;
  uint32_t index_ = 0;     // among the host's
  uint32_t interest_ = 0;  // as epoll has it
  State state_ = State::kPreamble;
  bool paused_ = false;
  bool turn_queued_ = false;
  bool peer_finished_ = false;  // and it was told
  bool yielded_ = false;        // the rest of this turn's work waits for the next
};

}  // namespace rateguard::net
