// Builds text that is mostly fixed: literals with names and figures between them.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace rateguard {

// "-9223372036854775808"
inline constexpr size_t kNumberBytesMax = 20;

template <size_t N>
constexpr size_t piece_bytes_max(const char (&)[N]) {
  return N - 1;
}
constexpr size_t piece_bytes_max(std::string_view text) {
  return text.size();
}
constexpr size_t piece_bytes_max(int64_t) {
  return kNumberBytesMax;
}

// Each overload writes a piece and returns the place after it.
template <size_t N>
char* write_piece(char* at, const char (&literal)[N]) {
  std::memcpy(at, literal, N - 1);
  return at + N - 1;
}
inline char* write_piece(char* at, std::string_view text) {
  if (!text.empty()) std::memcpy(at, text.data(), text.size());
  return at + text.size();
}
inline char* write_piece(char* at, int64_t number) {
  if (number >= 0 && number < 10) {  // half of an answer's figures are: no wait, nothing left, a window of a second
    *at = static_cast<char>('0' + number);
    return at + 1;
  }
  return std::to_chars(at, at + kNumberBytesMax, number).ptr;
}

// Appends text and whole numbers, in decimal, one behind the other. Room is made once for all pieces, so that a literal
// costs only the few instructions that store it.
template <typename... Pieces>
void append_all(std::string& out, const Pieces&... pieces) {
  const size_t size = out.size();
  out.resize_and_overwrite(size + (piece_bytes_max(pieces) + ...), [&](char* text, size_t) {
    char* at = text + size;
    ((at = write_piece(at, pieces)), ...);
    return static_cast<size_t>(at - text);
  });
}

}  // namespace rateguard
