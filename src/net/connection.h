// The life that every accepted connection has, whatever is spoken on it; what that is are the sessions of protocols,
// which derive from it.
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

// [preamble] -> [TLS handshake] -> open -> [lingering] -> closed. Belongs to a ConnectionHost; on its loop's thread
// only.
class Connection : public ReadyHandler, public WheelEntry {
 public:
  Connection(ConnectionHost& host, int descriptor, const IpAddress& peer);
  // Goes on with what `from` has: its transport, its peer, and what has been received. REQUIRES: `from` is open and has
  // nothing to write; it hands on to this next.
  Connection(ConnectionHost& host, Connection&& from);
  virtual ~Connection();

  // Begins. It may close itself at once.
  void start();
  // The server is going: ends as soon as what has begun is done.
  void drain();
  // At once, whatever is under way.
  void close();

  void on_ready(uint32_t events) final;
  void on_timeout() final;

 protected:
  enum class State : uint8_t { kPreamble, kHandshake, kOpen, kLingering, kClosed };
  // What happens when everything that waits is written.
  enum class Ending : uint8_t { kNone, kClose, kLinger };
  enum class Timeout : uint8_t { kHandshake, kIdle, kRead, kWrite, kLinger };

  // What a protocol adds. Each may close the connection.
  // Nothing has been read yet; the idle timeout is armed.
  virtual void opened() {}
  // Open, readable, and nothing waits to be written unless duplex_: receives and answers.
  virtual void read_input() = 0;
  // What waited is written, whatever becomes of the connection.
  virtual void written() {}
  // What waited is written, and the connection goes on: answers what had to wait, arms the timeout. Also while paused.
  virtual void output_gone() = 0;
  // A request was not there in time.
  virtual void read_timed_out() { time_out(); }
  // Open, and nothing has happened for a while.
  virtual void idle_timed_out() { time_out(); }
  // After call_soon(), and after what write_soon() kept was sent as far as it could be.
  virtual void called_back() {}
  // While open and nothing waits to be written: closes if there is nothing to answer.
  virtual void drain_open() = 0;
  // While paused: the peer has said that it sends no more. Told once; most peers that say so have gone.
  virtual void peer_finished() {}
  // It is closed; gives back what it has borrowed.
  virtual void closed() {}

  bool is_open() const { return state_ == State::kOpen; }
  // Leaves the connection to another, which begins with opened(). Nothing of this may be used afterwards.
  void hand_on(std::unique_ptr<Connection> successor);
  // Closes, and counts why.
  void time_out();
  // What to do where receive() gave no bytes.
  void input_stalled(IoStatus status);
  // Sends, or keeps what the socket does not take. REQUIRES: out_ is empty.
  void write(std::string_view bytes);
  // Keeps bytes to be written at the end of this turn of the loop, so that nothing is called and nothing closes now.
  void write_soon(std::string_view bytes);
  // called_back() at the end of this turn of the loop.
  void call_soon();
  // As write(), behind what waits already.
  void write_behind(std::string_view bytes);
  // Of what was written, what the socket has not taken.
  size_t waiting_bytes() const { return out_.size() - out_sent_; }
  void arm(Timeout timeout);
  // Nothing is read and nothing but a slow reader times out until resume(): an answer is being waited for. What waits
  // to be written still goes out, and output_gone() is called after it. Closes if the peer breaks off. REQUIRES: open.
  void pause();
  void resume() { paused_ = peer_finished_ = false; }
  // resume(), and reads what has come meanwhile.
  void read_again();
  bool paused() const { return paused_; }
  // Ends this turn, though there is more to be answered: others come first, then output_gone(). Nothing is read and
  // nothing times out until then. REQUIRES: open, and nothing waits to be written.
  void yield_turn();
  // output_gone(), and then reads what has come meanwhile: after an answer that was waited for is written.
  // REQUIRES: open, and nothing waits to be written.
  void go_on();

  ConnectionHost& host_;
  Transport transport_;
  IpAddress peer_;
  std::unique_ptr<std::string> client_subject_;  // with mTLS only
  ByteBuffer in_;                                // what has arrived and is not whole yet
  ByteBuffer out_;                               // what the socket would not take yet, from out_sent_ on
  Ending ending_ = Ending::kNone;
  bool duplex_ = false;  // reads even while something waits to be written
  bool broken_ = false;  // write() has failed: not all of its bytes have gone
  Timeout timeout_ = Timeout::kHandshake;

 private:
  friend class ConnectionHost;

  // Where there is no memory for what the work brings, the connection closes: nothing else does.
  template <typename Work>
  void guard(Work work);
  void begin();
  void ready(uint32_t events);
  void take_over();
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
  bool yielded_ = false;        // what was to be done this turn waits for the next
};

}  // namespace rateguard::net
