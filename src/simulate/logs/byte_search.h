// Searches of short texts for the first of a few bytes, sixteen at a time.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace rateguard::simulate {

// The index of the first byte from `from` on that is one of `wanted`; text.size() where there is none. For texts that
// end after a few dozen bytes, which a call of memchr() for each of `wanted` would be dear for.
template <char... wanted>
inline size_t find_first(std::string_view text, size_t from) {
  using Bytes [[gnu::vector_size(16)]] = char;
  using Words [[gnu::vector_size(16)]] = uint64_t;
  static_assert(std::endian::native == std::endian::little, "the lowest bits are of the first byte");
  const char* const data = text.data();
  size_t at = from;
  for (; at + sizeof(Bytes) <= text.size(); at += sizeof(Bytes)) {
    Bytes bytes;
    std::memcpy(&bytes, data + at, sizeof bytes);
    const auto found = reinterpret_cast<Words>(((bytes == wanted) | ...));
    if (found[0] != 0) return at + static_cast<size_t>(std::countr_zero(found[0])) / 8;
    if (found[1] != 0) return at + 8 + static_cast<size_t>(std::countr_zero(found[1])) / 8;
  }
  while (at < text.size() && ((data[at] != wanted) && ...)) ++at;
  return at;
}

}  // namespace rateguard::simulate
