// Each distinct byte string once, numbered from 0 in order of first sight: what makes an event a few integers.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/prefetch.h"
#include "simulate/arena.h"
#include "simulate/huge_pages.h"
#include "simulate/keyed_hash.h"

namespace rateguard::simulate {

// Owns its strings; the views it gives live as long as it does. Not thread-safe.
//
// Open addressing; strings are distinguished by 96 bits of a keyed hash, as counters are in the memory store, so that
// finding one again touches one slot and not its bytes. Memory: the bytes, and about 45 more per distinct string.
class Interner {
 public:
  Interner();
  Interner(Interner&&) noexcept = default;
  Interner& operator=(Interner&&) noexcept = default;

  // The number of `text`; a new one if it was not seen before. REQUIRES: fewer than 2^32 - 1 distinct strings.
  uint32_t intern(std::string_view text) { return intern(text, keyed_hash(text)); }
  // The same where keyed_hash(text) is known; begun ahead of it by prefetch(hash).
  uint32_t intern(std::string_view text, const KeyedHash& hash);
  void prefetch(const KeyedHash& hash) const { rateguard::prefetch(&slots_[hash.low & (slots_.size() - 1)]); }
  // The number of a string that was seen; nullopt if it was not.
  std::optional<uint32_t> find(std::string_view text) const;
  std::string_view text(uint32_t id) const { return texts_[id]; }
  // Begins to bring text(id), but not its bytes, to the processor's cache.
  void prefetch_text(uint32_t id) const { rateguard::prefetch(&texts_[id]); }
  uint32_t size() const { return static_cast<uint32_t>(texts_.size()); }

 private:
  struct Slot {
    uint64_t hash_low = 0;
    uint32_t hash_high = 0;
    uint32_t id_plus_one = 0;  // 0: empty

    bool is_of(const KeyedHash& hash) const {
      return hash_low == hash.low && hash_high == static_cast<uint32_t>(hash.high);
    }
  };
  static_assert(sizeof(Slot) == 16, "none lies in two cache lines");

  uint32_t add(std::string_view text, Slot& slot, const KeyedHash& hash);
  void grow();

  HugePageVector<Slot> slots_;
  std::vector<std::string_view> texts_;
  Arena bytes_;
};

}  // namespace rateguard::simulate
