// Heads: the request line and the fields.
#include "http/http1/parser.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "http/chars.h"
#include "http/quote.h"
#include "http/rejections.h"

namespace rateguard::http {
namespace {}  // namespace

Http1Parser::Http1Parser(const Limits& limits, AfterHead after_head)
    : Http1MessageParser(limits, "request-line"), after_head_(after_head) {}

void Http1Parser::reset() {
  reset_message();
  head_request_ = has_host_ = other_expectation_ = false;
  method_ = target_ = authority_ = {};
}

Http1Parser::Status Http1Parser::parse(std::span<char>& bytes) {
  Step step = Step::kOn;
  while (step == Step::kOn) {
    switch (phase_) {
      case Phase::kStart:
        step = parse_start(bytes);
        break;
      case Phase::kStartLine:
        step = parse_request_line(bytes);
        break;
      case Phase::kFields:
        step = parse_field(bytes);
        break;
      default:
        step = parse_content(bytes);
    }
  }
  if (step == Step::kNeedMore) {
    squeeze(bytes);
    return Status::kNeedMore;
  }
  phase_ = Phase::kOver;
  return step == Step::kComplete ? Status::kComplete : Status::kRejected;
}

// Some clients send empty lines after a body. RFC 9112, section 2.2, asks a server to ignore at least one; several are
// ignored, as nginx does. They count towards the head's size, so no client can keep a server busy with them.
Http1Parser::Step Http1Parser::parse_start(std::span<const char> bytes) {
  while (position_ + 2 <= limits_.header_bytes_max) {
    const std::span<const char> rest = bytes.subspan(position_);
    if (rest.empty() || (rest.size() == 1 && rest[0] == '\r')) return Step::kNeedMore;
    if (rest[0] != '\r' || rest[1] != '\n') break;
    position_ = scan_ = position_ + 2;
  }
  phase_ = Phase::kStartLine;
  return Step::kOn;
}

Http1Parser::Step Http1Parser::parse_request_line(std::span<char> bytes) {
  std::string_view line;
  const Step step = find_line(bytes, limits_.header_bytes_max, 414, line);
  if (step == Step::kRejected)
    note_method(bytes, view(bytes, {.begin = static_cast<uint32_t>(position_),
                                    .size = static_cast<uint32_t>(scan_ - position_)}));
  if (step != Step::kOn) return step;
  phase_ = Phase::kFields;
  note_method(bytes, line);
  return split_request_line(bytes, line);
}

// Whatever is wrong with the rest of the line: the answer to HEAD has no content, and a log says what was asked.
void Http1Parser::note_method(std::span<const char> bytes, std::string_view line) {
  const std::string_view method = line.substr(0, line.find(' '));
  if (method.size() == line.size() || !all_chars(method, kTokenChar)) return;
  method_ = part(bytes, method);
  head_request_ = method == "HEAD";
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
  if (method == "CONNECT") return reject(connect_not_offered());
  return parse_target(bytes, method, line.substr(first + 1, last - first - 1));
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

Http1Parser::Step Http1Parser::parse_target(std::span<char> bytes, std::string_view method, std::string_view target) {
  target_ = part(bytes, target);
  if (all_chars(target, kTargetChar)) {
    if (equals_lower(target.substr(0, 7), "http://")) return parse_absolute_target(bytes, target, 7);
    if (equals_lower(target.substr(0, 8), "https://")) return parse_absolute_target(bytes, target, 8);
  }
  auto wrong = check_target(method, target);
  return wrong ? reject(*std::move(wrong)) : Step::kOn;
}

Http1Parser::Step Http1Parser::parse_absolute_target(std::span<char> bytes, std::string_view target,
                                                     size_t scheme_size) {
  const std::string_view rest = target.substr(scheme_size);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?"));
  if (authority.empty() || !all_chars(authority, kHostChar)) {
    return reject(400, "request-line", fmt::format("{} is not a host, in the target", quote(authority)));
  }
  authority_ = part(bytes, authority);
  target_.begin = authority_.begin + authority_.size;
  target_.size = static_cast<uint32_t>(rest.size() - authority.size());
  if (target_.size != 0 && bytes[target_.begin] == '/') return Step::kOn;
  // An empty path is "/" (RFC 9110, section 4.2.3). It takes the place of the authority's last byte; the authority
  // moves back over the scheme.
  char* const host = bytes.data() + authority_.begin;
  std::memmove(host - 1, host, authority_.size);
  --authority_.begin;
  --target_.begin;
  ++target_.size;
  bytes[target_.begin] = '/';
  return Step::kOn;
}

Http1Parser::Step Http1Parser::parse_field(std::span<const char> bytes) {
  bool is_head_over = false;
  if (const Step step = next_field(bytes, is_head_over); step != Step::kOn) return step;
  if (is_head_over) return finish_head();
  return known_field(view(bytes, fields_.back().name), view(bytes, fields_.back().value));
}

// The fields that the session itself obeys. The length rules out nearly all others at once.
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
      if (equals_lower(name, "transfer-encoding")) return transfer_encoding(value, is_http_1_0());
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
  return reject(not_a_host(value));
}

Http1Parser::Step Http1Parser::finish_head() {
  if (!has_host_ && version_ == Version::k11) return reject(400, "Host", "missing; HTTP/1.1 requires it");
  if (chunked_ && has_length_) return reject(400, "Content-Length", "given together with Transfer-Encoding");
  if (other_expectation_) return reject(expectation_not_met());
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

Request Http1Parser::request(std::span<char> bytes) {
  headers_.clear();
  for (const Field& field : fields_) {
    const bool is_host = authority_.size != 0 && field.name.size == 4 && equals_lower(view(bytes, field.name), "host");
    headers_.push_back({view(bytes, field.name), view(bytes, is_host ? authority_ : field.value)});
  }
  const std::string_view target = view(bytes, target_);
  const size_t question = std::min(target.find('?'), target.size());
  Request request;
  request.method = view(bytes, method_);
  request.target = target;
  request.path = target.substr(0, question);
  request.query = target.substr(std::min(question + 1, target.size()));
  request.headers = headers_;
  request.body = std::string_view(bytes.data() + body_begin_, body_end_ - body_begin_);
  if (phase_ == Phase::kOver) request.trailers = trailers();
  return request;
}

bool Http1Parser::keep_alive() const {
  return !says_close_ && (version_ == Version::k11 || says_keep_alive_);
}

}  // namespace rateguard::http
