// What requests and responses of HTTP/1.1 have in common as bytes (RFC 9112): lines, fields, and bodies by length or
// chunked. Incremental and strict: it refuses what two recipients might read differently, since request smuggling
// relies on that: bare LF, bare CR, folded lines, a space before the colon, control bytes, more than one length.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/exchange.h"
#include "http/server_options.h"

namespace rateguard::http {

// The part of a parser that reads lines, fields and bodies; the derived parser reads the first line. Holds positions,
// never pointers, so the bytes may move between calls.
class Http1MessageParser {
 public:
  // After the message is complete: where the next one starts.
  size_t consumed() const { return position_; }
  // After kRejected: why the message was not accepted.
  const Rejection& rejection() const { return rejection_; }

  // Whether the head is complete and the body is not.
  bool awaits_body() const { return phase_ >= Phase::kBody; }
  // With awaits_body(): how long the head is, which is where the body begins.
  size_t head_bytes() const { return body_begin_; }
  // With awaits_body(): how much of a body by length stream_body() has not given yet.
  uint64_t body_bytes_left() const { return length_; }

  // After the message is complete: the fields after its content. The views live until the next message begins.
  std::span<const Header> trailers();
  // How many bytes of trailers are kept so far.
  size_t trailer_bytes_kept() const { return trailer_text_.size(); }

  // With awaits_body(): from here on the bytes begin behind the head, and the body has no limit. After each parse()
  // piece() is the decoded part; drop_piece() says how many bytes to take off the front.
  void stream_body();
  std::string_view piece(std::span<const char> bytes) const { return {bytes.data(), body_end_}; }
  size_t drop_piece();

 protected:
  enum class Phase : uint8_t {
    kStart,
    kStartLine,
    kFields,
    kBody,
    kUntilClose,
    kChunkSize,
    kChunkData,
    kChunkEnd,
    kTrailers,
    kOver
  };
  enum class Step : uint8_t { kOn, kNeedMore, kComplete, kRejected };
  // Positions in the message's bytes; a head is bounded, so 32 bits hold them.
  struct Part {
    uint32_t begin = 0;
    uint32_t size = 0;
  };
  struct Field {
    Part name;
    Part value;
  };

  // `start_line` is what errors call the first line.
  Http1MessageParser(const Limits& limits, const char* start_line) : limits_(limits), start_line_(start_line) {}
  void reset_message();

  Step reject(Rejection rejection);
  Step reject(int status, std::string_view field, std::string detail);
  // On kOn, `line` is the next line without its CRLF and position_ is after it. `limit` is where the line must have
  // ended.
  Step find_line(std::span<const char> bytes, size_t limit, int status_too_long, std::string_view& line);
  // On kOn, fields_ has one more, or is_head_over says that an empty line ended them.
  Step next_field(std::span<const char> bytes, bool& is_head_over);
  Step content_length(std::string_view value);
  // Only "chunked" is understood; `is_1_0` has no such thing.
  Step transfer_encoding(std::string_view value, bool is_1_0);
  // The options "close" and "keep-alive".
  void connection(std::string_view value);
  // Parses the body from the current phase on.
  Step parse_content(std::span<char>& bytes);
  // Closes the gap between what is decoded and what is not, so that a body of tiny chunks takes no more room than its
  // limit.
  void squeeze(std::span<char>& bytes);
  static std::string_view view(std::span<const char> bytes, Part part) {
    return {bytes.data() + part.begin, part.size};
  }
  static Part part(std::span<const char> bytes, std::string_view text) {
    return {static_cast<uint32_t>(text.data() - bytes.data()), static_cast<uint32_t>(text.size())};
  }

  Limits limits_;
  Phase phase_ = Phase::kStart;
  bool chunked_ = false;
  bool streams_ = false;  // the body is given in pieces
  bool has_length_ = false;
  bool says_close_ = false;
  bool says_keep_alive_ = false;
  bool expects_continue_ = false;
  std::vector<Field> fields_;  // grows once to what the connection's messages need
  std::vector<Header> headers_;
  size_t position_ = 0;  // where the line or chunk being read starts
  size_t scan_ = 0;      // how far that line has been scanned
  size_t body_begin_ = 0;
  size_t body_end_ = 0;  // where the decoded bytes end
  uint64_t length_ = 0;  // Content-Length, or what is left of the chunk
  uint64_t refused_bytes_ = 0;

 private:
  Step split_field(std::span<const char> bytes, std::string_view line, Field& field);
  Step reject_length();
  Step parse_body(std::span<const char> bytes);
  Step parse_until_close(std::span<const char> bytes);
  Step parse_chunk_size(std::span<const char> bytes);
  Step parse_chunk_data(std::span<char> bytes);
  Step parse_chunk_end(std::span<const char> bytes);
  Step parse_trailer(std::span<const char> bytes);

  const char* start_line_;
  size_t trailer_bytes_ = 0;
  uint32_t counted_fields_ = 0;  // without Host, which HTTP/2 has as a pseudo-header field
  uint32_t trailers_ = 0;
  std::string trailer_text_;           // names and values
  std::vector<Field> trailer_fields_;  // in trailer_text_
  std::vector<Header> trailer_views_;
  Rejection rejection_;
};

}  // namespace rateguard::http
