// Searches of short texts for the first of a few bytes, sixteen at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rateguard::simulate {

using Bytes [[gnu::vector_size(16)]] = char;

// The index of the first byte that is not 0, of bytes that are 0 or have all bits set; 16 or more where all are 0.
inline size_t first_set(Bytes bytes) {
#if defined(__x86_64__)
  return static_cast<size_t>(std::countr_zero(static_cast<unsigned>(__builtin_ia32_pmovmskb128(bytes))));
#else
  using Words [[gnu::vector_size(16)]] = uint64_t;
  static_assert(std::endian::native == std::endian::little, "the lowest bits are of the first byte");
  const auto words = reinterpret_cast<Words>(bytes);
  return static_cast<size_t>(words[0] != 0 ? std::countr_zero(words[0]) : 64 + std::countr_zero(words[1])) / 8;
#endif
}

// The index of the first byte from `from` on that is one of `wanted`; text.size() if there is none. For texts that end
// after a few dozen bytes, which a call of memchr() for each of `wanted` would be dear for.
template <char... wanted>
inline size_t find_first(std::string_view text, size_t from) {
  const char* const data = text.data();
  size_t at = from;
  for (; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    Bytes bytes;
    std::memcpy(&bytes, data + at, sizeof bytes);
    if (const size_t found = first_set(reinterpret_cast<Bytes>(((bytes == wanted) | ...))); found < sizeof bytes) {
      return at + found;
    }
  }
  while (at < text.size() && ((data[at] != wanted) && ...)) ++at;
  return at;
}

// As text.starts_with(), for beginnings of a few bytes, for which a call of memcmp() would be dear.
inline bool begins_with(std::string_view text, std::string_view beginning) {
  size_t left = beginning.size();
  if (text.size() < left) return false;
  const char* a = text.data();
  const char* b = beginning.data();
  if (left < sizeof(uint64_t)) {
    for (; left > 0 && *a == *b; --left, ++a, ++b) {
    }
    return left == 0;
  }
  const auto differ = [](const char* x, const char* y) {
    uint64_t words[2];
    std::memcpy(&words[0], x, sizeof words[0]);
    std::memcpy(&words[1], y, sizeof words[1]);
    return words[0] != words[1];
  };
  for (; left > sizeof(uint64_t); left -= sizeof(uint64_t), a += sizeof(uint64_t), b += sizeof(uint64_t)) {
    if (differ(a, b)) return false;
  }
  const size_t back = sizeof(uint64_t) - left;  // the last word may overlap the one before it
  return !differ(a - back, b - back);
}

// Where the `count`-th word of a text ends that begins with a word, at the space behind it; npos where there are not so
// many spaces. Two spaces have an empty word between them. REQUIRES: count >= 1.
inline size_t find_end_of_word(std::string_view text, size_t count) {
  size_t at = 0;
#if defined(__x86_64__)
  for (; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    Bytes bytes;
    std::memcpy(&bytes, text.data() + at, sizeof bytes);
    auto spaces = static_cast<unsigned>(__builtin_ia32_pmovmskb128(reinterpret_cast<Bytes>(bytes == ' ')));
    for (; spaces != 0; spaces &= spaces - 1) {
      if (--count == 0) return at + static_cast<size_t>(std::countr_zero(spaces));
    }
  }
#endif
  for (; at < text.size(); ++at) {
    if (text[at] == ' ' && --count == 0) return at;
  }
  return std::string_view::npos;
}

}  // namespace rateguard::simulate
