// HTTP/1.1 responses from bytes (RFC 9112), for a client: incremental and strict, so that nothing is passed on that two
// recipients might read differently. A response is accepted or refused the same way however its bytes were cut.
#pragma once

#include <span>

#include "http/answer_head.h"
#include "http/http1/message_parser.h"

namespace rateguard::http {

// What a response answers, as far as its framing depends on it (RFC 9112, section 6.3).
enum class Asked : uint8_t {
  kContent,
  kHead,     // HEAD: there is no content whatever the fields say
  kUpgrade,  // 101 may come, and what follows it is not HTTP
};

// Parses one response after another. Its content has no limit and is given in pieces.
class Http1ResponseParser final : public Http1MessageParser {
 public:
  enum class Status : uint8_t {
    kNeedMore,
    kHead,      // the head is whole: once for each response, and for each interim one
    kComplete,  // the content is over
    kRejected,
  };

  explicit Http1ResponseParser(const Limits& limits) : Http1MessageParser(limits, "status-line") {
    keeps_trailers_ = true;
  }

  // Before each response.
  void begin(Asked asked);
  // `bytes` is everything received that was not taken off the front yet: take_head() says how much to take after kHead,
  // drop_piece() after kNeedMore and kComplete once there was a head. A chunked body is decoded in place, so what
  // kNeedMore leaves is to be kept as it is now, and may be shorter. REQUIRES: begin() after kComplete and kRejected.
  Status parse(std::span<char>& bytes);

  // After kHead, until take_head().
  AnswerHead head(std::span<const char> bytes);
  // After kHead: how many bytes it has. After an interim response the next one is parsed.
  size_t take_head();
  // After kComplete: what came behind the content. The views live until begin().
  std::span<const Header> trailers();

  // After the head: an interim response, which is followed by another (RFC 9110, section 15.2).
  bool is_interim() const { return status_ < 200 && status_ != 101; }
  // After the head: what follows it is not HTTP.
  bool is_upgrade() const { return status_ == 101; }
  // The server sends no more. Whether that ends the response as it should: one without any other framing.
  bool ends_with_connection() const { return phase_ == Phase::kUntilClose; }
  // After kComplete: whether the connection may be asked again (RFC 9112, section 9.3).
  bool keep_alive() const { return !says_close_ && (!is_1_0_ || says_keep_alive_); }

 private:
  Step parse_status_line(std::span<const char> bytes);
  Step parse_field(std::span<const char> bytes);
  Step finish_head();
  bool has_content() const;

  Asked asked_ = Asked::kContent;
  int status_ = 0;
  bool is_1_0_ = false;
  bool head_given_ = false;
};

}  // namespace rateguard::http
