#include "rules/flat_index.h"

#include <cstring>
#include <utility>

#include "base/check.h"

namespace rateguard::rules {
namespace {

// wyhash's mixing step: both halves of a 128-bit product.
uint64_t mix(uint64_t a, uint64_t b) {
  const unsigned __int128 product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

// Odd, with an even spread of bits: wyhash's first two secrets.
constexpr uint64_t kMultiplier = 0xa0761d6478bd642f;
constexpr uint64_t kSeed = 0xe7037ed1a0b428db;

// Never 0, which marks a free slot.
uint32_t hash_of(uint32_t scope, std::string_view text) {
  uint64_t hash = kSeed ^ scope ^ (static_cast<uint64_t>(text.size()) << 32);
  const char* at = text.data();
  size_t left = text.size();
  for (; left > 8; left -= 8, at += 8) {
    uint64_t word;
    std::memcpy(&word, at, 8);
    hash = mix(hash ^ word, kMultiplier);
  }
  uint64_t word = 0;
  if (left == 8) {
    std::memcpy(&word, at, 8);
  } else {
    for (size_t i = 0; i < left; ++i) word = word << 8 | static_cast<unsigned char>(at[i]);
  }
  return static_cast<uint32_t>(mix(hash ^ word, kMultiplier) >> 16) | 1;
}

constexpr size_t kSizeBytes = 2;

}  // namespace

bool FlatIndex::holds(const Slot& slot, uint32_t scope, std::string_view text) const {
  if (slot.scope != scope) return false;
  const char* stored = texts_.data() + slot.text;
  uint16_t size;
  std::memcpy(&size, stored, kSizeBytes);
  return size == text.size() && std::string_view(stored + kSizeBytes, size) == text;
}

std::optional<uint32_t> FlatIndex::find(uint32_t scope, std::string_view text) const {
  if (slots_.empty()) return std::nullopt;
  const uint32_t hash = hash_of(scope, text);
  const size_t mask = slots_.size() - 1;
  for (size_t at = hash >> 1 & mask;; at = (at + 1) & mask) {
    const Slot& slot = slots_[at];
    if (slot.hash == 0) return std::nullopt;
    if (slot.hash == hash && holds(slot, scope, text)) return slot.value;
  }
}

uint32_t FlatIndex::find_or_add(uint32_t scope, std::string_view text, uint32_t value) {
  if (const auto found = find(scope, text)) return *found;
  if ((size_ + 1) * 2 > slots_.size()) grow();
  RG_CHECK(text.size() <= UINT16_MAX && texts_.size() + text.size() + kSizeBytes < UINT32_MAX);
  const Slot added{
      .hash = hash_of(scope, text), .scope = scope, .value = value, .text = static_cast<uint32_t>(texts_.size())};
  const auto size = static_cast<uint16_t>(text.size());
  texts_.append(reinterpret_cast<const char*>(&size), kSizeBytes);
  texts_.append(text);
  const size_t mask = slots_.size() - 1;
  size_t at = added.hash >> 1 & mask;
  while (slots_[at].hash != 0) at = (at + 1) & mask;
  slots_[at] = added;
  ++size_;
  return value;
}

void FlatIndex::grow() {
  std::vector<Slot> old(slots_.empty() ? 16 : slots_.size() * 2);
  std::swap(old, slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.hash == 0) continue;
    size_t at = slot.hash >> 1 & mask;
    while (slots_[at].hash != 0) at = (at + 1) & mask;
    slots_[at] = slot;
  }
}

}  // namespace rateguard::rules
