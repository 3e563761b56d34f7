// HTTP/1.1 responses from bytes (RFC 9112), for a client: incremental and strict, so that nothing is passed on that two
// recipients might read differently. How the bytes were cut into pieces does not change whether a response is accepted.
#pragma once

#include <span>

#include "http/answer_head.h"
#include "http/http1/message_parser.h"

namespace rateguard::http {

// What a response answers, as far as its framing depends on it (RFC 9112, section 6.3).
enum class Asked : uint8_t {
  kContent,
  kHead,     // HEAD: no content, even if the fields announce some
  kUpgrade,  // 101 may come, and what follows it is not HTTP
};

// Parses one response after another. Its content has no limit and is given in pieces.
class Http1ResponseParser final : public Http1MessageParser {
 public:
  enum class Status : uint8_t {
    kNeedMore,
    kHead,      // the head is complete: once for each response, and for each interim one
    kComplete,  // the content has ended
    kRejected,
  };

  explicit Http1ResponseParser(const Limits& limits) : Http1MessageParser(limits, "status-line") {}

  // Called before each response.
  void begin(Asked asked);
  // `bytes` is everything received that was not taken off the front yet: take_head() says how much to take after kHead,
  // drop_piece() after kNeedMore and kComplete once there was a head. A chunked body is decoded in place, so the bytes
  // that kNeedMore leaves, which may be fewer, are to be kept unchanged. REQUIRES: begin() after kComplete and
  // kRejected.
  Status parse(std::span<char>& bytes);

  // After kHead, until take_head().
  AnswerHead head(std::span<const char> bytes);
  // After kHead: how many bytes the head has. After an interim response the next one is parsed.
  size_t take_head();

  // After the head: an interim response, which is followed by another (RFC 9110, section 15.2).
  bool is_interim() const { return status_ < 200 && status_ != 101; }
  // After the head: what follows it is not HTTP.
  bool is_upgrade() const { return status_ == 101; }
  // When the server sends no more: whether that completes the response, which has no other framing.
  bool ends_with_connection() const { return phase_ == Phase::kUntilClose; }
  // After kComplete: whether the connection may be used again (RFC 9112, section 9.3).
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
