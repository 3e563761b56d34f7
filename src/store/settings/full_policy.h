// What a store in memory does when it is full.
#pragma once

#include <cstdint>

namespace rateguard {

// What to do with a new key when the store holds max_keys live ones: drop the one nearest to fresh among some
// candidates and count it as evicted, or refuse the new key until one expires and count it as refused_full.
enum class FullPolicy : uint8_t { kEvict, kRefuse };

}  // namespace rateguard
