// Bodies: by length, and chunked (RFC 9112, section 7.1), which is decoded in place.
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"
#include "http/http1/message_parser.h"
#include "http/quote.h"
#include "http/rejections.h"
#include "http/trailer_fields.h"

namespace rateguard::http {
namespace {

// A chunk's size and its extensions. Extensions are ignored, so their line may be short.
constexpr size_t kChunkLineMax = 256;
// 15 hexadecimal digits, leading zeros included, fit 64 bits and exceed every body limit.
constexpr size_t kChunkDigitsMax = 15;

uint64_t hex_value(char c) {
  return static_cast<uint64_t>(is_char(c, kDigitChar) ? c - '0' : lower_ascii(c) - 'a' + 10);
}

size_t count_chars(std::string_view text, CharClass bit) {
  size_t count = 0;
  while (count < text.size() && is_char(text[count], bit)) ++count;
  return count;
}

// The length of a quoted-string at the start of the text; 0 if there is none.
size_t quoted_size(std::string_view text) {
  if (text.empty() || text[0] != '"') return 0;
  for (size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') return i + 1;
    if (text[i] == '\\') ++i;
  }
  return 0;
}

// *( ";" token [ "=" ( token / quoted-string ) ] ), without the white space that the grammar calls bad.
bool valid_extensions(std::string_view text) {
  while (!text.empty()) {
    if (text[0] != ';') return false;
    text.remove_prefix(1);
    const size_t name = count_chars(text, kTokenChar);
    if (name == 0) return false;
    text.remove_prefix(name);
    if (text.empty() || text[0] != '=') continue;
    text.remove_prefix(1);
    const size_t value = std::max(count_chars(text, kTokenChar), quoted_size(text));
    if (value == 0) return false;
    text.remove_prefix(value);
  }
  return true;
}

}  // namespace

// Rejects a body that is too long.
Http1MessageParser::Step Http1MessageParser::reject_length() {
  // A body of at most twice the limit is read past, so that the connection can continue. A client that waits for "100
  // Continue" may or may not send its body now, so it is unknown where its next request starts.
  if (!expects_continue_ && length_ <= 2 * limits_.body_bytes_max) refused_bytes_ = body_begin_ + length_;
  return reject(length_too_large(length_, limits_.body_bytes_max));
}

Http1MessageParser::Step Http1MessageParser::parse_content(std::span<char>& bytes) {
  switch (phase_) {
    case Phase::kBody:
      return parse_body(bytes);
    case Phase::kUntilClose:
      return parse_until_close(bytes);
    case Phase::kChunkSize:
      return parse_chunk_size(bytes);
    case Phase::kChunkData:
      return parse_chunk_data(bytes);
    case Phase::kChunkEnd:
      return parse_chunk_end(bytes);
    case Phase::kTrailers:
      return parse_trailer(bytes);
    default:
      RG_CHECK(phase_ != Phase::kOver);  // reset() was forgotten
      return Step::kRejected;
  }
}

Http1MessageParser::Step Http1MessageParser::parse_until_close(std::span<const char> bytes) {
  position_ = body_end_ = bytes.size();
  return Step::kNeedMore;
}

Http1MessageParser::Step Http1MessageParser::parse_body(std::span<const char> bytes) {
  if (streams_) {
    const size_t here = static_cast<size_t>(std::min<uint64_t>(length_, bytes.size() - body_end_));
    length_ -= here;
    position_ = body_end_ += here;
    return length_ == 0 ? Step::kComplete : Step::kNeedMore;
  }
  if (length_ > limits_.body_bytes_max) return reject_length();
  if (bytes.size() - body_begin_ < length_) return Step::kNeedMore;
  position_ = body_end_ = body_begin_ + static_cast<size_t>(length_);
  return Step::kComplete;
}

Http1MessageParser::Step Http1MessageParser::parse_chunk_size(std::span<const char> bytes) {
  std::string_view line;
  const size_t start = position_;
  if (const Step step = find_line(bytes, start + kChunkLineMax, 400, line); step != Step::kOn) return step;
  const size_t digits = count_chars(line, kHexChar);
  if (digits == 0 || digits > kChunkDigitsMax || !valid_extensions(line.substr(digits))) {
    return reject(400, "body", fmt::format("{} is not a chunk's size", quote(line)));
  }
  length_ = 0;
  for (const char c : line.substr(0, digits)) length_ = length_ * 16 + hex_value(c);
  if (!streams_ && length_ > limits_.body_bytes_max - (body_end_ - body_begin_)) {
    return reject(body_too_large(limits_.body_bytes_max));
  }
  phase_ = length_ == 0 ? Phase::kTrailers : Phase::kChunkData;
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::parse_chunk_data(std::span<char> bytes) {
  const size_t here = static_cast<size_t>(std::min<uint64_t>(length_, bytes.size() - position_));
  if (here == 0) return Step::kNeedMore;  // of no bytes at all the data may be null
  std::memmove(bytes.data() + body_end_, bytes.data() + position_, here);
  body_end_ += here;
  position_ += here;
  scan_ = position_;
  length_ -= here;
  if (length_ != 0) return Step::kNeedMore;
  phase_ = Phase::kChunkEnd;
  return Step::kOn;
}

Http1MessageParser::Step Http1MessageParser::parse_chunk_end(std::span<const char> bytes) {
  constexpr std::string_view kLineEnd = "\r\n";
  const size_t here = std::min(kLineEnd.size(), bytes.size() - position_);
  if (std::string_view(bytes.data() + position_, here) != kLineEnd.substr(0, here)) {
    return reject(400, "body", "a chunk is not followed by CR LF");
  }
  if (here < kLineEnd.size()) return Step::kNeedMore;
  position_ += kLineEnd.size();
  scan_ = position_;
  phase_ = Phase::kChunkSize;
  return Step::kOn;
}

// The squeezed input loses a trailer's line, so the parser keeps what it says.
Http1MessageParser::Step Http1MessageParser::parse_trailer(std::span<const char> bytes) {
  std::string_view line;
  const size_t start = position_;
  const size_t limit = start + limits_.header_bytes_max - trailer_bytes_;
  if (const Step step = find_line(bytes, limit, 431, line); step != Step::kOn) return step;
  trailer_bytes_ += position_ - start;
  if (line.empty()) return Step::kComplete;
  if (++trailers_ > limits_.headers_max) return reject(too_many_trailers(limits_.headers_max));
  Field field;
  if (const Step step = split_field(bytes, line, field); step != Step::kOn) return step;
  const std::string_view name = line.substr(0, field.name.size);
  const TrailerUse use = trailer_use(name);
  if (use == TrailerUse::kRefused) return reject(not_a_trailer(name));
  if (use == TrailerUse::kDropped) return Step::kOn;
  const std::string_view value = view(bytes, field.value);
  const auto at = static_cast<uint32_t>(trailer_text_.size());
  trailer_text_.append(name).append(value);
  const auto name_size = static_cast<uint32_t>(name.size());
  trailer_fields_.push_back({{at, name_size}, {at + name_size, static_cast<uint32_t>(value.size())}});
  return Step::kOn;
}

// Closes the gap between what is decoded and what is not, so that a body of tiny chunks takes no more room than its
// limit.
void Http1MessageParser::squeeze(std::span<char>& bytes) {
  if (!chunked_ || phase_ < Phase::kChunkSize || position_ == body_end_) return;
  const size_t gap = position_ - body_end_;
  std::memmove(bytes.data() + body_end_, bytes.data() + position_, bytes.size() - position_);
  position_ -= gap;
  scan_ -= gap;
  bytes = bytes.first(bytes.size() - gap);
}

}  // namespace rateguard::http
