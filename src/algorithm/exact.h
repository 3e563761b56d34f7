// Exact integer arithmetic over products that may need more than 64 bits. The 64-bit path is taken whenever the numbers
// allow.
#pragma once

#include <algorithm>
#include <cstdint>

#include "model/instant.h"

namespace rateguard::algorithm {

using Wide = unsigned __int128;

// Larger than every instant and wait that a Limit allows, and small enough that sums of a few stay inside 64 bits.
// Quotients beyond it, which only an edited limit can cause, are cut to it.
inline constexpr uint64_t kBeyond = uint64_t{1} << 60;

constexpr Wide product(uint64_t a, uint64_t b) {
  return static_cast<Wide>(a) * b;
}
constexpr bool fits_64(Wide value) {
  return static_cast<uint64_t>(value >> 64) == 0;
}

struct Quotient {
  uint64_t whole = 0;
  uint64_t rest = 0;

  constexpr uint64_t rounded_up() const { return whole + (rest != 0); }
  // Rounded up, as microseconds; at most kBeyond.
  constexpr Duration wait() const { return {static_cast<int64_t>(std::min(rounded_up(), kBeyond))}; }
};

// REQUIRES: divisor > 0.
constexpr Quotient divide(Wide value, uint64_t divisor) {
  if (fits_64(value)) [[likely]] {
    const auto narrow = static_cast<uint64_t>(value);
    if (divisor == 1) return {narrow, 0};  // a whole number of microseconds per unit
    return {narrow / divisor, narrow % divisor};
  }
  const Wide whole = value / divisor;
  if (whole > kBeyond) return {kBeyond, 0};
  return {static_cast<uint64_t>(whole), static_cast<uint64_t>(value % divisor)};
}

}  // namespace rateguard::algorithm
