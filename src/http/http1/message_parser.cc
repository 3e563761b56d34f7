// Lines, fields, and what they say about the body. Bodies are in message_parser_body.cc.
#include "http/http1/message_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "http/chars.h"
#include "http/quote.h"
#include "http/rejections.h"
#include "model/ascii.h"

namespace rateguard::http {

void Http1MessageParser::reset_message() {
  phase_ = Phase::kStart;
  chunked_ = streams_ = has_length_ = says_close_ = says_keep_alive_ = expects_continue_ = false;
  fields_.clear();
  position_ = scan_ = body_begin_ = body_end_ = trailer_bytes_ = 0;
  counted_fields_ = trailers_ = 0;
  length_ = refused_bytes_ = 0;
  trailer_text_.clear();
  trailer_fields_.clear();
}

std::span<const Header> Http1MessageParser::trailers() {
  trailer_views_.clear();
  for (const Field& field : trailer_fields_) {
    trailer_views_.push_back({view(trailer_text_, field.name), view(trailer_text_, field.value)});
  }
  return trailer_views_;
}

Http1MessageParser::Step Http1MessageParser::reject(Rejection rejection) {
  rejection_ = std::move(rejection);
  return Step::kRejected;
}

Http1MessageParser::Step Http1MessageParser::reject(int status, std::string_view field, std::string detail) {
  return reject(Rejection{.status = status, .detail = std::move(detail), .field = std::string(field)});
}

Http1MessageParser::Step Http1MessageParser::find_line(std::span<const char> bytes, size_t limit, int status_too_long,
                                                       std::string_view& line) {
  const size_t end = std::min(bytes.size(), limit);
  size_t at = scan_;
  while (at < end && is_char(bytes[at], kLineChar)) ++at;
  scan_ = at;
  const char* const what = phase_ == Phase::kStartLine   ? start_line_
                           : phase_ == Phase::kChunkSize ? "body"
                           : phase_ == Phase::kTrailers  ? "trailer"
                                                         : "header";
  if (at + 2 > limit) {
    if (phase_ == Phase::kChunkSize) return reject(status_too_long, what, "the line of a chunk's size is too long");
    return reject(status_too_long, what,
                  fmt::format("longer than the {} bytes that are accepted", limits_.header_bytes_max));
  }
  if (at == bytes.size()) return Step::kNeedMore;
  if (bytes[at] == '\n') return reject(400, what, "a line ends with LF alone; expected CR LF");
  if (bytes[at] != '\r') {
    return reject(400, what, fmt::format("control byte 0x{:02x}", static_cast<uint8_t>(bytes[at])));
  }
  if (at + 1 == bytes.size()) return Step::kNeedMore;
  if (bytes[at + 1] != '\n') return reject(400, what, "a CR without LF; expected CR LF at the end of a line");
  line = std::string_view(bytes.data() + position_, at - position_);
  position_ = scan_ = at + 2;
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::next_field(std::span<const char> bytes, bool& is_head_over) {
  std::string_view line;
  if (const Step step = find_line(bytes, limits_.header_bytes_max, 431, line); step != Step::kOn) return step;
  is_head_over = line.empty();
  if (is_head_over) return Step::kOn;
  Field field;
  if (const Step step = split_field(bytes, line, field); step != Step::kOn) return step;
  if (!equals_lower(view(bytes, field.name), "host") && ++counted_fields_ > limits_.headers_max) {
    return reject(too_many_fields(limits_.headers_max));
  }
  fields_.push_back(field);
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::split_field(std::span<const char> bytes, std::string_view line,
                                                         Field& field) {
  if (line[0] == ' ' || line[0] == '\t') {
    return reject(400, "header", "a line starts with white space; folded fields are not accepted");
  }
  size_t colon = 0;
  while (colon < line.size() && is_char(line[colon], kTokenChar)) ++colon;
  if (colon == line.size() || line[colon] != ':' || colon == 0) {
    return reject(400, "header", fmt::format("{} is not a field; expected \"Name: value\"", quote(line)));
  }
  const std::string_view value = trim(line.substr(colon + 1));
  field.name = {static_cast<uint32_t>(line.data() - bytes.data()), static_cast<uint32_t>(colon)};
  field.value = {static_cast<uint32_t>(value.data() - bytes.data()), static_cast<uint32_t>(value.size())};
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::content_length(std::string_view value) {
  if (has_length_) return reject(400, "Content-Length", "given more than once");
  has_length_ = true;
  // Any 18 digits fit 64 bits; no body has an exabyte.
  if (value.empty() || value.size() > 18 || !all_chars(value, kDigitChar)) {
    return reject(400, "Content-Length", fmt::format("{} is not a length; expected at most 18 digits", quote(value)));
  }
  length_ = 0;
  for (const char c : value) length_ = length_ * 10 + static_cast<uint64_t>(c - '0');
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::transfer_encoding(std::string_view value, bool is_1_0) {
  if (is_1_0) return reject(400, "Transfer-Encoding", "not part of HTTP/1.0");
  if (chunked_) return reject(400, "Transfer-Encoding", "given more than once");
  chunked_ = true;
  if (equals_lower(value, "chunked")) return Step::kOn;
  return reject(501, "Transfer-Encoding", fmt::format("{} is not understood; expected \"chunked\"", quote(value)));
}

void Http1MessageParser::connection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, comma));
    if (equals_lower(option, "close")) says_close_ = true;
    if (equals_lower(option, "keep-alive")) says_keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

// It is unknown where a chunked body ends.
void Http1MessageParser::stream_body() {
  position_ -= body_begin_;
  scan_ -= std::min(scan_, body_begin_);
  body_end_ -= body_begin_;
  body_begin_ = 0;
  streams_ = true;
}

size_t Http1MessageParser::drop_piece() {
  // After kNeedMore the undecoded bytes begin where the piece ends: squeeze() closes the gap.
  const size_t used = phase_ == Phase::kOver ? position_ : body_end_;
  position_ -= used;
  scan_ -= std::min(scan_, used);
  body_end_ = 0;
  return used;
}

}  // namespace rateguard::http
