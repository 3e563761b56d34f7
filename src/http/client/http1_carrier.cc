// An event may destroy the call: after each event call_ tells whether it still exists.
#include "http/client/http1_carrier.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "http/client/client_connection.h"

namespace rateguard::http {
namespace {

constexpr size_t kPieceBytesMin = 4'096;

}  // namespace

Http1Carrier::Http1Carrier(ClientConnection& connection)
    : Carrier(connection), parser_(connection.client().limits_.answer) {}

void Http1Carrier::begin(Call& call) {
  call_ = &call;
  raw_ = request_sent_ = false;
  parser_.begin(call.method_ == "HEAD" ? Asked::kHead : !call.upgrade_.empty() ? Asked::kUpgrade : Asked::kContent);
  net::Stream& stream = connection_.stream();
  out_.clear();
  writer_.head(out_,
               {.method = call.method_, .target = call.target_, .authority = call.authority_, .upgrade = call.upgrade_},
               call.fields_.fields(), call.content_kind_);
  head_end_ = stream.sent_bytes() + stream.waiting_bytes() + out_.size();
}

void Http1Carrier::content_changed(Call&) {
  connection_.call_soon();
}

size_t Http1Carrier::waiting_bytes(const Call&) const {
  return connection_.stream().waiting_bytes();
}

uint64_t Http1Carrier::sent_bytes() const {
  return connection_.stream().sent_bytes();
}

void Http1Carrier::consumed(Call& call, size_t) {
  if (call.held_ >= Call::kWindow) return;
  read_for(call);
  connection_.stream().resume_reading();
}

// Reads no more than the call may still hold, but no tiny pieces either.
void Http1Carrier::read_for(const Call& call) {
  connection_.stream().read_at_most(std::max(Call::kWindow - call.held_, kPieceBytesMin));
}

// The rest of its answer would be taken for the next call's.
void Http1Carrier::cancel(Call&) {
  call_ = nullptr;
  connection_.close();
}

void Http1Carrier::abandon() {
  if (call_ != nullptr) let_go().leave();
}

Call& Http1Carrier::let_go() {
  Call& call = *std::exchange(call_, nullptr);
  call.carrier_ = nullptr;
  return call;
}

void Http1Carrier::turn() {
  if (call_ == nullptr) return;
  if (call_->may_send_content()) send_content();
  if (!out_.empty()) {
    connection_.stream().write(out_.view());
    out_.clear();
    if (out_.capacity() > Call::kWindow) out_.release();
  }
  if (raw_ && call_->finished_) connection_.stream().finish_sending();
  call_->tell_sent();
}

// Content of a known length goes as it is; chunks are put together with what surrounds them, for one write.
void Http1Carrier::send_content() {
  Call& call = *call_;
  const std::string_view content = call.content_.view().substr(call.content_sent_);
  if (!content.empty()) {
    call.content_begun_ = true;
    raw_ ? out_.append(content) : writer_.content(out_, content);
    call.content_.clear();
    call.content_sent_ = 0;
    if (call.content_.capacity() > Call::kWindow) call.content_.release();
  }
  if (!call.finished_ || std::exchange(request_sent_, true) || raw_) return;
  if (call.content_kind_ == RequestContent::kStreamed) writer_.end(out_, call.trailers_.fields());
}

void Http1Carrier::input(std::span<char> bytes) {
  if (call_ == nullptr) return connection_.close();  // no request was sent
  if (!in_.empty()) {
    in_.append({bytes.data(), bytes.size()});
    bytes = in_.bytes();
  }
  std::span<char> rest = bytes;
  parse(rest);
  if (!connection_.stream().is_closed()) keep(bytes, rest);
}

// Makes in_ hold the rest of the input.
void Http1Carrier::keep(std::span<char> input, std::span<char> rest) {
  if (in_.empty()) {
    if (!rest.empty()) in_.append({rest.data(), rest.size()});
    return;
  }
  if (rest.empty()) return in_.release();
  const size_t handled = static_cast<size_t>(rest.data() - input.data());
  in_.truncate(handled + rest.size());
  if (handled != 0) in_.consume(handled);
}

void Http1Carrier::parse(std::span<char>& rest) {
  while (call_ != nullptr) {
    if (raw_) {
      const std::string_view piece(rest.data(), rest.size());
      rest = {};
      if (!piece.empty()) give(piece);
      return;
    }
    const Http1ResponseParser::Status status = parser_.parse(rest);
    if (status == Http1ResponseParser::Status::kRejected) return malformed();
    if (status == Http1ResponseParser::Status::kHead) {
      take_head(rest);
      continue;
    }
    const std::string_view piece = parser_.piece(rest);
    const size_t used = parser_.drop_piece();
    if (!piece.empty()) give(piece);
    if (call_ == nullptr) return;
    rest = rest.subspan(used);
    if (status == Http1ResponseParser::Status::kNeedMore) return;
    complete(rest.size());
  }
}

void Http1Carrier::take_head(std::span<char>& rest) {
  const AnswerHead head = parser_.head(rest);
  if (parser_.is_interim()) {
    if (!call_->take_interim(head)) return refuse("it sends interim answers without end");
    call_->events_.informed(*call_, head);
    if (call_ == nullptr) return;
  } else {
    raw_ = parser_.is_upgrade();
    // If the call still waits for leave to send its content, the content is not sent any more.
    call_->tell_answered(head);
    if (call_ == nullptr) return;
  }
  rest = rest.subspan(parser_.take_head());
}

void Http1Carrier::give(std::string_view piece) {
  call_->tell_piece(piece);
  if (call_ == nullptr) return;
  if (call_->held_ >= Call::kWindow) return connection_.stream().pause_reading();
  read_for(*call_);
}

// The rest of a request that the server has answered cannot be sent any more: it would be taken for the next request.
void Http1Carrier::complete(size_t bytes_behind) {
  const bool may_go_on = parser_.keep_alive() && bytes_behind == 0 && request_sent_;
  if (!may_go_on) connection_.retire();
  connection_.stream().read_at_most(Call::kWindow);
  connection_.stream().resume_reading();
  let_go().end(parser_.trailers());
  connection_.released();
}

void Http1Carrier::malformed() {
  const Rejection& rejection = parser_.rejection();
  refuse(fmt::format("its answer is not HTTP/1.1: {}: {}", rejection.field, rejection.detail));
}

void Http1Carrier::refuse(std::string why) {
  Call& call = let_go();
  connection_.close();
  call.fail(CallEnd::kMalformed, connection_.named({.code = ErrorCode::kCorrupt,
                                                    .message = std::move(why),
                                                    .source = ErrorSource::kPeer,
                                                    .retry = Retry::kIfIdempotent}));
}

void Http1Carrier::closed(net::StreamEnd end, const Error& error) {
  if (call_ == nullptr) return;
  const bool head_has_left = connection_.stream().sent_bytes() >= head_end_;
  Call& call = let_go();
  const bool in_order = end == net::StreamEnd::kEnded;
  if (in_order && (raw_ || (call.phase_ == Call::Phase::kAnswered && parser_.ends_with_connection()))) {
    return call.end({});
  }
  Error why = error;
  if (call.phase_ == Call::Phase::kAnswered) why.message += " in the middle of its answer";
  why.retry = head_has_left ? Retry::kIfIdempotent : Retry::kAlways;
  connection_.lose(call, CallEnd::kBroken, std::move(why));
}

}  // namespace rateguard::http
