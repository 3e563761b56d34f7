#include "http/http2/stream.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "http/http2/session.h"

namespace rateguard::http {
namespace {

// What a stream at rest keeps: more than most requests and answers need.
constexpr size_t kKeptBytes = 4'096;

void release_if_large(net::ByteBuffer& buffer) {
  if (buffer.capacity() > kKeptBytes) buffer.release();
}

// No value holds these bytes (RFC 9113, section 8.2.1); a caller's text must not be able to smuggle them in.
void append_value(net::ByteBuffer& text, std::string_view value) {
  const size_t at = text.size();
  text.append(value);
  for (char& c : text.bytes().subspan(at)) {
    if (c == '\r' || c == '\n' || c == '\0') c = ' ';
  }
}

}  // namespace

void FieldList::add(std::string_view name, std::string_view value) {
  text_.append(name);
  append_value(text_, value);
  places_.push_back({static_cast<uint32_t>(name.size()), static_cast<uint32_t>(value.size())});
}

void FieldList::clear() {
  text_.clear();
  release_if_large(text_);
  places_.clear();
}

std::span<const Header> FieldList::fields() {
  fields_.clear();
  std::string_view rest = text_.view();
  for (const Place& place : places_) {
    fields_.push_back({rest.substr(0, place.name_size), rest.substr(place.name_size, place.value_size)});
    rest.remove_prefix(place.name_size + place.value_size);
  }
  return fields_;
}

void Http2Stream::begin(Http2Session& session, int32_t stream_id, uint32_t now_round) {
  session_ = &session;
  id = stream_id;
  round = now_round;
  request = {};
  request_fields_.clear();
  request_body.clear();
  answer_head.clear();
  trailers.clear();
  content_.clear();
  content_sent_ = 0;
  delivery = BodyDelivery::kWhole;
  head_bytes = 0;
  head_whole = request_whole = refused = handed_over = submitted = finished = deferred = false;
}

void Http2Stream::add_request_field(std::string_view name, std::string_view value) {
  request_fields_.add(name, value);
}

void Http2Stream::head_is_whole() {
  head_whole = true;
  std::span<const Header> fields = request_fields_.fields();
  // nghttp2 has seen to it that they come first, once each, and are of these names.
  while (!fields.empty() && fields.front().name.starts_with(':')) {
    const auto& [name, value] = fields.front();
    if (name == ":method") request.method = value;
    if (name == ":scheme") request.scheme = value;
    if (name == ":authority") request.authority = value;
    if (name == ":path") request.path = value;
    fields = fields.subspan(1);
  }
  request.headers = fields;
}

void Http2Stream::merge_trailers() {
  for (const Header& field : trailers.fields()) answer_head.add(field.name, field.value);
  trailers.clear();
}

void Http2Stream::shrink() {
  release_if_large(request_body);
  release_if_large(content_);
}

void Http2Stream::status(int code) {
  answer_head.clear();
  trailers.clear();
  content_.clear();
  const fmt::format_int digits(code);
  answer_head.add(":status", {digits.data(), digits.size()});
}

void Http2Stream::header(std::string_view name, std::string_view value) {
  answer_head.add(name, value);
}

void Http2Stream::body(std::string_view bytes) {
  content_.append(bytes);
}

void Http2Stream::trailer(std::string_view name, std::string_view value) {
  trailers.add(name, value);
}

void Http2Stream::send() {
  session_->send_answer(*this);
}

void Http2Stream::finish() {
  finished = true;
  session_->send_answer(*this);
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
