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

// The index of the first byte from `from` on that is one of `wanted`; text.size() where there is none. For texts that
// end after a few dozen bytes, which a call of memchr() for each of `wanted` would be dear for.
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

}  // namespace rateguard::simulate
