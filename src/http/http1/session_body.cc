// Gives a request's body to its handler in pieces. At most a window and one read are unconsumed; above that the socket
// is not read.
#include <algorithm>
#include <string_view>
#include <utility>

#include "http/http1/session.h"

namespace rateguard::http {
namespace {

// The size of one recv() of a body.
constexpr size_t kBodyReadBytes = 16 * 1'024;

}  // namespace

void Http1Session::receive_body() {
  if (body_ == BodyState::kOver) return;
  body_ = BodyState::kFlowing;
  if (parser_ && parser_->awaits_continue() && !std::exchange(continue_sent_, true) && in_.empty()) {
    send("HTTP/1.1 100 Continue\r\n\r\n");
  }
  if (!feeding_ && !hands_over_) call_soon();
}

void Http1Session::body_consumed(size_t bytes) {
  body_held_ -= std::min(body_held_, bytes);
  if (body_ == BodyState::kFlowing && paused() && !feeding_) call_soon();
}

void Http1Session::upgrade() {
  raw_ = true;
  body_ = BodyState::kUnasked;
  context_.give_parser(std::move(parser_));
}

void Http1Session::read_body() {
  do {
    const net::IoResult result = transport_.receive(in_.room(kBodyReadBytes).first(kBodyReadBytes));
    if (result.status == net::IoStatus::kEnd && raw_) {
      body_ = BodyState::kOver;
      pause();
      return late_->events()->body_ended(*late_, {});
    }
    if (result.status != net::IoStatus::kOk) return input_stalled(result.status);
    in_.commit(result.bytes);
    feed_body();
  } while (is_open() && late_ != nullptr && !paused() && transport_.has_pending());
}

// Gives the handler what has arrived, as long as it takes more.
void Http1Session::feed_body() {
  if (feeding_ || hands_over_ || late_ == nullptr) return;
  feeding_ = true;
  while (late_ != nullptr && body_ == BodyState::kFlowing && body_held_ < Exchange::kBodyWindow && give_piece()) {
  }
  feeding_ = false;
  if (!is_open()) return;
  if (late_ == nullptr) return go_on_after_answer();
  adjust_reading();
}

// False if more has to arrive first, or the body has ended.
bool Http1Session::give_piece() {
  size_t used = in_.size();
  std::string_view piece = in_.view();
  bool over = false;
  if (!raw_) {
    std::span<char> rest = in_.bytes();
    const auto status = parser_ ? parser_->parse(rest) : Http1Parser::Status::kComplete;
    in_.truncate(rest.size());
    if (status == Http1Parser::Status::kRejected) {
      context_.stats.requests_rejected.add();
      close();
      return false;
    }
    over = status == Http1Parser::Status::kComplete;
    piece = parser_ ? parser_->piece(rest) : std::string_view();
    used = parser_ ? parser_->drop_piece() : 0;
  }
  if (!piece.empty()) {
    body_held_ += piece.size();
    late_->events()->body_arrived(*late_, piece);
  }
  used == in_.size() ? in_.clear() : in_.consume(used);
  if (!over) return used != 0;
  if (late_ == nullptr) return false;
  body_ = BodyState::kOver;
  std::unique_ptr<Http1Parser> parser = std::move(parser_);
  late_->events()->body_ended(*late_, parser ? parser->trailers() : std::span<const Header>());
  context_.give_parser(std::move(parser));
  return false;
}

// Reads while there is room for more of the body.
void Http1Session::adjust_reading() {
  const bool wanted = body_ == BodyState::kFlowing && body_held_ < Exchange::kBodyWindow;
  duplex_ = wanted;
  if (!wanted) {
    if (!paused()) pause();
    if (in_.empty()) in_.release();
    return;
  }
  if (out_.empty()) arm(raw_ ? Timeout::kIdle : Timeout::kRead);
  if (paused()) read_again();
}

// The handler does not want the rest of the body. If its end is known and near it is read past, and the connection
// continues.
void Http1Session::leave_body() {
  const bool goes_on = ending_ == Ending::kNone && parser_ && parser_->body_end_is_known() &&
                       parser_->body_bytes_left() <= 2 * context_.options.limits.body_bytes_max;
  if (goes_on) {
    skip_bytes_ = parser_->body_bytes_left();
  } else {
    ending_ = Ending::kLinger;
  }
}

}  // namespace rateguard::http
