#include "catalog/record_id.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"

namespace rateguard::catalog {
namespace {

// Crockford's alphabet: no i, l, o or u (https://www.crockford.com/base32.html).
constexpr std::string_view kAlphabet = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kTimeCharacters = 10;
constexpr size_t kRandomBytes = 10;
constexpr size_t kRandomCharacters = 16;
constexpr size_t kIdBytesMax = 64;

}  // namespace

std::string new_record_id(RecordKind kind, Instant now) {
  std::array<uint8_t, kRandomBytes> random;
  // Up to 256 bytes come whole and without an error once the system has started (getrandom(2)).
  RG_CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  std::string id(id_prefix(kind));
  const uint64_t ms = static_cast<uint64_t>(std::max<int64_t>(0, now.us / 1'000));
  for (size_t i = 0; i < kTimeCharacters; ++i) id += kAlphabet[(ms >> (5 * (kTimeCharacters - 1 - i))) & 31];
  for (size_t i = 0; i < kRandomCharacters; ++i) {
    const size_t bit = i * 5;
    const unsigned next = bit / 8 + 1 < random.size() ? random[bit / 8 + 1] : 0;
    const unsigned pair = unsigned{random[bit / 8]} << 8 | next;
    id += kAlphabet[(pair >> (11 - bit % 8)) & 31];
  }
  return id;
}

bool is_record_id(RecordKind kind, std::string_view id) {
  const std::string_view prefix = id_prefix(kind);
  if (id.size() <= prefix.size() || id.size() > kIdBytesMax || !id.starts_with(prefix)) return false;
  return std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '-' ||
           c == '.';
  });
}

}  // namespace rateguard::catalog
