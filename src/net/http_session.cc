#include "net/http_session.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

namespace rateguard::net {
namespace {

// Free room for the rest of an incomplete request: one recv() of it.
constexpr size_t kReadBytes = 4'096;
// Parsers at rest. More than are ever in use at once on a loop, unless many clients are slow at the same time.
constexpr size_t kParsersAtRest = 64;
constexpr size_t kPreambleBytesMax = 64 * 1'024;

void count(std::atomic<uint64_t>& counter) {
  // Only the loop's thread writes, so that no locked instruction is needed.
  counter.store(counter.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

std::unique_ptr<Http1Parser> SessionContext::take_parser() {
  if (parsers.empty()) return std::make_unique<Http1Parser>(options.limits);
  std::unique_ptr<Http1Parser> parser = std::move(parsers.back());
  parsers.pop_back();
  return parser;
}

void SessionContext::give_parser(std::unique_ptr<Http1Parser> parser) {
  if (!parser || parsers.size() >= kParsersAtRest) return;
  parser->reset();
  parsers.push_back(std::move(parser));
}

void SessionContext::remove(HttpSession& session) {
  const size_t index = session.index_;
  if (closed.empty()) {
    loop.post([this, guard = std::weak_ptr(alive)] {
      if (!guard.expired()) closed.clear();
    });
  }
  closed.push_back(std::move(sessions[index]));
  if (index + 1 != sessions.size()) {
    sessions[index] = std::move(sessions.back());
    sessions[index]->index_ = static_cast<uint32_t>(index);
  }
  sessions.pop_back();
  stats.connections_open.store(sessions.size(), std::memory_order_relaxed);
  if (draining && sessions.empty() && on_last_closed) on_last_closed();
}

HttpSession::HttpSession(SessionContext& context, int descriptor, const IpAddress& peer)
    : context_(context), transport_(descriptor), peer_(peer), index_(static_cast<uint32_t>(context.sessions.size())) {}

HttpSession::~HttpSession() {
  context_.wheel.disarm(*this);
}

void HttpSession::start() {
  interest_ = EPOLLIN;
  if (!context_.loop.watch(transport_.descriptor(), interest_, *this)) return close();
  if (context_.options.preamble) {
    arm(Timeout::kHandshake, context_.ticks.handshake);
    return read_preamble();
  }
  begin_tls();
}

void HttpSession::close() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  if (transport_.secure()) transport_.shut_down_sending();
  context_.loop.unwatch(transport_.descriptor(), *this);
  context_.wheel.disarm(*this);
  context_.give_parser(std::move(parser_));
  context_.remove(*this);
}

void HttpSession::drain() {
  if (state_ == State::kLingering || !out_.empty()) return;
  if (state_ == State::kOpen) read_input();  // a request may have arrived that the loop has not seen yet
  if (state_ == State::kOpen && out_.empty() && !parser_ && skip_bytes_ == 0) close();
  if (state_ == State::kPreamble || state_ == State::kHandshake) close();
}

void HttpSession::on_ready(uint32_t) {
  switch (state_) {
    case State::kOpen:
      return out_.empty() ? read_input() : flush();
    case State::kPreamble:
      return read_preamble();
    case State::kHandshake:
      return shake_hands();
    case State::kLingering:
      return linger();
    case State::kClosed:
      return;
  }
}

void HttpSession::on_timeout() {
  count(context_.stats.timeouts);
  // A body that is only read past has been answered already.
  if (timeout_ == Timeout::kRead && state_ == State::kOpen && skip_bytes_ == 0) {
    context_.out.clear();
    reject({.status = 408, .detail = "the request took too long to arrive", .field = "request"}, AfterResponse::kClose);
    ending_ = Ending::kLinger;
    return write(context_.out.view());
  }
  if (timeout_ == Timeout::kHandshake) count(context_.stats.handshakes_failed);
  close();
}

void HttpSession::read_preamble() {
  for (;;) {
    const Preamble preamble = context_.options.preamble(peer_, in_.view());
    if (preamble.verdict == Preamble::Verdict::kDone) {
      if (preamble.peer) peer_ = *preamble.peer;
      in_.release();
      return begin_tls();
    }
    const bool wants_more = preamble.verdict == Preamble::Verdict::kNeedMore && preamble.bytes_wanted > in_.size() &&
                            preamble.bytes_wanted <= kPreambleBytesMax;
    if (!wants_more) {
      count(context_.stats.handshakes_failed);
      return close();
    }
    const size_t missing = preamble.bytes_wanted - in_.size();
    const IoResult result = transport_.receive(in_.room(missing).first(missing));
    if (result.status != IoStatus::kOk) return input_stalled(result.status);
    in_.commit(result.bytes);
  }
}

void HttpSession::begin_tls() {
  if (!context_.options.tls) return open();
  state_ = State::kHandshake;
  if (!transport_.start_tls(*context_.options.tls)) return close();
  if (!armed()) arm(Timeout::kHandshake, context_.ticks.handshake);
  shake_hands();
}

void HttpSession::shake_hands() {
  const IoResult result = transport_.handshake();
  if (result.status == IoStatus::kOk) {
    if (std::string subject = transport_.client_subject(); !subject.empty()) {
      client_subject_ = std::make_unique<std::string>(std::move(subject));
    }
    return open();
  }
  if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) count(context_.stats.handshakes_failed);
  input_stalled(result.status);
}

void HttpSession::open() {
  state_ = State::kOpen;
  set_interest(EPOLLIN);
  arm(Timeout::kIdle, context_.ticks.idle);
  if (transport_.has_pending()) read_input();
}

void HttpSession::input_stalled(IoStatus status) {
  switch (status) {
    case IoStatus::kOk:
    case IoStatus::kWantRead:
      return set_interest(EPOLLIN);
    case IoStatus::kWantWrite:
      return set_interest(EPOLLOUT);
    case IoStatus::kEnd:
    case IoStatus::kFailed:
      return close();
  }
}

void HttpSession::read_input() {
  do {
    const bool continued = !in_.empty();
    const std::span<char> room =
        continued ? in_.room(kReadBytes) : std::span<char>(context_.scratch.get(), SessionContext::kScratchBytes);
    const IoResult result = transport_.receive(room);
    if (result.status != IoStatus::kOk) return input_stalled(result.status);
    if (continued) in_.commit(result.bytes);
    handle_input(continued ? in_.bytes() : room.first(result.bytes));
  } while (state_ == State::kOpen && out_.empty() && transport_.has_pending());
}

// `input` is all of in_, or was received just now while in_ was empty.
void HttpSession::handle_input(std::span<char> input) {
  std::span<char> rest = input;
  request_completed_ = false;
  Batch batch = Batch::kOutputFull;
  while (batch == Batch::kOutputFull && state_ == State::kOpen && out_.empty()) {
    context_.out.clear();
    batch = answer_requests(rest);
    if (ending_ == Ending::kClose && !rest.empty()) ending_ = Ending::kLinger;  // unread bytes would reset it
    if (!context_.out.empty()) write(context_.out.view());
  }
  if (state_ == State::kOpen && ending_ == Ending::kNone) {
    keep(input, rest);
    if (out_.empty()) arm_for_input();
  }
}

// Answers the requests at the start of `rest` into context_.out and takes them off it.
HttpSession::Batch HttpSession::answer_requests(std::span<char>& rest) {
  while (!rest.empty() && ending_ == Ending::kNone) {
    if (skip_bytes_ != 0) {
      const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_bytes_, rest.size()));
      skip_bytes_ -= skipped;
      rest = rest.subspan(skipped);
      continue;
    }
    if (context_.out.size() >= context_.options.output_bytes_max) return Batch::kOutputFull;
    if (!parser_) parser_ = context_.take_parser();
    const Http1Parser::Status status = parser_->parse(rest);
    if (status == Http1Parser::Status::kNeedMore) {
      if (parser_->awaits_continue() && !std::exchange(continue_sent_, true)) {
        context_.out.append("HTTP/1.1 100 Continue\r\n\r\n");
      }
      return Batch::kAllHandled;
    }
    request_completed_ = true;
    continue_sent_ = false;
    if (status == Http1Parser::Status::kComplete) {
      answer(rest);
      rest = rest.subspan(parser_->consumed());
    } else {
      skip_bytes_ = parser_->refused_bytes();
      reject(parser_->rejection(), skip_bytes_ != 0 ? after_response() : AfterResponse::kClose);
      if (skip_bytes_ == 0) ending_ = Ending::kLinger;
    }
    parser_->reset();
  }
  if (parser_) context_.give_parser(std::move(parser_));
  return Batch::kAllHandled;
}

AfterResponse HttpSession::after_response() const {
  if (context_.draining || !parser_->keep_alive()) return AfterResponse::kClose;
  return parser_->is_http_1_0() ? AfterResponse::kKeepAnnounced : AfterResponse::kKeep;
}

void HttpSession::answer(std::span<char> bytes) {
  HttpRequest request = parser_->request(bytes);
  request.peer = peer_;
  request.secure = transport_.secure();
  if (client_subject_) request.client_subject = *client_subject_;
  const Instant now = context_.loop.now();
  const AfterResponse after = after_response();
  Http1Response response(context_.out, {.date = context_.date.at(now),
                                        .after = after,
                                        .content = parser_->is_head() ? Content::kDescribed : Content::kSent});
  context_.handler.handle(request, now, response);
  response.finish();
  if (after == AfterResponse::kClose) ending_ = context_.draining ? Ending::kLinger : Ending::kClose;
  count(context_.stats.requests_handled);
}

void HttpSession::reject(const HttpRejection& rejection, AfterResponse after) {
  const Instant now = context_.loop.now();
  const bool is_head = parser_ && parser_->is_head();
  Http1Response response(
      context_.out,
      {.date = context_.date.at(now), .after = after, .content = is_head ? Content::kDescribed : Content::kSent});
  context_.handler.reject(rejection, now, response);
  response.finish();
  if (after == AfterResponse::kClose) ending_ = Ending::kLinger;
  count(context_.stats.requests_rejected);
}

// Makes in_ hold what is left of `input`.
void HttpSession::keep(std::span<char> input, std::span<char> rest) {
  if (in_.empty()) {
    if (!rest.empty()) in_.append({rest.data(), rest.size()});
    return;
  }
  if (rest.empty()) return in_.release();
  const size_t handled = static_cast<size_t>(rest.data() - input.data());
  in_.truncate(handled + rest.size());
  if (handled != 0) in_.consume(handled);
}

void HttpSession::arm_for_input() {
  if (!parser_ && skip_bytes_ == 0) return arm(Timeout::kIdle, context_.ticks.idle);
  // From a request's first byte: what comes later does not put it off.
  if (timeout_ != Timeout::kRead || request_completed_) arm(Timeout::kRead, context_.ticks.read);
}

void HttpSession::arm(Timeout timeout, Tick ticks) {
  timeout_ = timeout;
  context_.wheel.arm(*this, ticks);
}

// Sends, or keeps what the socket does not take. REQUIRES: out_ is empty.
void HttpSession::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const IoResult result = transport_.send(bytes);
    if (result.status == IoStatus::kOk) {
      bytes.remove_prefix(result.bytes);
      continue;
    }
    if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) return close();
    out_.append(bytes);
    out_sent_ = 0;
    set_interest(result.status == IoStatus::kWantWrite ? EPOLLOUT : EPOLLIN);
    return arm(Timeout::kWrite, context_.ticks.write);
  }
  finish();
}

void HttpSession::flush() {
  while (out_sent_ < out_.size()) {
    const IoResult result = transport_.send(out_.view().substr(out_sent_));
    if (result.status == IoStatus::kOk) {
      out_sent_ += result.bytes;
      continue;
    }
    if (result.status == IoStatus::kFailed || result.status == IoStatus::kEnd) return close();
    return set_interest(result.status == IoStatus::kWantWrite ? EPOLLOUT : EPOLLIN);
  }
  out_.release();
  finish();
  if (state_ != State::kOpen) return;
  // Requests that had to wait for the room, and then whatever TLS has decrypted already.
  if (in_.empty()) {
    arm_for_input();
  } else {
    handle_input(in_.bytes());
  }
  if (state_ == State::kOpen && out_.empty()) {
    set_interest(EPOLLIN);
    if (transport_.has_pending()) read_input();
  }
}

// Everything is written.
void HttpSession::finish() {
  if (ending_ == Ending::kClose) return close();
  if (ending_ != Ending::kLinger) return;
  // Bytes that arrive on a closed socket make the peer's kernel throw away the answer it has not read yet (RFC 9112,
  // section 9.6): so say that this was all, and listen for a moment.
  transport_.shut_down_sending();
  state_ = State::kLingering;
  in_.release();
  set_interest(EPOLLIN);
  arm(Timeout::kLinger, context_.ticks.linger);
  linger();
}

void HttpSession::linger() {
  // One read per wake-up: somebody who sends without end costs no more than anybody else, and for a moment only.
  const IoResult result = transport_.receive_plain({context_.scratch.get(), SessionContext::kScratchBytes});
  if (result.status == IoStatus::kEnd || result.status == IoStatus::kFailed) close();
}

void HttpSession::set_interest(uint32_t events) {
  if (interest_ == events) return;
  interest_ = events;
  context_.loop.change(transport_.descriptor(), events, *this);
}

}  // namespace rateguard::net
