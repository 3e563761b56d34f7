#include "text/printable.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "text/utf8.h"

namespace rateguard {
namespace {

// The length of the UTF-8 character that `bytes` begins with; 0 if there is none, or if it is one that moves the cursor
// or the writing direction.
size_t character_length(std::string_view bytes) {
  const size_t length = utf8_length(bytes);
  if (length == 1) return bytes[0] >= ' ' && bytes[0] != '\x7F' ? 1 : 0;
  if (length == 0) return 0;
  uint32_t code = static_cast<uint8_t>(bytes[0]) & (0x7Fu >> length);
  for (const char c : bytes.substr(1, length - 1)) code = code << 6 | (static_cast<uint8_t>(c) & 0x3Fu);
  const bool control = code < 0xA0 || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069) ||
                       code == 0x200E || code == 0x200F || code == 0xFEFF;
  return control ? 0 : length;
}

}  // namespace

std::string printable(std::string_view bytes, size_t chars_max) {
  std::string out;
  while (!bytes.empty()) {
    const size_t length = character_length(bytes);
    const std::string piece =
        length > 0 ? std::string(bytes.substr(0, length)) : fmt::format("\\x{:02X}", static_cast<uint8_t>(bytes[0]));
    if (out.size() + piece.size() > chars_max) return out + "...";
    out += piece;
    bytes.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

size_t width_of(std::string_view text) {
  return static_cast<size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<uint8_t>(c) & 0xC0) != 0x80; }));
}

}  // namespace rateguard
