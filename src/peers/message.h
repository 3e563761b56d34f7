// What instances tell each other over a channel: "<count> <sender> reset <key>", "<count> <sender> reload <revision>",
// "<count> <sender> forget", "<count> <sender> catalog <revision>". The count is Redis's own, one more with each
// message, so that a lost one is noticed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rateguard::peers {

enum class MessageKind : uint8_t {
  kReset,    // a counter; its key follows
  kReload,   // rules were reloaded; their revision follows
  kForget,   // more resets than can be sent one by one
  kCatalog,  // the catalog was changed; its revision follows
};

struct Message {
  uint64_t count = 0;
  uint64_t sender = 0;
  MessageKind kind = MessageKind::kForget;
  std::string_view payload = {};  // a view into the text it was read from; any bytes
};

// An instance's name in Redis: 16 hexadecimal digits.
std::string encode_id(uint64_t id);
std::optional<uint64_t> decode_id(std::string_view text);

// What comes after the count, which Redis puts in front.
std::string encode_uncounted(uint64_t sender, MessageKind kind, std::string_view payload);
// nullopt if it is not a message, or one of a later version.
std::optional<Message> decode_message(std::string_view text);

}  // namespace rateguard::peers
