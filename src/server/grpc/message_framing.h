// Messages on the wire: a byte that says whether it is compressed, four of length, the bytes (gRPC over HTTP/2,
// "Length-Prefixed-Message").
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "server/grpc/call_head.h"
#include "server/grpc/gzip.h"
#include "server/grpc/status.h"

namespace rateguard::grpc {

inline constexpr size_t kMessagePrefix = 5;

struct Unframed {
  enum class Outcome : uint8_t { kMessage, kNeedMore, kRefused };
  Outcome outcome = Outcome::kNeedMore;
  std::string_view message = {};  // lives as long as the input, or until the next call
  size_t consumed = 0;            // bytes taken off the front
  Status refusal = {};
};

// Takes messages off the bytes that a caller sent. One per event loop.
class MessageReader {
 public:
  // Messages above `message_bytes_max`, as sent or expanded, are refused.
  explicit MessageReader(size_t message_bytes_max) : message_bytes_max_(message_bytes_max) {}

  Unframed next(std::string_view bytes, Encoding encoding);
  // Reads exactly one message, with nothing after it.
  Unframed only(std::string_view bytes, Encoding encoding);

 private:
  size_t message_bytes_max_;
  Gzip gzip_;
  std::string expanded_;
};

// The prefix of a message of `size` bytes.
enum class Compressed : uint8_t { kNo = 0, kYes = 1 };
void write_prefix(char* to, size_t size, Compressed compressed);

}  // namespace rateguard::grpc
