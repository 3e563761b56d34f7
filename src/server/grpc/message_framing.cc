#include "server/grpc/message_framing.h"

#include <fmt/format.h>

namespace rateguard::grpc {
namespace {

Unframed refused(StatusCode code, std::string message) {
  return {.outcome = Unframed::Outcome::kRefused, .refusal = {code, std::move(message)}};
}

uint32_t length_of(std::string_view prefix) {
  uint32_t length = 0;
  for (size_t i = 1; i < kMessagePrefix; ++i) length = (length << 8) | static_cast<unsigned char>(prefix[i]);
  return length;
}

}  // namespace

Unframed MessageReader::next(std::string_view bytes, Encoding encoding) {
  if (bytes.size() < kMessagePrefix) return {};
  const auto flag = static_cast<unsigned char>(bytes[0]);
  const uint32_t length = length_of(bytes);
  if (flag > 1) return refused(StatusCode::kInternal, fmt::format("a message begins with 0 or 1, not {}", flag));
  if (length > message_bytes_max_) {
    return refused(StatusCode::kResourceExhausted,
                   fmt::format("a message of {} bytes; {} are accepted", length, message_bytes_max_));
  }
  if (bytes.size() - kMessagePrefix < length) return {};
  Unframed unframed{.outcome = Unframed::Outcome::kMessage,
                    .message = bytes.substr(kMessagePrefix, length),
                    .consumed = kMessagePrefix + length};
  if (flag == 0) return unframed;
  if (encoding != Encoding::kGzip) {
    return refused(StatusCode::kInternal, "a message is compressed, but grpc-encoding does not say how");
  }
  switch (gzip_.expand(unframed.message, message_bytes_max_, expanded_)) {
    case Gzip::Outcome::kDone:
      unframed.message = expanded_;
      return unframed;
    case Gzip::Outcome::kTooLarge:
      return refused(StatusCode::kResourceExhausted,
                     fmt::format("a message expands to more than {} bytes", message_bytes_max_));
    case Gzip::Outcome::kDamaged:
      break;
  }
  return refused(StatusCode::kInternal, "a message is not gzip");
}

Unframed MessageReader::only(std::string_view bytes, Encoding encoding) {
  Unframed unframed = next(bytes, encoding);
  if (unframed.outcome == Unframed::Outcome::kNeedMore)
    return refused(StatusCode::kInternal, "the message is incomplete");
  if (unframed.outcome == Unframed::Outcome::kMessage && unframed.consumed != bytes.size()) {
    return refused(StatusCode::kInternal, "more than one message in a call that takes one");
  }
  return unframed;
}

void write_prefix(char* to, size_t size, Compressed compressed) {
  to[0] = static_cast<char>(compressed);
  for (size_t i = 1; i < kMessagePrefix; ++i) to[i] = static_cast<char>(size >> (8 * (kMessagePrefix - 1 - i)));
}

}  // namespace rateguard::grpc
