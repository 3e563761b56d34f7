#include "http/http1/response_parser.h"

#include <fmt/format.h>

#include "base/check.h"
#include "http/chars.h"
#include "http/quote.h"

namespace rateguard::http {

void Http1ResponseParser::begin(Asked asked) {
  reset_message();
  asked_ = asked;
  status_ = 0;
  is_1_0_ = head_given_ = false;
  phase_ = Phase::kStartLine;
}

Http1ResponseParser::Status Http1ResponseParser::parse(std::span<char>& bytes) {
  Step step = Step::kOn;
  while (step == Step::kOn) {
    switch (phase_) {
      case Phase::kStartLine:
        step = parse_status_line(bytes);
        break;
      case Phase::kFields:
        step = parse_field(bytes);
        break;
      case Phase::kOver:  // after a head without content
        step = Step::kComplete;
        break;
      default:
        step = parse_content(bytes);
    }
    if (step != Step::kRejected && body_begin_ != 0 && !head_given_) return Status::kHead;
  }
  if (step == Step::kNeedMore) {
    squeeze(bytes);
    return Status::kNeedMore;
  }
  phase_ = Phase::kOver;
  return step == Step::kComplete ? Status::kComplete : Status::kRejected;
}

Http1ResponseParser::Step Http1ResponseParser::parse_status_line(std::span<const char> bytes) {
  std::string_view line;
  if (const Step step = find_line(bytes, limits_.header_bytes_max, 0, line); step != Step::kOn) return step;
  phase_ = Phase::kFields;
  is_1_0_ = line.starts_with("HTTP/1.0 ");
  const bool is_line = (is_1_0_ || line.starts_with("HTTP/1.1 ")) && line.size() >= 12 &&
                       all_chars(line.substr(9, 3), kDigitChar) && (line.size() == 12 || line[12] == ' ');
  if (is_line) status_ = (line[9] - '0') * 100 + (line[10] - '0') * 10 + (line[11] - '0');
  if (is_line && status_ >= 100 && status_ <= 599) return Step::kOn;
  return reject(0, "status-line", fmt::format("{} is not a status line; expected \"HTTP/1.1 200 OK\"", quote(line)));
}

Http1ResponseParser::Step Http1ResponseParser::parse_field(std::span<const char> bytes) {
  bool is_head_over = false;
  if (const Step step = next_field(bytes, is_head_over); step != Step::kOn) return step;
  if (is_head_over) return finish_head();
  const std::string_view name = view(bytes, fields_.back().name);
  const std::string_view value = view(bytes, fields_.back().value);
  if (equals_lower(name, "connection")) connection(value);
  if (equals_lower(name, "content-length")) return content_length(value);
  if (equals_lower(name, "transfer-encoding")) return transfer_encoding(value, is_1_0_);
  return Step::kOn;
}

bool Http1ResponseParser::has_content() const {
  return status_ >= 200 && status_ != 204 && status_ != 304 && asked_ != Asked::kHead;
}

// RFC 9112, section 6.3.
Http1ResponseParser::Step Http1ResponseParser::finish_head() {
  if (chunked_ && has_length_) return reject(0, "Content-Length", "given together with Transfer-Encoding");
  if (chunked_ && (status_ < 200 || status_ == 204)) {
    return reject(0, "Transfer-Encoding", fmt::format("given with status {}, which has no content", status_));
  }
  if (status_ == 101 && asked_ != Asked::kUpgrade)
    return reject(0, "status-line", "101, but nothing was to be upgraded");
  body_begin_ = body_end_ = position_;
  if (!has_content() || (has_length_ && length_ == 0)) {
    phase_ = Phase::kOver;
    chunked_ = false;
  } else if (chunked_) {
    phase_ = Phase::kChunkSize;
  } else if (has_length_) {
    phase_ = Phase::kBody;
  } else {
    phase_ = Phase::kUntilClose;
    says_close_ = true;
  }
  return Step::kOn;
}

AnswerHead Http1ResponseParser::head(std::span<const char> bytes) {
  headers_.clear();
  for (const Field& field : fields_) headers_.push_back({view(bytes, field.name), view(bytes, field.value)});
  return {.status = status_, .headers = headers_, .version = is_1_0_ ? Version::k10 : Version::k11};
}

size_t Http1ResponseParser::take_head() {
  const size_t size = body_begin_;
  if (is_interim()) {
    begin(asked_);
    return size;
  }
  head_given_ = true;
  stream_body();
  return size;
}

}  // namespace rateguard::http
