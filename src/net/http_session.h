// One HTTP/1.1 connection, and what all connections of a server share.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "net/byte_buffer.h"
#include "net/event_loop.h"
#include "net/http1_parser.h"
#include "net/http1_response.h"
#include "net/server.h"
#include "net/timer_wheel.h"
#include "net/transport.h"

namespace rateguard::net {

class HttpSession;

// Timeouts in ticks of the wheel.
struct SessionTicks {
  Tick idle = 0;
  Tick read = 0;
  Tick write = 0;
  Tick handshake = 0;
  Tick linger = 0;
};

// Shared by the sessions of one server, so that an idle one holds no buffer: bytes are received into `scratch` and
// answers rendered into `out`; only what cannot be finished at once is copied to the session.
struct SessionContext {
  // What one recv() takes at most.
  static constexpr size_t kScratchBytes = 64 * 1'024;

  EventLoop& loop;
  HttpHandler& handler;
  const HttpServerOptions& options;
  HttpServerStats& stats;
  SessionTicks ticks = {};
  TimerWheel wheel = {};
  DateField date = {};
  ByteBuffer out = {};
  std::unique_ptr<char[]> scratch = std::make_unique_for_overwrite<char[]>(kScratchBytes);
  std::vector<std::unique_ptr<Http1Parser>> parsers = {};  // at rest; a session has one while a request is incomplete
  std::vector<std::unique_ptr<HttpSession>> sessions = {};
  std::vector<std::unique_ptr<HttpSession>> closed = {};  // not yet freed: they may be on the call stack
  std::shared_ptr<int> alive = std::make_shared<int>();   // outlived by work that is posted
  bool draining = false;
  std::function<void()> on_last_closed = {};  // while draining

  std::unique_ptr<Http1Parser> take_parser();
  void give_parser(std::unique_ptr<Http1Parser> parser);
  void remove(HttpSession& session);
};

// A connection's life: [preamble] -> [TLS handshake] -> open (requests in, answers out) -> [lingering] -> closed.
class HttpSession final : public ReadyHandler, public WheelEntry {
 public:
  HttpSession(SessionContext& context, int descriptor, const IpAddress& peer);
  ~HttpSession();

  // Begins. The session may close itself at once.
  void start();
  // Closes if there is nothing to answer, else after answering.
  void drain();
  // At once, whatever is under way.
  void close();

  void on_ready(uint32_t events) override;
  void on_timeout() override;

 private:
  friend struct SessionContext;
  enum class State : uint8_t { kPreamble, kHandshake, kOpen, kLingering, kClosed };
  // What happens when everything that waits is written.
  enum class Ending : uint8_t { kNone, kClose, kLinger };
  enum class Timeout : uint8_t { kHandshake, kIdle, kRead, kWrite, kLinger };
  enum class Batch : uint8_t { kAllHandled, kOutputFull };

  void read_preamble();
  void begin_tls();
  void shake_hands();
  void open();
  void read_input();
  void input_stalled(IoStatus status);
  void handle_input(std::span<char> input);
  Batch answer_requests(std::span<char>& rest);
  void answer(std::span<char> bytes);
  void reject(const HttpRejection& rejection, AfterResponse after);
  AfterResponse after_response() const;
  void keep(std::span<char> input, std::span<char> rest);
  void write(std::string_view bytes);
  void flush();
  void finish();
  void linger();
  void set_interest(uint32_t events);
  void arm(Timeout timeout, Tick ticks);
  void arm_for_input();

  SessionContext& context_;
  Transport transport_;
  IpAddress peer_;
  std::unique_ptr<Http1Parser> parser_;          // while a request is incomplete
  std::unique_ptr<std::string> client_subject_;  // with mTLS only
  ByteBuffer in_;                                // an incomplete request
  ByteBuffer out_;                               // answers that the socket would not take yet, from out_sent_ on
  size_t out_sent_ = 0;
  uint64_t skip_bytes_ = 0;  // of a refused body, still to be read past
  uint32_t index_ = 0;       // in context_.sessions
  uint32_t interest_ = 0;    // as epoll has it
  State state_ = State::kPreamble;
  Ending ending_ = Ending::kNone;
  Timeout timeout_ = Timeout::kHandshake;
  bool continue_sent_ = false;
  bool request_completed_ = false;  // in the input being handled
};

}  // namespace rateguard::net
