#include "simulate/interner.h"

#include <sys/random.h>

#include <algorithm>
#include <cstring>

#include "base/check.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kSlotsAtStart = 1024;
constexpr size_t kBlockBytes = 256 * 1024;  // large enough that a block's bookkeeping vanishes, small enough to waste

uint64_t random_key() {
  uint64_t key = 0x9E3779B97F4A7C15;  // where the system has no randomness the key is only less of a secret
  [[maybe_unused]] const ssize_t got = getrandom(&key, sizeof key, GRND_NONBLOCK);
  return key;
}

const uint64_t kKey = random_key();

uint64_t load64(const char* p) {
  uint64_t v;
  std::memcpy(&v, p, sizeof v);
  return v;
}

uint64_t fold(uint64_t a, uint64_t b) {
  const auto product = static_cast<unsigned __int128>(a) * b;
  return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
}

}  // namespace

// Multiply-and-fold over words of 8 bytes, as in wyhash (github.com/wangyi-fudan/wyhash, public domain).
uint64_t hash_bytes(std::string_view text) {
  constexpr uint64_t kA = 0xA0761D6478BD642F;
  constexpr uint64_t kB = 0xE7037ED1A0B428DB;
  const char* p = text.data();
  size_t left = text.size();
  uint64_t state = kKey ^ fold(text.size() ^ kA, kB);
  while (left >= 16) {
    state = fold(load64(p) ^ kA ^ state, load64(p + 8) ^ kB);
    p += 16;
    left -= 16;
  }
  uint64_t low = 0;
  uint64_t high = 0;
  if (left > 8) {
    low = load64(p);
    std::memcpy(&high, p + 8, left - 8);
  } else if (left > 0) {
    std::memcpy(&low, p, left);
  }
  return fold(fold(low ^ kA ^ state, high ^ kB), kKey ^ kB);
}

Interner::Interner() : slots_(kSlotsAtStart) {}

uint32_t Interner::intern(std::string_view text) {
  const uint64_t full = hash_bytes(text);
  const auto hash = static_cast<uint32_t>(full >> 32);
  const size_t mask = slots_.size() - 1;
  for (size_t i = full & mask;; i = (i + 1) & mask) {
    Slot& slot = slots_[i];
    if (slot.id_plus_one == 0) return add(text, slot, hash);
    if (slot.hash == hash && texts_[slot.id_plus_one - 1] == text) return slot.id_plus_one - 1;
  }
}

std::optional<uint32_t> Interner::find(std::string_view text) const {
  const uint64_t full = hash_bytes(text);
  const auto hash = static_cast<uint32_t>(full >> 32);
  const size_t mask = slots_.size() - 1;
  for (size_t i = full & mask; slots_[i].id_plus_one != 0; i = (i + 1) & mask) {
    if (slots_[i].hash == hash && texts_[slots_[i].id_plus_one - 1] == text) return slots_[i].id_plus_one - 1;
  }
  return std::nullopt;
}

uint32_t Interner::add(std::string_view text, Slot& slot, uint32_t hash) {
  RG_CHECK(texts_.size() < UINT32_MAX - 1);
  texts_.push_back(store(text));
  const auto id = static_cast<uint32_t>(texts_.size() - 1);
  slot = {.hash = hash, .id_plus_one = id + 1};
  if (texts_.size() * 2 > slots_.size()) grow();
  return id;
}

std::string_view Interner::store(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > free_bytes_) {
    const size_t size = std::max(kBlockBytes, text.size());
    blocks_.push_back(std::make_unique_for_overwrite<char[]>(size));
    free_ = blocks_.back().get();
    free_bytes_ = size;
  }
  std::memcpy(free_, text.data(), text.size());
  const std::string_view stored(free_, text.size());
  free_ += text.size();
  free_bytes_ -= text.size();
  return stored;
}

void Interner::grow() {
  std::vector<Slot> larger(slots_.size() * 2);
  const size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.id_plus_one == 0) continue;
    size_t i = hash_bytes(texts_[slot.id_plus_one - 1]) & mask;
    while (larger[i].id_plus_one != 0) i = (i + 1) & mask;
    larger[i] = slot;
  }
  slots_ = std::move(larger);
}

}  // namespace rateguard::simulate
