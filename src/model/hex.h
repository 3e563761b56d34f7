// Bytes as hexadecimal digits, the high half of a byte first (RFC 4648, section 8).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/ascii.h"

namespace rateguard {

// Adds two lower-case digits for each byte.
inline void append_hex(std::string& out, std::span<const uint8_t> bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (const uint8_t byte : bytes) {
    out += kDigits[byte >> 4];
    out += kDigits[byte & 0xF];
  }
}

// Fills `bytes`. False unless `text` is two digits, in either case, for each of them; then some may have been changed.
constexpr bool parse_hex(std::string_view text, std::span<uint8_t> bytes) {
  if (text.size() != 2 * bytes.size()) return false;
  for (size_t i = 0; i < bytes.size(); ++i) {
    const int high = hex_value(text[2 * i]);
    const int low = hex_value(text[2 * i + 1]);
    if (high < 0 || low < 0) return false;
    bytes[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return true;
}

}  // namespace rateguard
