// Heads: the request line and the fields. Bodies are in parser_body.cc.
#include "http/http1/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"
#include "http/http1/quote.h"

namespace rateguard::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

Http1Parser::Http1Parser(const Limits& limits, AfterHead after_head) : limits_(limits), after_head_(after_head) {}

void Http1Parser::reset() {
  phase_ = Phase::kStart;
  head_request_ = chunked_ = streams_ = has_length_ = has_host_ = false;
  says_close_ = says_keep_alive_ = expects_continue_ = other_expectation_ = false;
  authority_ = {};
  fields_.clear();
  position_ = scan_ = body_begin_ = body_end_ = trailer_bytes_ = 0;
  trailers_ = 0;
  length_ = refused_bytes_ = 0;
}

Http1Parser::Status Http1Parser::parse(std::span<char>& bytes) {
  Step step = Step::kOn;
  while (step == Step::kOn) {
    switch (phase_) {
      case Phase::kStart:
        step = parse_start(bytes);
        break;
      case Phase::kRequestLine:
        step = parse_request_line(bytes);
        break;
      case Phase::kFields:
        step = parse_field(bytes);
        break;
      case Phase::kBody:
        step = parse_body(bytes);
        break;
      case Phase::kChunkSize:
        step = parse_chunk_size(bytes);
        break;
      case Phase::kChunkData:
        step = parse_chunk_data(bytes);
        break;
      case Phase::kChunkEnd:
        step = parse_chunk_end(bytes);
        break;
      case Phase::kTrailers:
        step = parse_trailer(bytes);
        break;
      case Phase::kOver:
        RG_CHECK(phase_ != Phase::kOver);  // reset() was forgotten
    }
  }
  if (step == Step::kNeedMore) {
    squeeze(bytes);
    return Status::kNeedMore;
  }
  phase_ = Phase::kOver;
  return step == Step::kComplete ? Status::kComplete : Status::kRejected;
}

Http1Parser::Step Http1Parser::reject(int status, std::string_view field, std::string detail) {
  rejection_ = Rejection{.status = status, .detail = std::move(detail), .field = std::string(field)};
  return Step::kRejected;
}

// On kOn, `line` is the next one without its CRLF and position_ is behind it. `limit` is where the line must have
// ended.
Http1Parser::Step Http1Parser::find_line(std::span<const char> bytes, size_t limit, int status_too_long,
                                         std::string_view& line) {
  const size_t end = std::min(bytes.size(), limit);
  size_t at = scan_;
  while (at < end && is_char(bytes[at], kLineChar)) ++at;
  scan_ = at;
  const char* const what = phase_ == Phase::kRequestLine ? "request-line"
                           : phase_ == Phase::kChunkSize ? "body"
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

// Some clients leave empty lines behind a body. RFC 9112, section 2.2, asks a server to ignore at least one; several
// are ignored, as nginx does. They count towards the head's size, so nobody keeps a server busy with them for free.
Http1Parser::Step Http1Parser::parse_start(std::span<const char> bytes) {
  while (position_ + 2 <= limits_.header_bytes_max) {
    const std::span<const char> rest = bytes.subspan(position_);
    if (rest.empty() || (rest.size() == 1 && rest[0] == '\r')) return Step::kNeedMore;
    if (rest[0] != '\r' || rest[1] != '\n') break;
    position_ = scan_ = position_ + 2;
  }
  phase_ = Phase::kRequestLine;
  return Step::kOn;
}

Http1Parser::Step Http1Parser::parse_request_line(std::span<char> bytes) {
  std::string_view line;
  if (const Step step = find_line(bytes, limits_.header_bytes_max, 414, line); step != Step::kOn) return step;
  phase_ = Phase::kFields;
  return split_request_line(bytes, line);
}

Http1Parser::Step Http1Parser::split_request_line(std::span<char> bytes, std::string_view line) {
  const size_t first = line.find(' ');
  const size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) {
    return reject(400, "request-line",
                  fmt::format("{} is not a request line; expected \"METHOD TARGET HTTP/1.1\"", quote(line)));
  }
  const std::string_view method = line.substr(0, first);
  if (method.empty() || !all_chars(method, kTokenChar)) {
    return reject(400, "request-line", fmt::format("{} is not a method", quote(method)));
  }
  if (const Step step = parse_version(line.substr(last + 1)); step != Step::kOn) return step;
  method_ = {static_cast<uint32_t>(method.data() - bytes.data()), static_cast<uint32_t>(method.size())};
  head_request_ = method == "HEAD";
  if (method == "CONNECT") return reject(501, "request-line", "CONNECT is not offered here");
  const std::string_view target = line.substr(first + 1, last - first - 1);
  if (target == "*" && method != "OPTIONS") {
    return reject(400, "request-line", "the target \"*\" goes with OPTIONS only");
  }
  return parse_target(bytes, target);
}

Http1Parser::Step Http1Parser::parse_version(std::string_view text) {
  if (text == "HTTP/1.1") {
    version_ = Version::k11;
    return Step::kOn;
  }
  if (text == "HTTP/1.0") {
    version_ = Version::k10;
    return Step::kOn;
  }
  const bool is_version = text.size() == 8 && text.starts_with("HTTP/") && is_char(text[5], kDigitChar) &&
                          text[6] == '.' && is_char(text[7], kDigitChar);
  if (is_version) {
    return reject(505, "request-line",
                  fmt::format("{} is not spoken here; expected HTTP/1.1 or HTTP/1.0", quote(text)));
  }
  return reject(400, "request-line", fmt::format("{} is not a version; expected HTTP/1.1", quote(text)));
}

Http1Parser::Step Http1Parser::parse_target(std::span<char> bytes, std::string_view target) {
  if (target.empty() || !all_chars(target, kTargetChar)) {
    return reject(400, "request-line",
                  fmt::format("{} is not a target; expected visible ASCII without '#'", quote(target)));
  }
  target_ = {static_cast<uint32_t>(target.data() - bytes.data()), static_cast<uint32_t>(target.size())};
  if (target[0] == '/' || target == "*") return Step::kOn;
  if (equals_lower(target.substr(0, 7), "http://")) return parse_absolute_target(bytes, target, 7);
  if (equals_lower(target.substr(0, 8), "https://")) return parse_absolute_target(bytes, target, 8);
  return reject(400, "request-line", fmt::format("the target {} does not start with '/'", quote(target)));
}

Http1Parser::Step Http1Parser::parse_absolute_target(std::span<char> bytes, std::string_view target,
                                                     size_t scheme_size) {
  const std::string_view rest = target.substr(scheme_size);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || !all_chars(authority, kHostChar)) {
    return reject(400, "request-line", fmt::format("{} is not a host, in the target", quote(authority)));
  }
  authority_ = {static_cast<uint32_t>(authority.data() - bytes.data()), static_cast<uint32_t>(authority.size())};
  target_.begin = authority_.begin + authority_.size;
  target_.size = static_cast<uint32_t>(rest.size() - authority.size());
  if (target_.size != 0 && bytes[target_.begin] == '/') return Step::kOn;
  // An empty path is "/" (RFC 9110, section 4.2.3). It takes the authority's last byte, which moves over the scheme's.
  char* const host = bytes.data() + authority_.begin;
  std::memmove(host - 1, host, authority_.size);
  --authority_.begin;
  --target_.begin;
  ++target_.size;
  bytes[target_.begin] = '/';
  return Step::kOn;
}

Http1Parser::Step Http1Parser::parse_field(std::span<const char> bytes) {
  std::string_view line;
  if (const Step step = find_line(bytes, limits_.header_bytes_max, 431, line); step != Step::kOn) return step;
  if (line.empty()) return finish_head();
  if (fields_.size() == limits_.headers_max) {
    return reject(431, "header", fmt::format("more than the {} fields that are accepted", limits_.headers_max));
  }
  Field field;
  if (const Step step = split_field(bytes, line, field); step != Step::kOn) return step;
  fields_.push_back(field);
  return known_field({bytes.data() + field.name.begin, field.name.size},
                     {bytes.data() + field.value.begin, field.value.size});
}

Http1Parser::Step Http1Parser::split_field(std::span<const char> bytes, std::string_view line, Field& field) {
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

// The fields that the session itself obeys. The length tells nearly all others apart at once.
Http1Parser::Step Http1Parser::known_field(std::string_view name, std::string_view value) {
  switch (name.size()) {
    case 4:
      if (equals_lower(name, "host")) return host(value);
      break;
    case 6:
      if (equals_lower(name, "expect")) {
        (equals_lower(value, "100-continue") ? expects_continue_ : other_expectation_) = true;
      }
      break;
    case 10:
      if (equals_lower(name, "connection")) connection(value);
      break;
    case 14:
      if (equals_lower(name, "content-length")) return content_length(value);
      break;
    case 17:
      if (equals_lower(name, "transfer-encoding")) return transfer_encoding(value);
      break;
    default:
      break;
  }
  return Step::kOn;
}

Http1Parser::Step Http1Parser::host(std::string_view value) {
  if (has_host_) return reject(400, "Host", "given more than once");
  has_host_ = true;
  if (all_chars(value, kHostChar)) return Step::kOn;
  return reject(400, "Host", fmt::format("{} is not a host", quote(value)));
}

Http1Parser::Step Http1Parser::content_length(std::string_view value) {
  if (has_length_) return reject(400, "Content-Length", "given more than once");
  has_length_ = true;
  // 18 digits fit 64 bits whatever they are; nobody sends an exabyte.
  if (value.empty() || value.size() > 18 || !all_chars(value, kDigitChar)) {
    return reject(400, "Content-Length", fmt::format("{} is not a length; expected at most 18 digits", quote(value)));
  }
  length_ = 0;
  for (const char c : value) length_ = length_ * 10 + static_cast<uint64_t>(c - '0');
  return Step::kOn;
}

Http1Parser::Step Http1Parser::transfer_encoding(std::string_view value) {
  if (version_ == Version::k10) return reject(400, "Transfer-Encoding", "not part of HTTP/1.0");
  if (chunked_) return reject(400, "Transfer-Encoding", "given more than once");
  chunked_ = true;
  if (equals_lower(value, "chunked")) return Step::kOn;
  return reject(501, "Transfer-Encoding", fmt::format("{} is not understood; expected \"chunked\"", quote(value)));
}

void Http1Parser::connection(std::string_view value) {
  while (!value.empty()) {
    const size_t comma = std::min(value.find(','), value.size());
    const std::string_view option = trim(value.substr(0, comma));
    if (equals_lower(option, "close")) says_close_ = true;
    if (equals_lower(option, "keep-alive")) says_keep_alive_ = true;
    value.remove_prefix(std::min(comma + 1, value.size()));
  }
}

Http1Parser::Step Http1Parser::finish_head() {
  if (!has_host_ && version_ == Version::k11) return reject(400, "Host", "missing; HTTP/1.1 requires it");
  if (chunked_ && has_length_) return reject(400, "Content-Length", "given together with Transfer-Encoding");
  if (other_expectation_) return reject(417, "Expect", "cannot be met; expected \"100-continue\"");
  if (version_ == Version::k10) expects_continue_ = false;  // RFC 9110, section 10.1.1
  body_begin_ = body_end_ = position_;
  if (chunked_) {
    phase_ = Phase::kChunkSize;
    return after_head_ == AfterHead::kPause ? Step::kNeedMore : Step::kOn;
  }
  if (!has_length_) return Step::kComplete;
  phase_ = Phase::kBody;
  return after_head_ == AfterHead::kPause ? Step::kNeedMore : Step::kOn;
}

// The length is more than is accepted.
Http1Parser::Step Http1Parser::reject_length() {
  // What is at most as long again is read past, so that the connection can go on. A client that waits for
  // "100 Continue" may send its body now or not: nobody knows where its next request starts.
  if (!expects_continue_ && length_ <= 2 * limits_.body_bytes_max) refused_bytes_ = body_begin_ + length_;
  return reject(413, "Content-Length",
                fmt::format("{} bytes are more than the {} that are accepted", length_, limits_.body_bytes_max));
}

// A chunked body ends nobody knows where.
void Http1Parser::stream_body() {
  position_ -= body_begin_;
  scan_ -= std::min(scan_, body_begin_);
  body_end_ -= body_begin_;
  body_begin_ = 0;
  streams_ = true;
}

size_t Http1Parser::drop_piece() {
  // After kNeedMore what is not decoded begins where the piece ends: squeeze() closes the gap.
  const size_t used = phase_ == Phase::kOver ? position_ : body_end_;
  position_ -= used;
  scan_ -= std::min(scan_, used);
  body_end_ = 0;
  return used;
}

Request Http1Parser::request(std::span<char> bytes) {
  const auto view = [&](Part part) { return std::string_view(bytes.data() + part.begin, part.size); };
  headers_.clear();
  for (const Field& field : fields_) {
    const bool is_host = authority_.size != 0 && field.name.size == 4 && equals_lower(view(field.name), "host");
    headers_.push_back({view(field.name), view(is_host ? authority_ : field.value)});
  }
  const std::string_view target = view(target_);
  const size_t question = std::min(target.find('?'), target.size());
  Request request;
  request.method = view(method_);
  request.target = target;
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  request.headers = headers_;
  request.body = std::string_view(bytes.data() + body_begin_, body_end_ - body_begin_);
  return request;
}

bool Http1Parser::keep_alive() const {
  return !says_close_ && (version_ == Version::k11 || says_keep_alive_);
}

}  // namespace rateguard::http
