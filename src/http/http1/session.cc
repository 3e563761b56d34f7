// Reading requests, handing them to the handler and sending the answers; session_late.cc has answers that come later,
// session_body.cc bodies in pieces.
//
// rest_ is the unhandled end of input_. Both are views: into in_ if that is not empty, otherwise into the loop's
// scratch buffer, which is valid only during this call; keep_rest() copies what is left into in_ before the call ends.
// Answers are written to the loop's output, in order, and sent with one write; what the socket does not take waits in
// out_, and no further request is handled until that is sent. parser_ is null between requests. late_ is the exchange
// that the handler has kept: it is owned by the handler, and while it is set no other request is handled. Whichever of
// exchange and session ends first tells the other. A handler may end the session, so is_open() is checked after every
// call to it.
#include "http/http1/session.h"

#include <algorithm>
#include <utility>

#include "http/http1/exchange.h"
#include "http/rejections.h"
#include "net/connection_host.h"

namespace rateguard::http {
namespace {

// Free room for the rest of an incomplete request: enough for one recv().
constexpr size_t kReadBytes = 4'096;
// How a client begins that knows of HTTP/2 (RFC 9113, section 3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

// Leaves an exchange to the handler, if that has kept it, on every way out of the call.
class HandlersIfKept {
 public:
  HandlersIfKept(std::unique_ptr<Http1Exchange>& exchange, const bool& was_kept)
      : exchange_(exchange), was_kept_(was_kept) {}
  ~HandlersIfKept() {
    if (was_kept_) (void)exchange_.release();
  }
  HandlersIfKept(const HandlersIfKept&) = delete;
  HandlersIfKept& operator=(const HandlersIfKept&) = delete;

 private:
  std::unique_ptr<Http1Exchange>& exchange_;
  const bool& was_kept_;
};

}  // namespace

Http1Session::Http1Session(net::ConnectionHost& host, Http1SessionContext& context, int descriptor,
                           const IpAddress& peer)
    : Connection(host, descriptor, peer), context_(context), kept_input_(context.options.bodies.get()) {}

Http1Session::~Http1Session() {
  if (late_ != nullptr) std::exchange(late_, nullptr)->forget_session();
}

void Http1Session::opened() {
  if (!context_.make_http2) return;
  if (transport_.protocol() == "h2") return hand_on(context_.make_http2(*this));
  may_be_http2_ = !transport_.secure();
}

// Whether the received bytes are the preface or its beginning. No request begins like it: no method is PRI.
bool Http1Session::is_http2_preface(std::span<const char> received) {
  const size_t size = std::min(received.size(), kHttp2Preface.size());
  may_be_http2_ = std::string_view(received.data(), size) == kHttp2Preface.substr(0, size);
  return may_be_http2_;
}

void Http1Session::closed() {
  context_.give_parser(std::move(parser_));
  kept_input_.shrink_to(0);
  if (late_ != nullptr) std::exchange(late_, nullptr)->forget_session();
}

void Http1Session::drain_open() {
  read_input();  // a request may have arrived unseen by the loop
  if (is_open() && out_.empty() && !paused() && late_ == nullptr && !parser_ && skip_bytes_ == 0) close();
}

void Http1Session::peer_finished() {
  const bool request_is_whole = body_ == BodyState::kNone || body_ == BodyState::kOver;
  if (late_ == nullptr || !request_is_whole) return;
  if (ExchangeEvents* const events = late_->events()) events->client_finished(*late_);
}

void Http1Session::read_timed_out() {
  if (skip_bytes_ != 0) return time_out();  // a request whose body is read past was answered already
  if (late_ != nullptr) return time_out();  // the handler may have begun to answer
  context_.stats.timeouts.add();
  host_.out().clear();
  reject(request_too_slow(), AfterResponse::kClose, in_.bytes());
  ending_ = Ending::kLinger;
  write(host_.out().view());
}

void Http1Session::read_input() {
  if (late_ != nullptr) return read_body();
  do {
    const bool continued = !in_.empty();
    const std::span<char> room = continued ? in_.room(kReadBytes) : host_.scratch();
    const net::IoResult result = transport_.receive(room);
    if (result.status != net::IoStatus::kOk) return input_stalled(result.status);
    if (continued) in_.commit(result.bytes);
    const std::span<char> received = continued ? in_.bytes() : room.first(result.bytes);
    if (may_be_http2_ && is_http2_preface(received)) [[unlikely]] {
      if (!continued) in_.append({received.data(), received.size()});
      if (in_.size() >= kHttp2Preface.size()) return hand_on(context_.make_http2(*this));
      arm(Timeout::kRead);
      continue;
    }
    handle_input(received);
  } while (is_open() && out_.empty() && !paused() && late_ == nullptr && transport_.has_pending());
}

// `input` is all of in_, or was received just now while in_ was empty.
void Http1Session::handle_input(std::span<char> input) {
  input_ = rest_ = input;
  request_completed_ = false;
  net::TurnBudget turn(host_);
  Batch batch = Batch::kOutputFull;
  while (batch != Batch::kAllHandled && is_open() && out_.empty()) {
    host_.out().clear();
    batch = answer_requests(turn);
    if (late_ != nullptr) return feed_body();
    if (ending_ == Ending::kClose && !rest_.empty())
      ending_ = Ending::kLinger;  // unread bytes would reset the connection
    if (batch != Batch::kKept && !host_.out().empty()) write(host_.out().view());
    tell_sent();
    const bool goes_on = is_open() && out_.empty() && ending_ == Ending::kNone && !rest_.empty();
    if (batch == Batch::kTurnOver || (batch == Batch::kKept && goes_on && turn.used_up())) {
      if (!goes_on) break;
      keep_rest();
      return yield_turn();
    }
  }
  if (is_open() && ending_ == Ending::kNone) {
    keep_rest();
    settle_budget();
    if (is_open() && out_.empty() && ending_ == Ending::kNone) arm_for_input();
  }
}

// Answers the requests at the start of rest_ into host_.out() and removes them from rest_.
Http1Session::Batch Http1Session::answer_requests(net::TurnBudget& turn) {
  while (!rest_.empty() && ending_ == Ending::kNone) {
    if (skip_bytes_ != 0) {
      const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_bytes_, rest_.size()));
      skip_bytes_ -= skipped;
      rest_ = rest_.subspan(skipped);
      continue;
    }
    if (host_.out().size() >= context_.options.output_bytes_max) return Batch::kOutputFull;
    if (!parser_) parser_ = context_.take_parser();
    const Http1Parser::Status status = parser_->parse(rest_);
    if (status == Http1Parser::Status::kNeedMore) {
      if (parser_->awaits_body() && !std::exchange(body_asked_about_, true)) {
        head_whole_at_ = now();
        const BodyDelivery delivery = context_.handler.delivery(request(rest_, BodyState::kUnasked));
        if (delivery == BodyDelivery::kNone) {
          if (skip_body() == Batch::kKept) return Batch::kKept;
          continue;
        }
        if (delivery == BodyDelivery::kPieces) {
          if (hand_over(parser_->head_bytes(), after_response(), BodyState::kUnasked) == Batch::kKept) {
            return Batch::kKept;
          }
          continue;
        }
        if (context_.streams) continue;  // the body may have arrived already
      }
      if (parser_->awaits_continue() && !std::exchange(continue_sent_, true)) {
        host_.out().append("HTTP/1.1 100 Continue\r\n\r\n");
      }
      return Batch::kAllHandled;
    }
    request_is_over();
    if (status == Http1Parser::Status::kComplete) {
      const size_t size = parser_->consumed();
      if (hand_over(size, after_response(), BodyState::kNone) == Batch::kKept) return Batch::kKept;
    } else {
      skip_bytes_ = parser_->refused_bytes();
      reject(parser_->rejection(), skip_bytes_ != 0 ? after_response() : AfterResponse::kClose, rest_);
      if (skip_bytes_ == 0) ending_ = Ending::kLinger;
    }
    parser_->reset();
    if (!rest_.empty() && ending_ == Ending::kNone && turn.used_up()) return Batch::kTurnOver;
  }
  if (parser_) context_.give_parser(std::move(parser_));
  return Batch::kAllHandled;
}

void Http1Session::request_is_over() {
  request_completed_ = true;
  continue_sent_ = body_asked_about_ = false;
}

// A request that needs no body to be answered (not allowed, or not found) is answered before the body is kept.
Http1Session::Batch Http1Session::skip_body() {
  const AfterResponse after = parser_->body_end_is_known() ? after_response() : AfterResponse::kClose;
  return hand_over(parser_->head_bytes(), after, BodyState::kUnasked);
}

AfterResponse Http1Session::after_response() const {
  if (host_.draining() || !parser_->keep_alive()) return AfterResponse::kClose;
  return parser_->is_http_1_0() ? AfterResponse::kKeepAnnounced : AfterResponse::kKeep;
}
Request Http1Session::request(std::span<char> bytes, BodyState body) {
  Request request = parser_->request(bytes);
  if (body != BodyState::kNone) {
    request.body = {};
    request.content = RequestContent::kStreamed;
  }
  request.peer = peer_;
  request.secure = transport_.secure();
  request.version = parser_->is_http_1_0() ? Version::k10 : Version::k11;
  request.started = head_whole_at_ != Instant{} ? head_whole_at_ : now();
  if (client_subject_) request.client_subject = *client_subject_;
  return request;
}

Http1Session::Batch Http1Session::hand_over(size_t size, AfterResponse after, BodyState body) {
  const Now now = host_.loop().now();
  std::unique_ptr<Http1Exchange> exchange = context_.take_exchange();
  exchange->begin(*this, rest_.first(size), request(rest_, body), host_.out(),
                  {.date = context_.date.at(now.wall()),
                   .after = after,
                   .content = parser_->is_head() ? Content::kDescribed : Content::kSent,
                   .version = parser_->is_http_1_0() ? Version::k10 : Version::k11});
  head_whole_at_ = {};
  handed_bytes_ = size;
  body_ = body;
  was_kept_ = false;
  hands_over_ = true;
  {
    const HandlersIfKept handlers(exchange, was_kept_);
    context_.handler.handle(*exchange, now);
  }
  hands_over_ = false;
  if (was_kept_) {
    input_ = rest_ = in_.bytes();
    return Batch::kKept;
  }
  exchange->complete();
  context_.answered.add(*exchange);
  if (exchange->after() == AfterResponse::kClose || !exchange->is_whole()) {
    ending_ = host_.draining() ? Ending::kLinger : Ending::kClose;
  }
  context_.exchanges.push_back(std::move(exchange));
  context_.stats.requests_handled.add();
  rest_ = rest_.subspan(size);
  if (body != BodyState::kNone) {
    leave_body();
    request_is_over();
    parser_->reset();
  }
  return Batch::kAllHandled;
}

// The loop's output has been written completely, or the rest of it waits in out_.
void Http1Session::tell_sent() {
  if (broken_) return context_.answered.clear();
  if (!out_.empty()) return unsent_.take(context_.answered);
  context_.answered.tell(context_.handler, host_.loop().clock());
}

void Http1Session::written() {
  unsent_.tell(context_.handler, host_.loop().clock());
}

void Http1Session::reject(Rejection rejection, AfterResponse after, std::span<char> bytes) {
  const Now now = host_.loop().now();
  rejection.request = parser_ ? request(bytes, BodyState::kUnasked) : Request{.peer = peer_, .started = now};
  const bool is_head = parser_ && parser_->is_head();
  Http1Response response(host_.out(), {.date = context_.date.at(now.wall()),
                                       .after = after,
                                       .content = is_head ? Content::kDescribed : Content::kSent});
  context_.handler.reject(rejection, now, response);
  response.finish();
  head_whole_at_ = {};
  if (after == AfterResponse::kClose) ending_ = Ending::kLinger;
  context_.stats.requests_rejected.add();
}

// Makes in_ hold what is left of input_.
void Http1Session::keep_rest() {
  if (in_.empty()) {
    if (!rest_.empty()) in_.append({rest_.data(), rest_.size()});
    return;
  }
  if (rest_.empty()) return in_.release();
  const size_t handled = static_cast<size_t>(rest_.data() - input_.data());
  in_.truncate(handled + rest_.size());
  if (handled != 0) in_.consume(handled);
}

// Whoever asks for more than there is room for is told so and closed, for what it still sends would have to be kept.
void Http1Session::settle_budget() {
  if (kept_input_.set(in_.size() + (parser_ ? parser_->trailer_bytes_kept() : 0))) return;
  host_.out().clear();
  reject(no_room_for_body(), AfterResponse::kClose, in_.bytes());
  in_.release();
  kept_input_.shrink_to(0);
  if (out_.empty()) write(host_.out().view());
}

void Http1Session::arm_for_input() {
  if (!parser_ && skip_bytes_ == 0) return arm(Timeout::kIdle);
  // Counted from a request's first byte: later bytes do not extend it.
  if (timeout_ != Timeout::kRead || request_completed_) arm(Timeout::kRead);
}

void Http1Session::output_gone() {
  if (late_ != nullptr) {
    if (ExchangeEvents* const events = late_->events()) events->drained(*late_);
    if (is_open() && late_ != nullptr && out_.empty() && !paused()) arm(raw_ ? Timeout::kIdle : Timeout::kRead);
    return;
  }
  // Requests that had to wait for the room.
  kept_input_.shrink_to(in_.size());
  if (in_.empty()) return arm_for_input();
  handle_input(in_.bytes());
}

}  // namespace rateguard::http
