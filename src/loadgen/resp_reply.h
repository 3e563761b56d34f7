// Replies of the Redis protocol, RESP2 and RESP3 (redis.io/docs/latest/develop/reference/protocol-spec).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace rateguard::loadgen {

// What a load generator wants to know of a reply.
struct RespReply {
  size_t size = 0;                           // in bytes; 0: it is not whole yet
  bool is_error = false;                     // the reply itself, not something in it
  bool is_push = false;                      // RESP3: sent unasked
  std::string_view error = {};               // its text
  std::optional<int64_t> first_number = {};  // the first integer or boolean in it
};

// The reply at the front of `bytes`. nullopt: malformed, or nested or long beyond what any answer to a check is.
std::optional<RespReply> read_reply(std::string_view bytes);

}  // namespace rateguard::loadgen
