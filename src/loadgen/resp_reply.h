// Replies of the Redis protocol, RESP2 and RESP3 (redis.io/docs/latest/develop/reference/protocol-spec).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::loadgen {

// What a load generator needs from a reply.
struct RespReply {
  size_t size = 0;                           // in bytes; 0: incomplete
  bool is_error = false;                     // the reply itself, not an element of it
  bool is_push = false;                      // RESP3: sent without a command
  std::string_view error = {};               // its text
  std::optional<int64_t> first_number = {};  // the first integer or boolean in it
};

// The reply at the front of `bytes`. nullopt: malformed, or nested deeper or longer than any answer to a check.
std::optional<RespReply> read_reply(std::string_view bytes);

}  // namespace rateguard::loadgen
