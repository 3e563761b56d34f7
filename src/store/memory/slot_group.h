// 128 slots of 32 bytes, one page of memory: an open-addressed table with linear probing, small enough that a deletion
// can shift back the slots after it and leave no tombstone. A group is guarded by its lock (table.h).
#pragma once

#include <cstdint>
#include <cstring>
#include <utility>

#include "algorithm/state.h"
#include "store/memory/key_hash.h"

namespace rateguard::memory {

// A key in the table: 95 bits of its keyed hash. docs/decisions/0003-memory-store.md says why that is as good as the
// key itself. The lowest bit of `head` is always set: a slot whose head is 0 is empty.
struct Fingerprint {
  uint64_t head;
  uint32_t rest;

  static Fingerprint of(Hash128 hash) { return {hash.low | 1, static_cast<uint32_t>(hash.high)}; }

  // Three independent parts: which of the first groups, which of its descendants, where in the group.
  uint32_t root_bits() const { return static_cast<uint32_t>(head >> 32); }
  uint32_t path_bits() const { return static_cast<uint32_t>(head) >> 1; }
  // Even: the first of the two slots that share a cache line.
  uint32_t home() const { return (rest & 63) * 2; }

  bool operator==(const Fingerprint&) const = default;
};

// A counter: its key and its state.
class alignas(32) Slot {
 public:
  bool is_empty() const { return head_ == 0; }
  bool holds(Fingerprint key) const { return (head_ == key.head) & (rest_ == key.rest); }
  Fingerprint key() const { return {head_, rest_}; }
  const algorithm::State& state() const { return state_; }

  void set(Fingerprint key, const algorithm::State& state) {
    head_ = key.head;
    rest_ = key.rest;
    state_ = state;
  }
  // An assignment field by field, each in its own register. A plain copy reads 16 bytes at once that were just written
  // 4 and 8 at a time; the processor cannot forward them from its store buffer and waits until they have reached the
  // cache, which takes as long as the whole decision.
  void set_state(const algorithm::State& state) {
    uint64_t front;
    std::memcpy(&front, &state, sizeof front);
    uint32_t x = state.x;
    uint32_t y = state.y;
    uint32_t z = state.z;
    asm("" : "+r"(front), "+r"(x), "+r"(y), "+r"(z));
    std::memcpy(static_cast<void*>(&state_), &front, sizeof front);
    state_.x = x;
    state_.y = y;
    state_.z = z;
  }
  void clear() { set({}, {}); }

 private:
  friend class Line;

  algorithm::State state_;
  uint32_t rest_;
  uint64_t head_;
};
static_assert(sizeof(Slot) == 32, "two to a cache line");

// The two slots of a cache line, for a key that is at home in them: it is in one of them five times out of six
// (table.h). Which one is random, so no branch and no store address depends on it: after a misprediction the processor
// discards its work on the next requests, and while it does not know a store's address it holds back loads that might
// read it, including those of registers saved on the stack.
class Line {
 public:
  // REQUIRES: `slots` are the two of the key's home.
  Line(Slot* slots, Fingerprint key) : slots_(slots), in_second_(slots[1].head_ == key.head) {
    asm("" : "+r"(in_second_));  // otherwise the compiler turns it into a branch
  }

  // False if it is elsewhere, or if the second slot holds another key with the same 64 bits of head.
  bool holds(Fingerprint key) const {
    return slots_[in_second_].head_ == key.head && slots_[in_second_].rest_ == key.rest;
  }

  // REQUIRES, for both: holds().
  const algorithm::State& state() const { return slots_[in_second_].state(); }
  // Writes both slots, one of them with its own contents.
  void set_state(const algorithm::State& state) {
    const uint64_t first_keeps = 0 - uint64_t{in_second_};
    const Words words(state);
    words.store(slots_[0].state_, first_keeps);
    words.store(slots_[1].state_, ~first_keeps);
  }

 private:
  // A state in as few registers as possible.
  struct Words {
    using Pair [[gnu::vector_size(16)]] = uint64_t;

    Pair front;
    uint32_t back;

    explicit Words(const algorithm::State& state) : back(state.z) {
      uint64_t parts[2];
      std::memcpy(parts, &state, sizeof parts);
      front = Pair{parts[0], parts[1]};
    }

    // `keep`: all ones to keep the old state, all zeros to store the new one.
    void store(algorithm::State& there, uint64_t keep) const {
      const Words old(there);
      const Pair kept = {keep, keep};
      const Pair stored = (old.front & kept) | (front & ~kept);
      std::memcpy(static_cast<void*>(&there), &stored, sizeof stored);
      const auto kept_back = static_cast<uint32_t>(keep);
      there.z = (old.back & kept_back) | (back & ~kept_back);
    }
  };

  Slot* slots_;
  size_t in_second_;
};

struct alignas(4096) SlotGroup {
  static constexpr uint32_t kSlots = 128;

  Slot slots[kSlots];

  Line home_of(Fingerprint key) { return Line(&slots[key.home()], key); }

  Slot* find(Fingerprint key) {
    Slot* const home = &slots[key.home()];
    if (home[0].holds(key)) return &home[0];
    if (home[1].holds(key)) return &home[1];
    return home[0].is_empty() || home[1].is_empty() ? nullptr : find_beyond(key);
  }

  // Finds a key that is not in the line of its home.
  Slot* find_beyond(Fingerprint key) {
    uint32_t at = key.home() + 1;
    for (uint32_t step = 2; step < kSlots; ++step) {
      at = (at + 1) % kSlots;
      if (slots[at].holds(key)) return &slots[at];
      if (slots[at].is_empty()) return nullptr;
    }
    return nullptr;
  }

  // REQUIRES: the key is not in the group, and the group is not full.
  Slot& insert(Fingerprint key, const algorithm::State& state) {
    uint32_t at = key.home();
    while (!slots[at].is_empty()) at = (at + 1) % kSlots;
    slots[at].set(key, state);
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
    slots[hole].clear();
  }

  // Empties the slots for which `goes` says so. Returns how many went.
  template <typename Goes>
  uint32_t erase_if(Goes&& goes) {
    uint32_t count = 0;
    for (Slot& slot : slots) {
      if (slot.is_empty() || !goes(std::as_const(slot))) continue;
      slot.clear();
      ++count;
    }
    // Keys that they displaced would not be found after the holes.
    if (count != 0) take_all([this](const Slot& slot) { insert(slot.key(), slot.state()); });
    return count;
  }

  // Empties the group, then calls `put` for each slot that it held.
  template <typename Put>
  void take_all(Put&& put) {
    const SlotGroup all = *this;
    for (Slot& slot : slots) slot.clear();
    for (const Slot& slot : all.slots) {
      if (!slot.is_empty()) put(slot);
    }
  }
};
static_assert(sizeof(SlotGroup) == 4096, "one page");

}  // namespace rateguard::memory
