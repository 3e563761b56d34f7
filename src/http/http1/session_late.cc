// Exchanges that the handler keeps: from keep() to the answer, or to the end of either side.
#include <utility>

#include "http/http1/exchange.h"
#include "http/http1/session.h"
#include "net/connection_host.h"

namespace rateguard::http {

void Http1Session::exchange_kept(Http1Exchange& exchange) {
  was_kept_ = true;
  late_ = &exchange;
  if (!host_.out().empty()) {
    write_soon(host_.out().view());
    host_.out().clear();
  }
  unsent_.take(context_.answered);
  rest_ = rest_.subspan(handed_bytes_);
  keep_rest();
  if (body_ == BodyState::kNone) {
    context_.give_parser(std::move(parser_));
  } else {
    parser_->stream_body();
  }
  kept_input_.shrink_to(in_.size());
  pause();
}

DateField Http1Session::date() {
  context_.date.at(now().wall());
  return context_.date;
}

void Http1Session::send(std::string_view bytes) {
  if (!bytes.empty()) write_soon(bytes);
}

void Http1Session::answered(Http1Exchange& exchange, std::string_view bytes) {
  late_ = nullptr;
  context_.stats.requests_handled.add();
  if (exchange.after() == AfterResponse::kClose || !exchange.is_whole() || raw_) {
    ending_ = draining() || !in_.empty() ? Ending::kLinger : Ending::kClose;
  }
  if (body_ == BodyState::kUnasked || body_ == BodyState::kFlowing) leave_body();
  context_.give_parser(std::move(parser_));
  if (body_ != BodyState::kNone) request_is_over();
  body_ = BodyState::kNone;
  body_held_ = 0;
  duplex_ = false;
  resume();
  write_behind(bytes);
  unsent_.add(exchange);
  if (out_.empty() && !broken_) written();
  if (!hands_over_ && !feeding_) go_on_after_answer();
}

void Http1Session::go_on_after_answer() {
  if (is_open() && out_.empty()) go_on();
  if (draining()) drain();  // draining may have begun after the answer did
}

void Http1Session::abandoned() {
  late_ = nullptr;
  if (out_.empty()) return close();
  ending_ = Ending::kLinger;  // the answer's sent part still goes out, visibly incomplete
}

}  // namespace rateguard::http
