#include "http/http1/session.h"

#include <algorithm>
#include <utility>

#include "http/http1/exchange.h"
#include "net/connection_host.h"

namespace rateguard::http {
namespace {

// Free room for the rest of an incomplete request: one recv() of it.
constexpr size_t kReadBytes = 4'096;
// What an incomplete request may hold without anybody counting it: most do, and never meet what all loops share.
constexpr size_t kBudgetStep = 4'096;
// Parsers at rest. More than are ever in use at once on a loop, unless many clients are slow at the same time.
constexpr size_t kParsersAtRest = 64;

}  // namespace

// An answer that comes later has its connection to itself, so what has been said before it is sent first.
HttpSessionContext::HttpSessionContext(HttpHandler& its_handler, const HttpServerOptions& its_options,
                                       HttpServerStats& its_stats)
    : handler(its_handler),
      options(its_options),
      stats(its_stats),
      answers_later(its_handler.answers_later()),
      batch_bytes_max(answers_later ? 1 : its_options.output_bytes_max) {}

std::unique_ptr<Http1Parser> HttpSessionContext::take_parser() {
  if (parsers.empty()) return std::make_unique<Http1Parser>(options.limits);
  std::unique_ptr<Http1Parser> parser = std::move(parsers.back());
  parsers.pop_back();
  return parser;
}

void HttpSessionContext::give_parser(std::unique_ptr<Http1Parser> parser) {
  if (!parser || parsers.size() >= kParsersAtRest) return;
  parser->reset();
  parsers.push_back(std::move(parser));
}

HttpSession::HttpSession(net::ConnectionHost& host, HttpSessionContext& context, int descriptor, const IpAddress& peer)
    : net::Connection(host, descriptor, peer), context_(context) {}

HttpSession::~HttpSession() {
  if (late_ != nullptr) late_->forget_session();
}

void HttpSession::closed() {
  if (late_ != nullptr) std::exchange(late_, nullptr)->forget_session();
  context_.give_parser(std::move(parser_));
  if (context_.options.bodies) context_.options.bodies->give_back(std::exchange(budgeted_, 0));
}

void HttpSession::drain_open() {
  read_input();  // a request may have arrived that the loop has not seen yet
  if (is_open() && out_.empty() && !paused() && !parser_ && skip_bytes_ == 0) close();
}

void HttpSession::read_timed_out() {
  if (skip_bytes_ != 0) return time_out();  // a body that is only read past has been answered already
  net::count(context_.stats.timeouts);
  host_.out().clear();
  reject({.status = 408, .detail = "the request took too long to arrive", .field = "request"}, AfterResponse::kClose);
  ending_ = Ending::kLinger;
  write(host_.out().view());
}

void HttpSession::read_input() {
  do {
    const bool continued = !in_.empty();
    const std::span<char> room = continued ? in_.room(kReadBytes) : host_.scratch();
    const net::IoResult result = transport_.receive(room);
    if (result.status != net::IoStatus::kOk) return input_stalled(result.status);
    if (continued) in_.commit(result.bytes);
    handle_input(continued ? in_.bytes() : room.first(result.bytes));
  } while (is_open() && out_.empty() && !paused() && transport_.has_pending());
}

// `input` is all of in_, or was received just now while in_ was empty.
void HttpSession::handle_input(std::span<char> input) {
  std::span<char> rest = input;
  request_completed_ = false;
  net::TurnBudget turn(host_.steady_now());
  Batch batch = Batch::kOutputFull;
  while (batch != Batch::kAllHandled && is_open() && out_.empty()) {
    host_.out().clear();
    batch = answer_requests(rest, turn);
    if (ending_ == Ending::kClose && !rest.empty()) ending_ = Ending::kLinger;  // unread bytes would reset it
    if (!host_.out().empty()) write(host_.out().view());
    if (batch == Batch::kForLater) {
      hand_over(input, rest);
      if (paused()) return;
      input = rest = in_.bytes();
    }
    const bool goes_on = is_open() && out_.empty() && ending_ == Ending::kNone && !rest.empty();
    if (batch == Batch::kTurnOver || (batch == Batch::kForLater && goes_on && turn.used_up())) {
      if (!goes_on) break;
      keep(input, rest);
      return yield_turn();
    }
  }
  if (is_open() && ending_ == Ending::kNone) {
    keep(input, rest);
    settle_budget();
    if (is_open() && out_.empty() && ending_ == Ending::kNone) arm_for_input();
  }
}

// Answers the requests at the start of `rest` into host_.out() and takes them off it.
HttpSession::Batch HttpSession::answer_requests(std::span<char>& rest, net::TurnBudget& turn) {
  while (!rest.empty() && ending_ == Ending::kNone) {
    if (skip_bytes_ != 0) {
      const size_t skipped = static_cast<size_t>(std::min<uint64_t>(skip_bytes_, rest.size()));
      skip_bytes_ -= skipped;
      rest = rest.subspan(skipped);
      continue;
    }
    if (host_.out().size() >= context_.batch_bytes_max) return Batch::kOutputFull;
    if (!parser_) parser_ = context_.take_parser();
    const Http1Parser::Status status = parser_->parse(rest);
    if (status == Http1Parser::Status::kNeedMore) {
      if (parser_->awaits_body() && !std::exchange(body_asked_about_, true) && answer_without_body(rest)) continue;
      if (parser_->awaits_continue() && !std::exchange(continue_sent_, true)) {
        host_.out().append("HTTP/1.1 100 Continue\r\n\r\n");
      }
      return Batch::kAllHandled;
    }
    request_completed_ = true;
    continue_sent_ = body_asked_about_ = false;
    if (status == Http1Parser::Status::kComplete) {
      if (context_.answers_later) return Batch::kForLater;
      answer(rest, after_response());
      rest = rest.subspan(parser_->consumed());
    } else {
      skip_bytes_ = parser_->refused_bytes();
      reject(parser_->rejection(), skip_bytes_ != 0 ? after_response() : AfterResponse::kClose);
      if (skip_bytes_ == 0) ending_ = Ending::kLinger;
    }
    parser_->reset();
    if (!rest.empty() && ending_ == Ending::kNone && turn.used_up()) return Batch::kTurnOver;
  }
  if (parser_) context_.give_parser(std::move(parser_));
  return Batch::kAllHandled;
}

// What needs no body to be answered (who may not ask, and what there is not) is answered before it is kept. False: the
// body is wanted.
bool HttpSession::answer_without_body(std::span<char> bytes) {
  if (context_.handler.wants_body(request(bytes))) return false;
  parser_->pass_over_body();
  skip_bytes_ = parser_->refused_bytes();
  answer(bytes, skip_bytes_ != 0 ? after_response() : AfterResponse::kClose);
  if (ending_ != Ending::kNone) ending_ = Ending::kLinger;  // the body is still coming
  request_completed_ = true;
  continue_sent_ = body_asked_about_ = false;
  parser_->reset();
  return true;
}

AfterResponse HttpSession::after_response() const {
  if (host_.draining() || !parser_->keep_alive()) return AfterResponse::kClose;
  return parser_->is_http_1_0() ? AfterResponse::kKeepAnnounced : AfterResponse::kKeep;
}

HttpRequest HttpSession::request(std::span<char> bytes) {
  HttpRequest request = parser_->request(bytes);
  request.peer = peer_;
  request.secure = transport_.secure();
  if (client_subject_) request.client_subject = *client_subject_;
  return request;
}

void HttpSession::answer(std::span<char> bytes, AfterResponse after) {
  const HttpRequest request = this->request(bytes);
  const Now now = host_.loop().now();
  Http1Response response(host_.out(), {.date = context_.date.at(now.wall()),
                                       .after = after,
                                       .content = parser_->is_head() ? Content::kDescribed : Content::kSent});
  context_.handler.handle(request, now, response);
  response.finish();
  if (after == AfterResponse::kClose) ending_ = host_.draining() ? Ending::kLinger : Ending::kClose;
  net::count(context_.stats.requests_handled);
}

// Gives the whole request at the start of `rest` to the handler, as bytes of its own. What follows it waits in in_: the
// handler may let other connections have the host's buffers.
void HttpSession::hand_over(std::span<char> input, std::span<char> rest) {
  const size_t size = parser_->consumed();
  auto exchange =
      std::make_unique<Http1Exchange>(*this, std::string_view(rest.data(), size), request(rest), after_response(),
                                      parser_->is_head() ? Content::kDescribed : Content::kSent);
  late_ = exchange.get();
  context_.give_parser(std::move(parser_));
  keep(input, rest.subspan(size));
  give_back_budget();
  pause();
  hands_over_ = true;
  context_.handler.handle_later(std::move(exchange), now());
  hands_over_ = false;
}

DateField HttpSession::date() {
  context_.date.at(now().wall());
  return context_.date;
}

void HttpSession::answered(std::string_view bytes, AfterResponse after) {
  late_ = nullptr;
  net::count(context_.stats.requests_handled);
  if (after == AfterResponse::kClose) ending_ = draining() || !in_.empty() ? Ending::kLinger : Ending::kClose;
  resume();
  write(bytes);
  if (hands_over_) return;  // handle_input() goes on
  if (is_open() && out_.empty()) go_on();
  if (draining()) drain();  // it may have begun after the answer did
}

void HttpSession::reject(const HttpRejection& rejection, AfterResponse after) {
  const Now now = host_.loop().now();
  const bool is_head = parser_ && parser_->is_head();
  Http1Response response(host_.out(), {.date = context_.date.at(now.wall()),
                                       .after = after,
                                       .content = is_head ? Content::kDescribed : Content::kSent});
  context_.handler.reject(rejection, now, response);
  response.finish();
  if (after == AfterResponse::kClose) ending_ = Ending::kLinger;
  net::count(context_.stats.requests_rejected);
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

uint64_t HttpSession::held() const {
  return in_.size() - in_.size() % kBudgetStep;
}

void HttpSession::give_back_budget() {
  if (held() >= budgeted_) return;
  context_.options.bodies->give_back(budgeted_ - held());
  budgeted_ = held();
}

// Takes what in_ holds from the budget of all connections, or gives back what it holds no more. Whoever asks for more
// than there is is told so and closed, for what it still sends would have to be kept.
void HttpSession::settle_budget() {
  BodyBudget* const bodies = context_.options.bodies.get();
  if (bodies == nullptr) return;
  give_back_budget();
  if (held() > budgeted_ && !bodies->take(held() - budgeted_)) {
    host_.out().clear();
    reject({.status = 503,
            .detail = "too many requests are arriving at once to keep their bodies; try again",
            .field = "body"},
           AfterResponse::kClose);
    in_.release();
    give_back_budget();
    if (out_.empty()) write(host_.out().view());
    return;
  }
  budgeted_ = held();
}

void HttpSession::arm_for_input() {
  if (!parser_ && skip_bytes_ == 0) return arm(Timeout::kIdle);
  // From a request's first byte: what comes later does not put it off.
  if (timeout_ != Timeout::kRead || request_completed_) arm(Timeout::kRead);
}

void HttpSession::output_gone() {
  // Requests that had to wait for the room.
  give_back_budget();
  if (in_.empty()) return arm_for_input();
  handle_input(in_.bytes());
}

}  // namespace rateguard::http
