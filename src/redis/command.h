// Commands as they go over the wire: RESP arrays of bulk strings.
#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace rateguard::redis {

inline void append_count(std::string& out, char mark, size_t count) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, count);
  out += mark;
  out.append(digits, end);
  out += "\r\n";
}

// One argument.
inline void append_argument(std::string& out, std::string_view text) {
  append_count(out, '$', text.size());
  out += text;
  out += "\r\n";
}
inline void append_argument(std::string& out, std::integral auto value) {
  char digits[20];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  append_argument(out, std::string_view(digits, end));
}

// A whole command.
inline void append_command(std::string& out, std::span<const std::string_view> words) {
  append_count(out, '*', words.size());
  for (const std::string_view word : words) append_argument(out, word);
}
inline void append_command(std::string& out, std::initializer_list<std::string_view> words) {
  append_command(out, std::span(words.begin(), words.size()));
}

}  // namespace rateguard::redis
