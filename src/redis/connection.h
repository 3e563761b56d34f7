// Commands to one server over one pipelined connection, which is made again when it breaks.
//
// What a loop turn asks goes out in one write; but where the server has nothing to do and there is much to ask, it
// begins with the first of it while the rest of the turn is still being made. A command is sent at most once: where a
// connection breaks before its reply has come nobody knows whether it was carried out, and it fails saying so. The
// exceptions are replies that say that nothing was done: of a script that the server does not know (NOSCRIPT), and of
// a server that is the wrong one to ask.
//
// A connection that leads to the wrong server is made again at once: a primary may have been demoted behind its
// address, and a new connection reach the one that took its place (error_reply.h). Commands that were refused so, and
// those that the server has not seen, are sent on the new connection, once and within their patience. Where it hears
// the same they fail, and the next connection comes later and later.
//
// Replies are matched to commands by their order alone. A stream in which one is missing or too many would answer each
// question with another's answer: a script's reply of a wrong kind ends the connection at once, and silence soon.
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

// A reply, which may be an error of the server's and is the connection's own until the handler returns. Errors:
// kExhausted: the queue is full. kUnavailable: no connection, or the deadline has passed. kInvalid: as kUnavailable,
// and so until somebody changes the settings. kCorrupt: the server spoke something else than Redis's protocol, or
// answered something else than it was asked. Retry::kAlways: the server has not seen the command and will not;
// kIfIdempotent: it may have been carried out, or may be yet.
using Answer = Result<const Reply*>;
// Called once for each command, on the loop's thread, and perhaps before the call that asked has returned. It may ask
// again; it must not destroy the connection.
using AnswerHandler = std::move_only_function<void(Answer)>;

// What MOVED, ASK and TRYAGAIN are to whoever asks: errors like others, or, where they are followed, answers.
enum class Redirections : uint8_t { kErrors, kAnswers };

struct ConnectionOptions {
  SessionOptions session = {};
  // Commands under way, those included whose deadline has passed. A server that does 100,000 a second takes 160 ms.
  size_t pending_max = 16'384;
  // Bytes not yet taken by the socket.
  size_t unsent_bytes_max = 16 * 1'024 * 1'024;
  // A connection that has commands under way all the time, and for so long none that was answered before its deadline,
  // is given up: its peer may be gone for good, or what it says may no longer be matched to what was asked. As long as
  // its oldest command is within its patience it is not, since the server may be at work on that. With the time to
  // notice and to connect this is below a second. It doubles, up to eight times this, with each connection in a row
  // that was given up so, since a server that is only slow is not made faster by new connections.
  Duration silence_max = Duration::millis(600);
  // The same for one that has heard nothing but errors, since another server may answer better.
  Duration refusals_max = Duration::millis(600);
  Redirections redirections = Redirections::kErrors;
  // How long a connection to the wrong server is kept for the replies that are under way: a round trip, which leaves
  // something of the least deadlines.
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
class Connection final : private SessionOwner {
 public:
  // `loop` outlives it.
  Connection(net::EventLoop& loop, Server server, ConnectionOptions options);
  // Handlers of what is under way are dropped without a call.
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Connects, and from then on keeps connected.
  void start();
  // Ends it; what is under way fails.
  void stop();
  // Goes on with another server, where it is another: as a break, but connects at once.
  void move_to(const Server& server);
  const Server& server() const { return server_; }

  bool is_open() const { return session_.is_open(); }
  // An attempt is under way: what is asked waits for it.
  bool is_connecting() const { return !session_.is_open() && !session_.is_closed(); }
  // Why there is no connection; empty while there is one.
  const Error& problem() const { return problem_; }
  // Commands sent or waiting whose replies have not come.
  size_t pending() const { return pending_.size() + refused_.size(); }

  // Asks. While the connection is being made the command waits for it; between attempts it fails at once. When
  // `patience` ends before the reply has come the command fails; if not sent it never will be.
  void call(std::span<const std::string_view> words, Duration patience, AnswerHandler done);
  void call(std::initializer_list<std::string_view> words, Duration patience, AnswerHandler done) {
    call(std::span(words.begin(), words.size()), patience, std::move(done));
  }
  // Runs a script, which outlives the connection.
  void eval(const Script& script, std::span<const std::string_view> keys, std::span<const std::string_view> arguments,
            Duration patience, AnswerHandler done);
  // The same with what script_tail() made of keys and arguments.
  void eval_encoded(const Script& script, std::string tail, Duration patience, AnswerHandler done);
  // The same with the script's source, for where NOSCRIPT must not be the answer.
  void eval_source(const Script& script, std::string tail, Duration patience, AnswerHandler done);
  static std::string script_tail(std::span<const std::string_view> keys, std::span<const std::string_view> arguments);
  // A command as it goes over the wire.
  void call_encoded(std::string_view bytes, Duration patience, AnswerHandler done);

 private:
  // How often a script call was sent.
  enum class Attempt : uint8_t { kBySha, kByShaAgain, kBySource };

  struct Pending {
    AnswerHandler done = {};  // empty: its deadline has passed, and the reply is dropped
    Instant deadline = {};
    uint64_t begin = 0;  // of its bytes, counted since the session was started
    uint64_t end = 0;
    const Script* script = nullptr;  // null: no script call
    std::string tail = {};           // of a script call, as script_tail() has it; of another the whole command
    Attempt attempt = Attempt::kBySha;
    bool was_refused = false;  // by the server of the connection before this one
  };
  struct Refused {
    Pending pending;
    Reply reply;
  };

  // Whether a command may be put into the queue; if not, `done` has been told.
  bool admit(size_t bytes, AnswerHandler& done);
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
  void leave();
  void break_off(const Error& error);
  void fail_all(const Error& error);
  void try_later();
  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_closed(const Error& error) override;

  net::EventLoop& loop_;
  Server server_;
  ConnectionOptions options_;
  Session session_;
  std::deque<Pending> pending_;
  std::vector<const Script*> loading_;  // whose source is under way: who comes behind it may use the name
  Error problem_ = {.code = ErrorCode::kUnavailable, .message = "not connected yet"};
  bool started_ = false;
  bool flush_posted_ = false;
  bool was_open_ = false;
  // Since the last good answer in time: a server that lets in whom it does not answer is left alone too.
  int attempts_ = 0;
  net::Timer retry_;
  net::Timer deadline_;
  Instant deadline_at_ = Instant::max();  // when deadline_ fires
  net::Timer watchdog_;
  Instant useful_at_;                      // the last reply that somebody waited for, or when pending_ was last empty
  int silences_ = 0;                       // connections in a row that were given up for silence
  std::optional<Instant> refusing_since_;  // the first of the errors that were all that was heard since
  int refusals_ = 0;                       // connections in a row that were given up for them
  std::optional<Error> leaving_;           // why this connection is about to be left; nothing is sent on it any more
  std::vector<Refused> refused_;           // meanwhile: what is to be asked on the next one
  net::Timer rest_;                        // of the replies has not come in time
  std::shared_ptr<Connection*> self_;      // for posted work: null where the connection is gone
};

}  // namespace rateguard::redis
