// Requests as bytes (RFC 9112, section 3): request line, fields, framing, content in pieces.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "http/exchange.h"
#include "net/byte_buffer.h"

namespace rateguard::http {

struct RequestLine {
  std::string_view method;     // a token
  std::string_view target;     // visible ASCII
  std::string_view authority;  // what Host says
  std::string_view upgrade;    // the protocol to switch to; empty: none
};

// Renders one request after another. Bytes that no value may have become spaces, so that no caller's text can start a
// new line.
class Http1RequestWriter {
 public:
  // Content is framed by the length that a field says, else in chunks; without content the methods that are expected to
  // have some send a length of 0. The fields contain neither Host nor any field of one connection.
  void head(net::ByteBuffer& out, const RequestLine& line, std::span<const Header> fields, RequestContent content);
  // Bytes beyond the announced length are dropped.
  void content(net::ByteBuffer& out, std::string_view bytes);
  // Called after the last of the content. Trailers are dropped if the framing has no place for them.
  void end(net::ByteBuffer& out, std::span<const Header> trailers);
  // How much of the announced length is missing.
  uint64_t length_left() const { return length_left_; }

 private:
  enum class Framing : uint8_t { kNone, kLength, kChunks };
  Framing framing_ = Framing::kNone;
  uint64_t length_left_ = 0;
};

}  // namespace rateguard::http
