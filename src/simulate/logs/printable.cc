#include "simulate/logs/printable.h"

#include <fmt/format.h>

#include <cstdint>
#include <iterator>

namespace rateguard::simulate {
namespace {

// The length of the UTF-8 character (RFC 3629) that `bytes` begins with; 0 if there is none, or if it is one that moves
// the cursor or the writing direction.
size_t character_length(std::string_view bytes) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(bytes[i]); };
  const uint8_t first = at(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7F ? 1 : 0;
  const size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || bytes.size() < length) return 0;
  uint32_t code = first & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xC0) != 0x80) return 0;
    code = code << 6 | (at(i) & 0x3Fu);
  }
  constexpr uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < kSmallest[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return 0;
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

}  // namespace rateguard::simulate
