// Commands to one server over one pipelined connection, which is replaced when it breaks.
//
// The commands of a loop turn go out in one write; but if the server is idle and there are many, it gets the first of
// them while the rest of the turn is still being prepared. A command is sent at most once: if a connection breaks
// before the reply has arrived, it is unknown whether the command was carried out, and it fails saying so. The
// exceptions are replies which mean that nothing was done: for a script that the server does not know (NOSCRIPT), and
// from the wrong server.
//
// A connection that leads to the wrong server is replaced immediately: a primary may have been demoted behind its
// address, and a new connection may reach its successor (error_reply.h). Commands that were refused for this reason,
// and those that the server has not seen, are sent on the new connection, once and within their patience. If they get
// the same answer there they fail, and further connections are made at growing intervals.
//
// Replies are matched to commands only by their order. A missing or extra reply would give each command another one's
// answer: a script's reply of the wrong kind ends the connection immediately, and silence soon.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "net/event_loop.h"
#include "redis/reply.h"
#include "redis/script.h"
#include "redis/session.h"

namespace rateguard::redis {

// A reply, which may be a server's error, and which belongs to the connection and is valid until the handler returns.
// Errors: kExhausted: the queue is full. kUnavailable: no connection, or the deadline has passed. kInvalid: as
// kUnavailable, and lasting until the settings change. kCorrupt: the server did not speak Redis's protocol, or gave an
// answer of the wrong kind. Retry::kAlways: the server has not seen the command and never will; kIfIdempotent: it may
// have been carried out, or may still be.
using CommandResult = Result<const Reply*>;
// Called once for each command, on the loop's thread, perhaps before the call that sent it has returned. It may send
// commands; it must not destroy the connection.
using ResultHandler = std::move_only_function<void(CommandResult)>;

// How MOVED, ASK and TRYAGAIN are reported: as errors like others, or, to a caller that follows them, as answers.
enum class Redirections : uint8_t { kErrors, kAnswers };

struct ConnectionOptions {
  SessionOptions session = {};
  // Commands under way, including those whose deadline has passed. A server that does 100,000 a second takes 160 ms.
  size_t pending_max = 16'384;
  // Bytes not yet taken by the socket.
  size_t unsent_bytes_max = 16 * 1'024 * 1'024;
  // A connection that has had commands under way for this long without one answered before its deadline is given up:
  // its peer may be gone for good, or its replies may no longer match the commands. It is kept while its oldest command
  // is within its patience, since the server may be working on that. With the time to notice and to connect this stays
  // below a second. It doubles, up to eight times, with each consecutive connection given up this way, since new
  // connections do not make a slow server faster.
  Duration silence_max = Duration::millis(600);
  // The same for one that has received nothing but errors, since another server may answer better.
  Duration refusals_max = Duration::millis(600);
  Redirections redirections = Redirections::kErrors;
  // How long a connection to the wrong server is kept for outstanding replies: a round trip, which leaves some of even
  // the shortest deadlines.
  Duration rest_patience = Duration::millis(1);
  // The first attempt after a break comes after half to all of backoff_min; the span doubles up to backoff_max.
  Duration backoff_min = Duration::millis(10);
  Duration backoff_max = Duration::millis(500);
  // Any 64 bits, for the jitter, so that many instances do not come back at one moment.
  std::function<uint64_t()> random = [] { return uint64_t{0}; };
  // The connection has been opened or lost, or an attempt has failed. It must not destroy the connection.
  std::function<void()> on_change = [] {};
};

// On the loop's thread.
class RedisConnection final : private SessionOwner {
 public:
  // `loop` outlives it.
  RedisConnection(net::EventLoop& loop, ServerEndpoint server, ConnectionOptions options);
  // Handlers of commands under way are dropped without a call.
  ~RedisConnection();
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  // Connects, and stays connected from then on.
  void start();
  // Closes it; commands under way fail.
  void stop();
  // Switches to another server, if it differs: like a break, but connects immediately.
  void move_to(const ServerEndpoint& server);
  const ServerEndpoint& server() const { return server_; }

  bool is_open() const { return session_.is_open(); }
  // Whether an attempt is under way: commands wait for it.
  bool is_connecting() const { return !session_.is_open() && !session_.is_closed(); }
  // Why there is no connection; empty while there is one.
  const Error& problem() const { return problem_; }
  // Commands, sent or waiting, whose replies have not arrived.
  size_t pending() const { return pending_.size() + refused_.size(); }

  // Sends a command. It waits while the connection is being made; between attempts it fails immediately. It fails if
  // `patience` ends before the reply arrives; if it has not been sent by then, it never is.
  void call(std::span<const std::string_view> words, Duration patience, ResultHandler done);
  void call(std::initializer_list<std::string_view> words, Duration patience, ResultHandler done) {
    call(std::span(words.begin(), words.size()), patience, std::move(done));
  }
  // Runs a script, which outlives the connection.
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, ResultHandler done);
  // The same, with keys and arguments encoded by script_tail().
  void eval_encoded(const Script& script, std::string tail, Duration patience, ResultHandler done);
  // The same with the script's source, for cases where NOSCRIPT must not be the answer.
  void eval_source(const Script& script, std::string tail, Duration patience, ResultHandler done);
  static std::string script_tail(std::span<const std::string_view> keys, std::span<const std::string_view> arguments);
  // A command already in wire format.
  void call_encoded(std::string_view bytes, Duration patience, ResultHandler done);

 private:
  // How often a script call was sent.
  enum class Attempt : uint8_t { kBySha, kByShaAgain, kBySource };

  struct Pending {
    ResultHandler done = {};  // empty once its deadline has passed: the reply is dropped
    Instant deadline = {};
    uint64_t begin = 0;  // the position of its bytes, counted since the session was started
    uint64_t end = 0;
    const Script* script = nullptr;  // null if not a script call
    std::string tail = {};           // for a script call, from script_tail(); otherwise the whole command
    Attempt attempt = Attempt::kBySha;
    bool was_refused = false;  // by the server of the connection before this one
  };
  struct Refused {
    Pending pending;
    Reply reply;
  };

  // Whether a command may be queued; if not, `done` has been called.
  bool admit(size_t bytes, ResultHandler& done);
  void push(Pending pending, size_t out_before);
  void send(Pending pending);
  void send_again(Pending pending);
  void connect();
  void arm_deadline(Instant when);
  void on_deadline();
  void expire(Instant now);
  void drop_unsent_expired();
  bool is_silent() const;
  void look_for_silence();
  void give_up(const Error& error);
  void renew(const Error& error);
  bool is_refusal(const Reply& reply) const;
  bool is_of_no_use(const Reply& reply);
  void take_reply(const Reply& reply);
  void take_useless(Pending pending, const Reply& reply);
  void leave_when_answered();
  void leave_wrong_server();
  void break_off(const Error& error);
  void fail_all(const Error& error);
  void try_later();
  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_closed(const Error& error) override;

  net::EventLoop& loop_;
  ServerEndpoint server_;
  ConnectionOptions options_;
  Session session_;
  std::deque<Pending> pending_;
  std::vector<const Script*> loading_;  // whose source is under way: later calls may use the name
  Error problem_ = {.code = ErrorCode::kUnavailable, .message = "not connected yet"};
  bool started_ = false;
  bool flush_posted_ = false;
  bool was_open_ = false;
  // Attempts since the last good answer in time: back-off also applies when login succeeds but commands time out.
  int attempts_ = 0;
  net::Timer retry_;
  net::Timer deadline_;
  Instant deadline_at_ = Instant::max();  // when deadline_ fires
  net::Timer watchdog_;
  Instant useful_at_;                       // the last reply with a waiting caller, or when pending_ was last empty
  int silences_ = 0;                        // consecutive connections given up for silence
  std::optional<Instant> refusing_since_;   // the first error since which nothing but errors has arrived
  int refusals_ = 0;                        // consecutive connections given up for errors
  std::optional<Error> leaving_;            // why this connection is about to be closed; nothing more is sent on it
  std::vector<Refused> refused_;            // meanwhile: commands to send on the next one
  net::Timer rest_;                         // the remaining replies have not arrived in time
  std::shared_ptr<RedisConnection*> self_;  // for posted work: null once the connection is destroyed
};

}  // namespace rateguard::redis
