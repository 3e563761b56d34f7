// For tests of MemoryStore: short ways to write charges and keys.
#pragma once

#include <cstdint>
#include <string>

#include "store/memory/memory_store.h"

namespace rateguard {

inline constexpr Instant kNow = Instant::from_seconds(1'700'006'400);

inline Decision charge(Store& store, const std::string& key, const Limit& limit, uint32_t cost = 1,
                       Instant now = kNow) {
  Charge one = {.key = key, .limit = &limit, .cost = {cost}};
  store.charge({{&one, 1}}, now);
  return one.decision;
}

// A counter's key, one for each number.
inline std::string key_of(uint64_t n) {
  return "key/" + std::to_string(n);
}

}  // namespace rateguard
