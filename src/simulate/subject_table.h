// The sums of one rule's counters in a replay, each found by a hash of its key.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/prefetch.h"
#include "simulate/growing_array.h"
#include "simulate/huge_pages.h"
#include "simulate/keyed_hash.h"

namespace rateguard::simulate {

// A number for every subject of a replay, in the order of first sight, across all rules.
using SubjectId = uint32_t;
inline constexpr SubjectId kNoSubject = UINT32_MAX;

// A sum that ends where it would overflow: some thousands of the largest amounts.
inline void add_units(uint64_t& sum, uint64_t units) {
  if (__builtin_add_overflow(sum, units, &sum)) sum = UINT64_MAX;
}

// One subject as one rule counts it. `refused` are the rule's own verdicts, in shadow mode those that would have been.
// 32 bits are enough: a recording has fewer requests than that.
struct SubjectFigures {
  SubjectId id = 0;
  uint32_t first_event = 0;  // from which its key can be told again (subject_names.h)
  uint32_t requests = 0;
  uint32_t refused = 0;
  uint64_t cost_admitted = 0;
};

// An index of 8 bytes a slot, and the figures in the order of first sight. Keys are distinguished by 96 bits of a keyed
// hash, as in the memory store, and not kept: a report names only a few of millions. About 55 bytes per subject.
class SubjectTable {
 public:
  SubjectTable();

  // Prefetch what find_or_add will read: first its place in the index; once that has arrived, the figures that it
  // refers to.
  void prefetch_place(const KeyedHash& hash) const { prefetch(&slots_[tag_of(hash) & (slots_.size() - 1)]); }
  void prefetch_figures(const KeyedHash& hash) const {
    const size_t mask = slots_.size() - 1;
    size_t at = tag_of(hash) & mask;
    while (slots_[at].entry_plus_one != 0 && slots_[at].tag != tag_of(hash)) at = (at + 1) & mask;
    if (slots_[at].entry_plus_one != 0) prefetch(&entries_[slots_[at].entry_plus_one - 1]);
  }

  // What is added up of a subject.
  struct Sums {
    SubjectId id = 0;
    uint32_t requests = 0;
    uint32_t refused = 0;

    // 64 bits in two halves, so that an entry is half a cache line.
    void add_cost(uint64_t units) {
      uint64_t sum = cost_admitted();
      add_units(sum, units);
      cost_low = static_cast<uint32_t>(sum);
      cost_high = static_cast<uint32_t>(sum >> 32);
    }
    uint64_t cost_admitted() const { return uint64_t{cost_high} << 32 | cost_low; }
    uint32_t cost_low = 0;
    uint32_t cost_high = 0;
  };
  // The sums of a subject by the hash of its key. One that was not seen before is added, first seen in `event`, under
  // the number `next`, which then grows by one. The reference holds until the next call. REQUIRES: `next` is above all
  // numbers in the table.
  Sums& find_or_add(const KeyedHash& hash, uint32_t event, SubjectId& next);

  // The subjects in the order of first sight.
  size_t size() const { return entries_.size(); }
  SubjectFigures figures(size_t index) const;
  // The index of a subject.
  std::optional<size_t> find(const KeyedHash& hash) const;
  std::optional<size_t> find(SubjectId id) const;

 private:
  struct Slot {
    uint32_t tag = 0;             // tag_of(hash): where the slot belongs; hardly ever equal to another entry's
    uint32_t entry_plus_one = 0;  // 0: empty
  };
  struct alignas(32) Entry {  // two to a cache line
    uint64_t hash_low = 0;
    uint32_t hash_high = 0;
    Sums sums = {};

    bool is_of(const KeyedHash& hash) const {
      return hash_low == hash.low && hash_high == static_cast<uint32_t>(hash.high);
    }
  };

  static uint32_t tag_of(const KeyedHash& hash) { return static_cast<uint32_t>(hash.low >> 32); }
  size_t place_of(const KeyedHash& hash) const;
  void grow();

  HugePageVector<Slot> slots_;  // a power of 2
  GrowingArray<Entry> entries_;
  GrowingArray<uint32_t> first_events_;  // of the entries
};

}  // namespace rateguard::simulate
