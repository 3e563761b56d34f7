// HTTP/1.1 requests from bytes: incremental and strict (RFC 9112). What two servers might read differently is refused,
// for that is what request smuggling is made of: bare LF, bare CR, folded lines, a space before the colon, control
// bytes, more than one length. A request is accepted or refused the same way however its bytes were cut into pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/server_options.h"

namespace rateguard::http {

// Parses one request after another; reset() between them. Holds positions, never pointers, so the bytes may move
// between calls.
class Http1Parser {
 public:
  enum class Status : uint8_t { kNeedMore, kComplete, kRejected };

  // Whether parse() says kNeedMore once when the head of a request with a body is whole, whatever else is there, so
  // that the handler can be asked how it wants the body.
  enum class AfterHead : uint8_t { kGoOn, kPause };

  explicit Http1Parser(const Limits& limits, AfterHead after_head = AfterHead::kGoOn);

  // `bytes` is everything received since the start of this request, with more at its end than at the last call. A
  // chunked body is decoded in place, so what kNeedMore leaves is to be kept as it is now, and may be shorter.
  // REQUIRES: reset() after kComplete or kRejected.
  Status parse(std::span<char>& bytes);
  void reset();

  // After kComplete, and after kNeedMore with the head whole. Method, target, path, query, headers and body; who the
  // peer is, the session knows.
  Request request(std::span<char> bytes);
  // After kComplete: where the next request starts.
  size_t consumed() const { return position_; }
  // After kComplete: whether the client may send another (RFC 9112, section 9.3).
  bool keep_alive() const;
  bool is_http_1_0() const { return version_ == Version::k10; }
  bool is_head() const { return head_request_; }

  // After kNeedMore: the head is whole, its body is not, and the client waits for "100 Continue" before it sends it.
  bool awaits_continue() const { return expects_continue_ && phase_ >= Phase::kBody; }

  // After kNeedMore: the head is whole and its body is not.
  bool awaits_body() const { return phase_ >= Phase::kBody; }
  // With awaits_body(): how long the head is, which is where the body begins.
  size_t head_bytes() const { return body_begin_; }
  // With awaits_body(): whether it is known where the body ends, and that it comes at all.
  bool body_end_is_known() const { return !chunked_ && !expects_continue_; }
  // With body_end_is_known(): of the body, what stream_body() has not given yet.
  uint64_t body_bytes_left() const { return length_; }

  // With awaits_body(): from here on `bytes` begin behind the head, request() may not be called, and the body has no
  // limit. After each parse() piece() is what was decoded; drop_piece() says how many bytes to take off the front.
  void stream_body();
  std::string_view piece(std::span<const char> bytes) const { return {bytes.data(), body_end_}; }
  size_t drop_piece();

  // After kRejected.
  const Rejection& rejection() const { return rejection_; }
  // After kRejected: where the refused request ends, counted from its first byte, if that is known and near enough to
  // read past; 0: the framing is lost and the connection with it.
  uint64_t refused_bytes() const { return refused_bytes_; }

 private:
  enum class Phase : uint8_t {
    kStart,
    kRequestLine,
    kFields,
    kBody,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kOver
  };
  enum class Version : uint8_t { k10, k11 };
  enum class Step : uint8_t { kOn, kNeedMore, kComplete, kRejected };
  // Positions in the request's bytes; a head is bounded, so 32 bits hold them.
  struct Part {
    uint32_t begin = 0;
    uint32_t size = 0;
  };
  struct Field {
    Part name;
    Part value;
  };

  Step reject(int status, std::string_view field, std::string detail);
  Step find_line(std::span<const char> bytes, size_t limit, int status_too_long, std::string_view& line);
  Step parse_start(std::span<const char> bytes);
  Step parse_request_line(std::span<char> bytes);
  Step split_request_line(std::span<char> bytes, std::string_view line);
  Step parse_version(std::string_view text);
  Step parse_target(std::span<char> bytes, std::string_view target);
  Step parse_absolute_target(std::span<char> bytes, std::string_view target, size_t scheme_size);
  Step parse_field(std::span<const char> bytes);
  Step split_field(std::span<const char> bytes, std::string_view line, Field& field);
  Step known_field(std::string_view name, std::string_view value);
  Step content_length(std::string_view value);
  Step transfer_encoding(std::string_view value);
  Step host(std::string_view value);
  void connection(std::string_view value);
  Step finish_head();
  Step reject_length();
  Step parse_body(std::span<const char> bytes);
  Step parse_chunk_size(std::span<const char> bytes);
  Step parse_chunk_data(std::span<char> bytes);
  Step parse_chunk_end(std::span<const char> bytes);
  Step parse_trailer(std::span<const char> bytes);
  void squeeze(std::span<char>& bytes);

  Limits limits_;
  AfterHead after_head_;
  Phase phase_ = Phase::kStart;
  Version version_ = Version::k11;
  bool head_request_ = false;
  bool chunked_ = false;
  bool streams_ = false;  // the body is given in pieces
  bool has_length_ = false;
  bool has_host_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool expects_continue_ = false;
  bool other_expectation_ = false;
  Part method_;
  Part target_;
  Part authority_;             // of an absolute-form target: takes the place of Host (RFC 9112, section 3.2.2)
  std::vector<Field> fields_;  // grows once to what the connection's requests carry
  std::vector<Header> headers_;
  size_t position_ = 0;  // where the line or chunk being read starts
  size_t scan_ = 0;      // how far that line has been looked at
  size_t body_begin_ = 0;
  size_t body_end_ = 0;  // of what is decoded
  uint64_t length_ = 0;  // Content-Length, or what is left of the chunk
  size_t trailer_bytes_ = 0;
  uint32_t trailers_ = 0;
  uint64_t refused_bytes_ = 0;
  Rejection rejection_;
};

}  // namespace rateguard::http
