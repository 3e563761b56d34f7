// Reads and writes Protocol Buffers messages.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/grpc/message_framing.h"
#include "server/grpc/status.h"

namespace rateguard::grpc {

// Does not keep references to `text`.
template <typename Message>
Status parse(std::string_view text, Message& message) {
  if (message.ParseFromArray(text.data(), static_cast<int>(text.size()))) return {};
  return {StatusCode::kInternal, "the message is not a " + message.GetTypeName()};
}

// Makes `out` the message with its prefix.
template <typename Message>
void frame(const Message& message, std::string& out) {
  const size_t size = message.ByteSizeLong();
  out.resize(kMessagePrefix + size);
  write_prefix(out.data(), size, Compressed::kNo);
  message.SerializeWithCachedSizesToArray(reinterpret_cast<uint8_t*>(out.data() + kMessagePrefix));
}

}  // namespace rateguard::grpc
