#include "server/resp/resp_session.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "net/turn_budget.h"

namespace rateguard::resp {
namespace {

// Free room for the rest of an incomplete command: enough for one recv().
constexpr size_t kReadBytes = 4'096;
// Bytes of replies of one pass, after which the turn may end: some 500 replies of CL.THROTTLE.
constexpr size_t kPassBytes = 16 * 1'024;
// A pooled connection may be silent for long; keep-alive detects a peer that has vanished. The value is Redis's
// tcp-keepalive, with a third of it between three probes.
constexpr int kKeepAliveSeconds = 300;

void keep_alive(int descriptor) {
  const auto set = [&](int level, int option, int value) {
    setsockopt(descriptor, level, option, &value, sizeof value);
  };
  set(SOL_SOCKET, SO_KEEPALIVE, 1);
  set(IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveSeconds);
  set(IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveSeconds / 3);
  set(IPPROTO_TCP, TCP_KEEPCNT, 3);
}

}  // namespace

RespSession::RespSession(net::ConnectionHost& host, RespSessionContext& context, int descriptor, const IpAddress& peer)
    : Connection(host, descriptor, peer), context_(context) {}

RespSession::~RespSession() {
  closed();
}

// The answers to what is under way are nobody's now, and what has not begun need not.
void RespSession::closed() {
  if (exchange_ == nullptr) return;
  exchange_->asker = nullptr;
  std::exchange(exchange_, nullptr)->task.cancel();
}

// The peer's address is known only now: a preamble may have named another.
void RespSession::opened() {
  keep_alive(transport_.descriptor());
  client_ = context_.api.greet(peer_, host_.loop().now());
}

void RespSession::drain_open() {
  read_input();  // a command may have arrived unseen by the loop
  if (is_open() && !paused() && out_.empty() && in_.empty()) close();
}

void RespSession::read_input() {
  do {
    const bool continued = !in_.empty();
    const size_t missing = wanted_ > in_.size() ? wanted_ - in_.size() : 1;
    const std::span<char> room = continued ? in_.room(std::max(kReadBytes, missing)) : host_.scratch();
    const net::IoResult result = transport_.receive(room);
    if (result.status != net::IoStatus::kOk) return input_stalled(result.status);
    if (continued) in_.commit(result.bytes);
    handle_input(continued ? in_.bytes() : room.first(result.bytes));
  } while (is_open() && !paused() && out_.empty() && transport_.has_pending());
}

// Answers the commands that had to wait for room in the output.
void RespSession::output_gone() {
  if (in_.size() < wanted_) return arm_for_input();
  handle_input(in_.bytes());
}

// `input` is all of in_, or was received just now while in_ was empty. All replies of one pass go out in one write.
void RespSession::handle_input(std::span<char> input) {
  using After = Answered::After;
  if (!in_.empty() && in_.size() < wanted_) return;
  command_ended_ = false;
  if (context_.api.answers_later()) return hand_over(input);
  net::ByteBuffer& out = host_.out();
  const size_t pass_bytes = std::min(context_.output_bytes_max, kPassBytes);
  net::TurnBudget turn(host_);
  size_t handled = 0;
  Answered answered{.after = After::kOutputFull};
  while (answered.after == After::kOutputFull && is_open() && out_.empty()) {
    out.clear();
    const std::span<char> rest = input.subspan(handled);
    answered = context_.api.answer(client_, {rest.data(), rest.size()}, pass_bytes, out, host_.loop().now());
    handled += answered.consumed;
    send_answers(answered, out.view(), input.size() - handled);
    if (answered.after != After::kOutputFull || !is_open() || !out_.empty() || !turn.used_up()) continue;
    keep(input, handled);
    wanted_ = 0;
    return yield_turn();
  }
  if (!is_open() || ending_ != Ending::kNone) return;
  keep(input, handled);
  wanted_ = answered.wanted;
  if (out_.empty()) arm_for_input();
}

// Sends the answers of one pass over the input, of which `bytes_left` remain.
void RespSession::send_answers(const Answered& answered, std::string_view bytes, size_t bytes_left) {
  using After = Answered::After;
  command_ended_ = command_ended_ || answered.consumed != 0;
  const bool last = answered.after == After::kAllAnswered && bytes_left == 0 && host_.draining();
  // Unread bytes would reset the connection before the answers have arrived.
  if (answered.after == After::kLeave || last) ending_ = Ending::kLinger;
  if (!bytes.empty()) {
    write(bytes);
  } else if (ending_ != Ending::kNone) {
    close();
  }
}

// The commands may have to wait: nothing more is read until they are answered.
void RespSession::hand_over(std::span<char> input) {
  if (!context_.api.has_room(input.size())) {
    ending_ = Ending::kLinger;
    return write("-UNAVAILABLE too many commands wait for the counters\r\n");
  }
  RespApi::TakenExchange exchange = context_.api.take_exchange();
  exchange_ = &*exchange;
  exchange_->asker = this;
  exchange_->client = std::move(client_);
  if (in_.empty()) {
    exchange_->in.append({input.data(), input.size()});
  } else {
    std::swap(exchange_->in, in_);
  }
  context_.api.answer_later(std::move(exchange), context_.output_bytes_max, host_.loop());
  if (exchange_ != nullptr) pause();
}

bool RespSession::answers_came() {
  const bool came_later = paused();
  resume();
  const Answered answered = exchange_->answered;
  send_answers(answered, exchange_->out.view(), exchange_->in.size() - exchange_->handled);
  if (!is_open()) {
    closed();
    return false;
  }
  if (answered.after == Answered::After::kOutputFull && out_.empty()) {
    if (came_later) pause();
    return true;
  }
  client_ = std::move(exchange_->client);
  exchange_->in.consume(exchange_->handled);
  if (!exchange_->in.empty()) std::swap(in_, exchange_->in);
  std::exchange(exchange_, nullptr)->asker = nullptr;
  wanted_ = answered.wanted;
  if (ending_ != Ending::kNone || !out_.empty()) return false;
  came_later ? go_on() : arm_for_input();
  return false;
}

// Makes in_ hold what is left of `input`.
void RespSession::keep(std::span<char> input, size_t handled) {
  const std::span<char> rest = input.subspan(handled);
  if (in_.empty()) {
    if (!rest.empty()) in_.append({rest.data(), rest.size()});
  } else if (rest.empty()) {
    in_.release();
  } else if (handled != 0) {
    in_.consume(handled);
  }
}

void RespSession::arm_for_input() {
  if (in_.empty()) return arm(Timeout::kIdle);
  // Counted from a command's first byte: later bytes do not extend it.
  if (timeout_ != Timeout::kRead || command_ended_) arm(Timeout::kRead);
}

}  // namespace rateguard::resp
