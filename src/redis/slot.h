// The slot of a key in a Redis Cluster ("Redis cluster specification", redis.io).
#pragma once

#include <cstdint>
#include <string_view>

namespace rateguard::redis {

constexpr uint16_t kSlotCount = 16'384;

// CRC16 of the key, modulo 16,384; if there is text between the first '{' and the next '}', of that text alone: keys
// with the same hash tag share a slot.
uint16_t slot_of(std::string_view key);

}  // namespace rateguard::redis
