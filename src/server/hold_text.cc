#include "server/hold_text.h"

#include "model/ascii.h"

namespace rateguard::server {

void append_hold(std::string& out, const HoldId& hold) {
  constexpr char kHex[] = "0123456789abcdef";
  for (const uint8_t byte : hold.bytes) {
    out += kHex[byte >> 4];
    out += kHex[byte & 0xF];
  }
}

bool parse_hold(std::string_view text, HoldId& hold) {
  if (text.size() != 2 * hold.bytes.size()) return false;
  for (size_t i = 0; i < hold.bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    hold.bytes[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return true;
}

}  // namespace rateguard::server
