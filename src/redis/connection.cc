// How a RedisConnection sends commands and matches replies; connection_upkeep.cc has how it is opened, closed and
// replaced.
//
// pending_ holds every command whose reply has not arrived, in the order of its bytes: the next reply belongs to the
// front. A command's bytes are [begin, end), counted since the session was started: below session_.sent_total() they
// have left, below that plus begun_bytes() they can no longer be taken back, and the rest are still in session_.out()
// and may be dropped. An entry without `done` has been answered with its deadline; it stays only to consume its reply.
// While leaving_ is set nothing is sent: commands that the wrong server refused wait in refused_, and they and the
// unsent ones go out on the next connection. Each command's `done` is called exactly once. A handler may send commands
// and may stop() or move_to(), so members are read again after a call to one.
#include "redis/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "redis/command.h"
#include "redis/error_reply.h"

namespace rateguard::redis {
namespace {

// This much is worth a separate write if the server has nothing else to do.
constexpr size_t kWorthAWriteBytes = 512;

// A command with a script in front of a tail, as it goes over the wire. The command's length comes first.
void append_script(std::string& out, std::string_view name, std::string_view script, std::string_view tail) {
  const size_t head = tail.find('\n') + 1;
  out += tail.substr(0, head);
  append_argument(out, name);
  append_argument(out, script);
  out += tail.substr(head);
}

}  // namespace

RedisConnection::RedisConnection(net::EventLoop& loop, ServerEndpoint server, ConnectionOptions options)
    : loop_(loop),
      server_(std::move(server)),
      options_(std::move(options)),
      session_(loop, *this, options_.session),
      useful_at_(loop.now()),
      self_(std::make_shared<RedisConnection*>(this)) {}

RedisConnection::~RedisConnection() {
  *self_ = nullptr;
}

bool RedisConnection::admit(size_t bytes, ResultHandler& done) {
  const auto refuse = [&](Error error) {
    error.retry = Retry::kAlways;
    done(std::unexpected(std::move(error)));
    return false;
  };
  if (session_.is_closed()) return refuse(problem_);
  if (pending_.size() >= options_.pending_max || session_.out().size() + bytes > options_.unsent_bytes_max) {
    return refuse({.code = ErrorCode::kExhausted,
                   .message = fmt::format("too many commands are waiting for Redis at {}: {}",
                                          server_.target.to_string(), pending_.size())});
  }
  return true;
}

void RedisConnection::push(Pending pending, size_t out_before) {
  pending.begin = session_.sent_total() + out_before;
  pending.end = session_.sent_total() + session_.out().size();
  if (pending_.empty()) useful_at_ = loop_.now();
  if (pending.done) arm_deadline(pending.deadline);
  pending_.push_back(std::move(pending));
  if (leaving_) return;
  // An idle server can begin while the rest of the turn is still being prepared.
  const bool is_idle = pending_.front().begin >= session_.sent_total();
  if (is_idle && session_.is_open() && session_.out().size() >= kWorthAWriteBytes) return session_.flush();
  if (flush_posted_) return;
  flush_posted_ = true;
  loop_.post([self = self_] {
    if (*self == nullptr) return;
    (*self)->flush_posted_ = false;
    if (!(*self)->leaving_) (*self)->session_.flush();
  });
}

void RedisConnection::call(std::span<const std::string_view> words, Duration patience, ResultHandler done) {
  size_t bytes = 0;
  for (const std::string_view word : words) bytes += word.size();
  if (!admit(bytes, done)) return;
  Pending pending{.done = std::move(done), .deadline = loop_.now() + patience};
  append_command(pending.tail, words);
  send(std::move(pending));
}

void RedisConnection::call_encoded(std::string_view bytes, Duration patience, ResultHandler done) {
  if (!admit(bytes.size(), done)) return;
  send({.done = std::move(done), .deadline = loop_.now() + patience, .tail = std::string(bytes)});
}

void RedisConnection::eval(const Script& script, std::span<const std::string_view> keys,
                           std::span<const std::string_view> arguments, Duration patience, ResultHandler done) {
  eval_encoded(script, script_tail(keys, arguments), patience, std::move(done));
}

void RedisConnection::eval_encoded(const Script& script, std::string tail, Duration patience, ResultHandler done) {
  if (!admit(tail.size() + script.sha().size(), done)) return;
  send({.done = std::move(done), .deadline = loop_.now() + patience, .script = &script, .tail = std::move(tail)});
}

void RedisConnection::eval_source(const Script& script, std::string tail, Duration patience, ResultHandler done) {
  if (!admit(tail.size() + script.source().size(), done)) return;
  send({.done = std::move(done),
        .deadline = loop_.now() + patience,
        .script = &script,
        .tail = std::move(tail),
        .attempt = Attempt::kBySource});
}

std::string RedisConnection::script_tail(std::span<const std::string_view> keys,
                                         std::span<const std::string_view> arguments) {
  std::string tail;
  append_count(tail, '*', 3 + keys.size() + arguments.size());
  append_argument(tail, keys.size());
  for (const std::string_view key : keys) append_argument(tail, key);
  for (const std::string_view argument : arguments) append_argument(tail, argument);
  return tail;
}

void RedisConnection::send(Pending pending) {
  std::string& out = session_.out();
  const size_t before = out.size();
  if (pending.script == nullptr) {
    out += pending.tail;
  } else if (pending.attempt == Attempt::kBySource) {
    append_script(out, "EVAL", pending.script->source(), pending.tail);
  } else {
    append_script(out, "EVALSHA", pending.script->sha(), pending.tail);
  }
  push(std::move(pending), before);
}

// After NOSCRIPT: nothing was done. The first of many sends the source; later calls on this connection find the script
// there by its name, so that after a restart of the server not every call carries the source.
void RedisConnection::send_again(Pending pending) {
  const bool is_loading = std::ranges::find(loading_, pending.script) != loading_.end();
  if (pending.attempt == Attempt::kBySha && is_loading) {
    pending.attempt = Attempt::kByShaAgain;
  } else {
    pending.attempt = Attempt::kBySource;
    loading_.push_back(pending.script);
  }
  send(std::move(pending));
}

void RedisConnection::on_reply(const Reply& reply) {
  take_reply(reply);
  if (leaving_) leave_when_answered();
}

void RedisConnection::take_reply(const Reply& reply) {
  const auto mismatch = [this](std::string_view what) {
    return Error{.code = ErrorCode::kCorrupt,
                 .message = fmt::format("Redis at {} {}: its replies can no longer be matched to commands",
                                        server_.target.to_string(), what)};
  };
  if (pending_.empty()) return give_up(mismatch("sent a reply without a command"));
  // Its own reply is missing, or another one has slipped in: neither this reply nor any later one can be used.
  const Script* const script = pending_.front().script;
  if (script != nullptr && !reply.is_error() && reply.kind != script->answers()) {
    return give_up(mismatch("answered a script with a reply of the wrong type"));
  }
  Pending pending = std::move(pending_.front());
  pending_.pop_front();
  if (pending.done) {
    useful_at_ = loop_.now();
    silences_ = 0;
    if (!reply.is_error()) attempts_ = 0;
  }
  if (is_of_no_use(reply)) return take_useless(std::move(pending), reply);
  if (pending.attempt == Attempt::kBySource) std::erase(loading_, pending.script);
  if (!pending.done) return;
  if (pending.script != nullptr && pending.attempt != Attempt::kBySource && reply.is_error("NOSCRIPT")) {
    return send_again(std::move(pending));
  }
  pending.done(&reply);
}

void RedisConnection::arm_deadline(Instant when) {
  if (when >= deadline_at_) return;
  deadline_at_ = when;
  deadline_ = loop_.at(when, [this] { on_deadline(); });
}

void RedisConnection::on_deadline() {
  deadline_at_ = Instant::max();
  // The loop may have been busy rather than the server slow: replies that have arrived count.
  session_.read_now();
  expire(loop_.now());
  for (const Pending& pending : pending_) {
    if (pending.done) arm_deadline(std::max<Instant>(pending.deadline, loop_.now()));
  }
}

void RedisConnection::expire(Instant now) {
  const uint64_t begun = session_.sent_total() + session_.begun_bytes();
  std::vector<std::pair<ResultHandler, Retry>> late;
  bool any_unsent = false;
  for (Pending& pending : pending_) {
    if (!pending.done || pending.deadline > now) continue;
    const Retry retry = pending.begin < begun ? Retry::kIfIdempotent : Retry::kAlways;
    any_unsent = any_unsent || retry == Retry::kAlways;
    late.emplace_back(std::move(pending.done), retry);
    pending.done = nullptr;
  }
  if (any_unsent) drop_unsent_expired();
  for (auto& [done, retry] : late) {
    const std::string_view then = retry == Retry::kIfIdempotent
                                      ? "in time; whether the command was carried out is unknown"
                                      : "in time for the command to be sent";
    done(
        std::unexpected(Error{.code = ErrorCode::kUnavailable,
                              .message = fmt::format("Redis at {} did not answer {}", server_.target.to_string(), then),
                              .source = ErrorSource::kNetwork,
                              .retry = retry}));
  }
}

// Removes expired commands from the unsent bytes, so that the server never sees them.
void RedisConnection::drop_unsent_expired() {
  std::string& out = session_.out();
  const uint64_t base = session_.sent_total();
  const uint64_t begun = base + session_.begun_bytes();
  std::string kept;
  size_t kept_from = out.size();  // the first byte of a command that has not been partly sent
  std::deque<Pending> left;
  for (Pending& pending : pending_) {
    if (pending.begin < begun) {
      left.push_back(std::move(pending));
      continue;
    }
    kept_from = std::min(kept_from, static_cast<size_t>(pending.begin - base));
    if (!pending.done) continue;
    const size_t size = pending.end - pending.begin;
    kept.append(out, pending.begin - base, size);
    pending.begin = base + kept_from + kept.size() - size;
    pending.end = base + kept_from + kept.size();
    left.push_back(std::move(pending));
  }
  out.replace(kept_from, std::string::npos, kept);
  pending_ = std::move(left);
}

}  // namespace rateguard::redis
