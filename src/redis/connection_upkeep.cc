// How a RedisConnection is opened, closed and replaced.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "redis/connection.h"
#include "redis/error_reply.h"

namespace rateguard::redis {
namespace {

// How often silence is looked for; it adds to silence_max.
constexpr Duration kWatchPeriod = Duration::millis(100);
// Doublings of silence_max and of refusals_max: 5 s, which a stopped or swapping machine may take.
constexpr int kDoublingsMax = 3;

}  // namespace

void RedisConnection::start() {
  RG_CHECK(!started_);
  started_ = true;
  watchdog_ = loop_.every(kWatchPeriod, [this] { look_for_silence(); });
  connect();
}

void RedisConnection::stop() {
  if (!started_) return;
  started_ = false;
  retry_.cancel();
  deadline_.cancel();
  deadline_at_ = Instant::max();
  watchdog_.cancel();
  break_off({.code = ErrorCode::kUnavailable, .message = "the connection was closed by this side"});
}

void RedisConnection::move_to(const ServerEndpoint& server) {
  if (server.target == server_.target) return;
  server_ = server;
  if (!started_) return;
  retry_.cancel();
  break_off({.code = ErrorCode::kUnavailable, .message = "moved to another server"});
  attempts_ = 0;
  silences_ = 0;
  connect();
}

void RedisConnection::connect() {
  loading_.clear();
  refusing_since_.reset();
  session_.start(server_);
}

void RedisConnection::on_open() {
  problem_ = {};
  was_open_ = true;
  useful_at_ = loop_.now();
  options_.on_change();
}

bool RedisConnection::is_refusal(const Reply& reply) const {
  if (!reply.is_error()) return false;
  const bool is_redirection = reply.is_error("MOVED") || reply.is_error("ASK") || reply.is_error("TRYAGAIN");
  return !is_redirection || options_.redirections == Redirections::kErrors;
}

// Whether another connection may get a better answer than this error.
bool RedisConnection::is_of_no_use(const Reply& reply) {
  if (!is_refusal(reply)) {
    refusing_since_.reset();
    refusals_ = 0;
    return false;
  }
  if (kKnownErrors[known_error(reply.text)].scope == ErrorScope::kConnection) return true;
  if (!refusing_since_) refusing_since_ = loop_.now();
  if (loop_.now() - *refusing_since_ <= options_.refusals_max * (int64_t{1} << refusals_)) return false;
  refusals_ = std::min(refusals_ + 1, kDoublingsMax);
  return true;
}

// A command refused by the wrong server is sent again on the new connection, which is made immediately.
void RedisConnection::take_useless(Pending pending, const Reply& reply) {
  Error error = {.code = ErrorCode::kUnavailable,
                 .message = fmt::format("Redis at {}: {}", server_.target.to_string(), explain_error(reply.text))};
  const bool nothing_was_done = kKnownErrors[known_error(reply.text)].scope == ErrorScope::kConnection;
  if (!nothing_was_done || pending.was_refused || attempts_ != 0 || !started_) {
    renew(error);
    if (pending.done) pending.done(&reply);
    return;
  }
  if (!leaving_) {
    leaving_ = std::move(error);
    rest_ = loop_.after(options_.rest_patience, [this] {
      session_.read_now();  // as in on_deadline()
      if (leaving_) leave_wrong_server();
    });
  }
  if (pending.done) refused_.push_back({.pending = std::move(pending), .reply = reply});
}

// Commands sent after the first refused one will soon get the same answer.
void RedisConnection::leave_when_answered() {
  const uint64_t begun = session_.sent_total() + session_.begun_bytes();
  if (pending_.empty() || pending_.front().begin >= begun) leave_wrong_server();
}

void RedisConnection::leave_wrong_server() {
  const Error error = *std::exchange(leaving_, std::nullopt);
  rest_.cancel();
  std::vector<Refused> refused = std::exchange(refused_, {});
  std::deque<Pending> unsent;
  const uint64_t begun = session_.sent_total() + session_.begun_bytes();
  while (!pending_.empty() && pending_.back().begin >= begun) {
    if (pending_.back().done) unsent.push_front(std::move(pending_.back()));
    pending_.pop_back();
  }
  break_off(error);
  was_open_ = false;
  if (!started_) {  // a handler has stopped it
    for (Refused& one : refused) one.pending.done(&one.reply);
    Error not_sent = error;
    not_sent.retry = Retry::kAlways;
    for (Pending& one : unsent) one.done(std::unexpected(not_sent));
    return;
  }
  ++attempts_;
  connect();
  for (Refused& one : refused) {
    one.pending.was_refused = true;
    one.pending.attempt = Attempt::kBySha;
    send(std::move(one.pending));
  }
  for (Pending& one : unsent) {
    one.attempt = Attempt::kBySha;
    send(std::move(one));
  }
  options_.on_change();
}

// Immediately the first time: commands meanwhile wait for the new connection.
void RedisConnection::renew(const Error& error) {
  const bool is_first = attempts_ == 0;
  break_off(error);
  was_open_ = false;
  if (is_first && started_) {
    ++attempts_;
    connect();
  } else {
    try_later();
  }
  options_.on_change();
}

// All are closed before any handler is called, so that a command sent from a handler is refused rather than forgotten.
void RedisConnection::give_up(const Error& error) {
  session_.close();
  on_closed(error);
}

void RedisConnection::break_off(const Error& error) {
  session_.close();
  problem_ = error;
  leaving_.reset();
  rest_.cancel();
  fail_all(error);
}

void RedisConnection::on_closed(const Error& error) {
  if (leaving_) return leave_wrong_server();
  problem_ = error;
  // A server may close connections that have been idle for long.
  if (std::exchange(was_open_, false) && pending_.empty()) attempts_ = 0;
  fail_all(error);
  try_later();
  options_.on_change();
}

void RedisConnection::fail_all(const Error& error) {
  deadline_.cancel();
  deadline_at_ = Instant::max();
  const uint64_t begun = session_.sent_total();
  std::deque<Pending> failed = std::exchange(pending_, {});
  for (Refused& one : std::exchange(refused_, {})) one.pending.done(&one.reply);
  for (Pending& pending : failed) {
    if (!pending.done) continue;
    Error failure = error;
    failure.retry = pending.begin < begun ? Retry::kIfIdempotent : Retry::kAlways;
    if (failure.retry == Retry::kIfIdempotent) {
      failure.message += "; whether the command was carried out is unknown";
    }
    pending.done(std::unexpected(std::move(failure)));
  }
}

void RedisConnection::try_later() {
  if (!started_) return;
  // 2^16 times the minimum is past every sensible maximum.
  const Duration span = std::min(options_.backoff_max, options_.backoff_min * (int64_t{1} << std::min(attempts_, 16)));
  ++attempts_;
  const auto half = static_cast<uint64_t>(std::max<int64_t>(span.us / 2, 1));
  const Duration delay = Duration::micros(span.us / 2 + static_cast<int64_t>(options_.random() % half));
  retry_ = loop_.after(delay, [this] {
    if (session_.is_closed()) connect();
  });
}

bool RedisConnection::is_silent() const {
  if (!session_.is_open() || pending_.empty() || pending_.front().deadline > loop_.now()) return false;
  return loop_.now() - useful_at_ > options_.silence_max * (int64_t{1} << silences_);
}

void RedisConnection::look_for_silence() {
  if (!is_silent()) return;
  // As in on_deadline().
  session_.read_now();
  if (!is_silent()) return;
  silences_ = std::min(silences_ + 1, kDoublingsMax);
  give_up({.code = ErrorCode::kUnavailable,
           .message = fmt::format("Redis at {} has answered nothing in time for {} ms", server_.target.to_string(),
                                  (loop_.now() - useful_at_).ceil_millis())});
}

}  // namespace rateguard::redis
