// 128 slots of 32 bytes, one page of memory: an open-addressed table with linear probing, small enough that a deletion
// shifts back what follows and leaves no tombstone. Whoever touches a group holds its lock (table.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "algorithm/state.h"
#include "base/check.h"
#include "store/memory/siphash.h"

namespace rateguard::memory {

// A key as the table knows it: 96 bits of its keyed hash. docs/decisions/0003-memory-store.md says why that is as good
// as the key itself. `head` is never 0: a slot whose head is 0 is empty.
struct Fingerprint {
  uint64_t head = 0;
  uint32_t rest = 0;

  static Fingerprint of(Hash128 hash) { return {hash.low | (hash.low == 0), static_cast<uint32_t>(hash.high)}; }

  // Three independent parts: which of the first groups, which of its descendants, where in the group.
  uint32_t root_bits() const { return static_cast<uint32_t>(head >> 32); }
  uint32_t path_bits() const { return static_cast<uint32_t>(head); }
  // Even: the first of the two slots that share a cache line.
  uint32_t home() const { return (rest & 63) * 2; }

  bool operator==(const Fingerprint&) const = default;
};

struct Slot {
  uint32_t fingerprint[3];
  algorithm::State state;

  uint64_t head() const {
    uint64_t value;
    std::memcpy(&value, fingerprint, sizeof value);
    return value;
  }
  bool is_empty() const { return head() == 0; }
  bool holds(const Fingerprint& wanted) const { return head() == wanted.head && fingerprint[2] == wanted.rest; }
  Fingerprint key() const { return {head(), fingerprint[2]}; }
  void set_key(const Fingerprint& key) {
    std::memcpy(fingerprint, &key.head, sizeof key.head);
    fingerprint[2] = key.rest;
  }
};
static_assert(sizeof(Slot) == 32, "two to a cache line");

struct alignas(4096) SlotGroup {
  static constexpr uint32_t kSlots = 128;

  Slot slots[kSlots];

  Slot* find(const Fingerprint& key) {
    uint32_t at = key.home();
    for (uint32_t step = 0; step < kSlots; ++step, at = (at + 1) % kSlots) {
      if (slots[at].head() == key.head && slots[at].fingerprint[2] == key.rest) [[likely]]
        return &slots[at];
      if (slots[at].is_empty()) return nullptr;
    }
    return nullptr;
  }

  // Adds a key in a state never used. REQUIRES: it is not there, and the group is not full.
  Slot& insert(const Fingerprint& key) {
    uint32_t at = key.home();
    while (!slots[at].is_empty()) at = (at + 1) % kSlots;
    slots[at].set_key(key);
    slots[at].state = {};
    return slots[at];
  }

  // Empties a slot and moves what it displaced back towards its home (Knuth, TAOCP 6.4, algorithm R).
  void erase(Slot* slot) {
    uint32_t hole = static_cast<uint32_t>(slot - slots);
    uint32_t at = hole;
    for (uint32_t step = 1; step < kSlots; ++step) {
      at = (at + 1) % kSlots;
      if (slots[at].is_empty()) break;
      const uint32_t from_home = (at - slots[at].key().home()) % kSlots;
      const uint32_t from_hole = (at - hole) % kSlots;
      if (from_home >= from_hole) {
        slots[hole] = slots[at];
        hole = at;
      }
    }
    std::memset(static_cast<void*>(&slots[hole]), 0, sizeof(Slot));
  }
};
static_assert(sizeof(SlotGroup) == 4096, "one page");

}  // namespace rateguard::memory
