#include "simulate/interner.h"

#include "base/check.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kSlotsAtStart = 1024;

}  // namespace

Interner::Interner() : slots_(kSlotsAtStart) {}

uint32_t Interner::intern(std::string_view text, const KeyedHash& hash) {
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash.low & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.id_plus_one == 0) return add(text, slot, hash);
    if (slot.is_of(hash)) return slot.id_plus_one - 1;
  }
}

std::optional<uint32_t> Interner::find(std::string_view text) const {
  const KeyedHash hash = keyed_hash(text);
  const size_t mask = slots_.size() - 1;
  for (size_t i = hash.low & mask; slots_[i].id_plus_one != 0; i = (i + 1) & mask) {
    if (slots_[i].is_of(hash)) return slots_[i].id_plus_one - 1;
  }
  return std::nullopt;
}

uint32_t Interner::add(std::string_view text, Slot& slot, const KeyedHash& hash) {
  RG_CHECK(texts_.size() < UINT32_MAX - 1);
  texts_.push_back(bytes_.store(text));
  const auto id = static_cast<uint32_t>(texts_.size() - 1);
  slot = {.hash_low = hash.low, .hash_high = static_cast<uint32_t>(hash.high), .id_plus_one = id + 1};
  if (texts_.size() * 3 > slots_.size() * 2) grow();
  return id;
}

void Interner::grow() {
  HugePageVector<Slot> larger(slots_.size() * 2);
  const size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id_plus_one == 0) continue;
    size_t i = slot.hash_low & mask;
    while (larger[i].id_plus_one != 0) i = (i + 1) & mask;
    larger[i] = slot;
  }
  slots_ = std::move(larger);
}

}  // namespace rateguard::simulate
