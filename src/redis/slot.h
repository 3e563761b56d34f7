// Where a key lives in a Redis Cluster ("Redis cluster specification", redis.io).
#pragma once

#include <cstdint>
#include <string_view>

namespace rateguard::redis {

constexpr uint16_t kSlotCount = 16'384;

// CRC16 of the key, modulo 16,384; of what stands between the first '{' and the '}' after it alone, where that is not
// empty: keys with one such hash tag live together.
uint16_t slot_of(std::string_view key);

}  // namespace rateguard::redis
