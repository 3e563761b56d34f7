// A hash under a random key of the process, so that no log can be made to contain colliding strings.
#pragma once

#include <cstdint>
#include <string_view>

namespace rateguard::simulate {

// 128 bits: two strings with the same are the same string for every purpose here, as the memory store takes 96 bits of
// its hash for the key itself.
struct KeyedHash {
  uint64_t low = 0;
  uint64_t high = 0;
  bool operator==(const KeyedHash&) const = default;
};

KeyedHash keyed_hash(std::string_view text);
}  // namespace rateguard::simulate
