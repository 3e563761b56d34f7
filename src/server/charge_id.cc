#include "server/charge_id.h"

#include <atomic>
#include <bit>
#include <cstdint>

#include "store/memory/key_hash.h"

namespace rateguard::server {

// Random bits of the process, then a count.
std::optional<std::array<char, 16>> next_charge_id() {
  static const auto begin = memory::HashKey::random();
  static std::atomic<uint64_t> made = 0;
  if (!begin) return std::nullopt;
  const uint64_t process = std::bit_cast<std::array<uint64_t, 2>>(begin->bytes)[0];
  return std::bit_cast<std::array<char, 16>>(
      std::array<uint64_t, 2>{process, made.fetch_add(1, std::memory_order_relaxed)});
}

}  // namespace rateguard::server
