// Writes replies in a client's version of the protocol: RESP2, or RESP3 with maps, booleans and its own null.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "net/byte_buffer.h"

namespace rateguard::resp {

enum class RespVersion : uint8_t { kResp2 = 2, kResp3 = 3 };

class ReplyWriter {
 public:
  // `out` outlives this.
  ReplyWriter(net::ByteBuffer& out, RespVersion protocol) : out_(out), protocol_(protocol) {}

  // A fixed word, such as OK: no line breaks.
  void simple(std::string_view text);
  // "ERR what is wrong". Line breaks and unprintable characters are replaced, since errors repeat input.
  void error(std::string_view text);
  void integer(int64_t value);
  // An array of integers.
  void integers(std::initializer_list<int64_t> values);
  void bulk(std::string_view text);
  // Text for people. RESP3: a verbatim string.
  void text(std::string_view text);
  void null();
  // RESP2 has a special null where an array is expected.
  void null_array();
  // RESP2: 1 or 0.
  void boolean(bool value);

  // The next `count` replies belong to it, for a map the next `pairs` pairs.
  void array(size_t count) { head('*', static_cast<int64_t>(count)); }
  // RESP2: a flat array.
  void map(size_t pairs);
  // RESP2: an array.
  void set(size_t count);

  RespVersion protocol() const { return protocol_; }
  // The same reply in another version: HELLO answers in the version that it chooses.
  ReplyWriter in(RespVersion protocol) const { return {out_, protocol}; }

 private:
  void head(char type, int64_t number);

  net::ByteBuffer& out_;
  RespVersion protocol_;
};

}  // namespace rateguard::resp
