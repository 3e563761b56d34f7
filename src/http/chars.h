// Which bytes each part of a request's head may contain, as one table of bits.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace rateguard::http {

enum CharClass : uint8_t {
  kTokenChar = 1,   // RFC 9110, section 5.6.2
  kLineChar = 2,    // what a line may contain at all: HTAB, SP, VCHAR, obs-text (RFC 9110, section 5.5)
  kTargetChar = 4,  // visible ASCII but '#': wider than RFC 3986, because clients send "|" and "{" unencoded
  kHostChar = 8,    // RFC 3986, section 3.2.2, without the comma, with ':' and brackets
  kHexChar = 16,
  kDigitChar = 32,
};

constexpr std::array<uint8_t, 256> make_char_classes() {
  std::array<uint8_t, 256> classes{};
  const auto mark = [&](std::string_view chars, CharClass bit) {
    for (const char c : chars) classes[static_cast<uint8_t>(c)] |= bit;
  };
  constexpr std::string_view kAlphanumeric = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  mark(kAlphanumeric, kTokenChar);
  mark("!#$%&'*+-.^_`|~", kTokenChar);
  mark(kAlphanumeric, kHostChar);
  mark("-._~%!$&'()*+;=:[]", kHostChar);
  mark("0123456789ABCDEFabcdef", kHexChar);
  mark("0123456789", kDigitChar);
  for (size_t c = 0x20; c < 256; ++c) {
    if (c != 0x7f) classes[c] |= kLineChar;
    if (c > 0x20 && c < 0x7f && c != '#') classes[c] |= kTargetChar;
  }
  classes['\t'] |= kLineChar;
  return classes;
}

inline constexpr std::array<uint8_t, 256> kCharClasses = make_char_classes();

constexpr bool is_char(char c, CharClass bit) {
  return (kCharClasses[static_cast<uint8_t>(c)] & bit) != 0;
}

// Whether every byte is of that class; true for empty text.
constexpr bool all_chars(std::string_view text, CharClass bit) {
  for (const char c : text) {
    if (!is_char(c, bit)) return false;
  }
  return true;
}

constexpr char lower_ascii(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}

// `lower` is lower case already.
constexpr bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (lower_ascii(text[i]) != lower[i]) return false;
  }
  return true;
}

}  // namespace rateguard::http
