#include "http/http2/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"
#include "http/http2/session.h"
#include "http/trailer_fields.h"

namespace rateguard::http {
namespace {

// How much memory an unused stream keeps: more than most requests and answers need.
constexpr size_t kKeptBytes = 4'096;

void release_if_large(net::ByteBuffer& buffer) {
  if (buffer.capacity() > kKeptBytes) buffer.release();
}

}  // namespace

void Http2Stream::begin(Http2Session& session, int32_t stream_id, uint32_t now_round) {
  session_ = &session;
  set_label(kUnlabelled);
  in_session_ = true;
  id = stream_id;
  round = now_round;
  head = {};
  request_fields_.clear();
  request_trailers_.clear();
  request_body.clear();
  answer_head.clear();
  trailers.clear();
  content_.clear();
  content_sent_ = 0;
  delivery = BodyDelivery::kWhole;
  head_bytes = field_count = trailer_bytes = trailer_count = held = body_held = 0;
  head_whole = head_is_cut = has_cookie = target_too_long = request_whole = refused = handed_over = was_kept =
      receiving = end_told = submitted = finished = deferred = false;
  lingers = had_to_wait = kept_ = no_content_ = false;
  events_ = nullptr;
}

void Http2Stream::add_request_field(std::string_view name, std::string_view value) {
  request_fields_.add_valid(name, value);  // nghttp2 has checked it (RFC 9113, section 8.2.1)
}

void Http2Stream::add_request_trailer(std::string_view name, std::string_view value) {
  if (trailer_use(name) != TrailerUse::kDropped) request_trailers_.add_valid(name, value);
}

void Http2Stream::head_is_whole() {
  head_whole = true;
  head.version = Version::k2;
  std::span<const Header> fields = request_fields_.fields();
  size_t pseudo_fields = 0;
  // nghttp2 has checked that they come first, once each, with these names.
  while (!fields.empty() && fields.front().name.starts_with(':')) {
    const auto& [name, value] = fields.front();
    if (name == ":method") head.method = value;
    if (name == ":authority") head.authority = value;
    if (name == ":path") head.target = value;
    fields = fields.subspan(1);
    ++pseudo_fields;
  }
  // As with HTTP/1.1 the field Host names the host, so that a rule for a host applies to every protocol.
  if (!head.authority.empty() && find_header(fields, "host").empty()) {
    fields = request_fields_.fields_and({"host", head.authority}).subspan(pseudo_fields);
  }
  const size_t question = std::min(head.target.find('?'), head.target.size());
  head.path = head.target.substr(0, question);
  head.query = head.target.substr(std::min(question + 1, head.target.size()));
  head.headers = fields;
}

void Http2Stream::merge_trailers() {
  for (const Header& field : trailers.fields()) answer_head.add(field.name, field.value);
  trailers.clear();
}

void Http2Stream::shrink() {
  release_if_large(request_body);
  release_if_large(content_);
  request_fields_.clear();
  request_trailers_.clear();
  answer_head.clear();
  trailers.clear();
}

void Http2Stream::forget_session() {
  const bool tells = has_events();
  session_ = nullptr;
  if (tells) events_->client_gone(*this);
  finished = true;
}

bool Http2Stream::is_free() {
  in_session_ = false;
  return !kept_;
}

void Http2Stream::status(int code) {
  answer_head.clear();
  trailers.clear();
  content_.clear();
  code_ = code;
  no_content_ = code == 204 || code == 304 || head.method == "HEAD";
  const fmt::format_int digits(code);
  answer_head.add(":status", {digits.data(), digits.size()});
  if (session_ != nullptr && session_->says_date()) answer_head.add("date", session_->date());
}

void Http2Stream::header(std::string_view name, std::string_view value) {
  answer_head.add_lower(name, value);
}

void Http2Stream::body(std::string_view content_type, std::string_view bytes) {
  if (code_ != 204 && code_ != 304) {
    if (!content_type.empty()) answer_head.add("content-type", content_type);
    const fmt::format_int length(bytes.size());
    answer_head.add("content-length", {length.data(), length.size()});
  }
  write(bytes);
}

KeptExchange Http2Stream::keep(ExchangeEvents* events) {
  RG_CHECK(!was_kept);
  was_kept = kept_ = true;
  events_ = events;
  client_subject_ = head.client_subject;  // borrowed from the session until now
  head.client_subject = client_subject_;
  return KeptExchange(this);
}

void Http2Stream::finish() {
  finished = true;
  if (session_ == nullptr) return;
  if (delivery == BodyDelivery::kPieces) {
    request_body.release();
    consume(body_held);  // or the client could not send the rest, nor other streams use the connection's window
  }
  session_->send_answer(*this);
}

void Http2Stream::receive() {
  RG_DCHECK(kept_ && events_ != nullptr);
  if (session_ != nullptr) session_->receive_body(*this);
}

void Http2Stream::consume(size_t bytes) {
  bytes = std::min(bytes, body_held);
  body_held -= bytes;
  if (session_ != nullptr) session_->body_consumed(*this, bytes);
}

void Http2Stream::inform(int code, std::span<const Header> headers) {
  if (session_ != nullptr) session_->send_interim(*this, code, headers);
}

void Http2Stream::write(std::string_view bytes) {
  if (!no_content_ && session_ != nullptr) content_.append(bytes);
}

void Http2Stream::trailer(std::string_view name, std::string_view value) {
  trailers.add_lower(name, value);
}

void Http2Stream::flush() {
  if (session_ == nullptr) return;
  session_->send_answer(*this);
  had_to_wait = kept_ && session_ != nullptr && has_content();
}

void Http2Stream::let_go() {
  kept_ = false;
  if (!finished) {
    finished = true;
    if (session_ != nullptr) session_->abandon(*this);
  }
  if (!in_session_) delete this;
}

size_t Http2Stream::take_content(std::span<uint8_t> into) {
  const size_t taken = std::min(into.size(), content_.size() - content_sent_);
  if (taken != 0) std::memcpy(into.data(), content_.bytes().data() + content_sent_, taken);
  content_sent_ += taken;
  if (content_sent_ == content_.size()) {
    content_.clear();
    content_sent_ = 0;
  }
  return taken;
}

}  // namespace rateguard::http
