// The counters' table: groups of 128 slots that grow by splitting, one group at a time (extendible hashing, Fagin et
// al., 1979, with the directory computed instead of stored).
//
// A key's fingerprint names one of the `roots_` first groups and a path of bits below it. A group of depth d holds the
// keys of one root that agree in the first d bits of the path; when it is full it splits by the next bit, and the half
// that has it moves to a new group. So no insert ever moves more than one group, and memory follows the keys.
//
// A group has a number, root + roots_ * path, which is its place in an array of 8-byte records (lock, depth, count,
// page). Pages are taken from one reserved range of addresses as needed; the kernel provides memory for those that are
// touched.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

#include "base/result.h"
#include "store/memory/reservation.h"
#include "store/memory/slot_group.h"
#include "store/memory/spin_lock.h"

namespace rateguard::memory {

// Each function says which threads may call it. It has no policy: the store decides what enters and what leaves.
class Table {
 public:
  // The mean number of keys in a group when the table holds the maximum. Three fifths of the slots: one key in twenty
  // is then beyond the two prefetched lines, and the probability that a group has more than 128 is 1 in a hundred
  // million (Poisson), so that all keys find room.
  static constexpr uint64_t kKeysPerGroup = 75;

  static constexpr uint64_t kKeysMax = uint64_t{1} << 32;

  // The memory that a table of `keys_max` keys may need. Errors: kExhausted. REQUIRES: 1 <= keys_max <= kKeysMax.
  struct Memory {
    Reservation pages;
    Reservation records;
    uint32_t roots = 1;
    uint32_t depth_max = 0;
    uint32_t pages_max = 0;
    uint32_t pages_spare = 0;  // of those: more than all keys need at the mean above

    static Result<Memory> reserve(uint64_t keys_max);
  };

  explicit Table(Memory memory);

  // Where a key belongs now. The group may split before the caller has locked it; so lock, then check owns(), and start
  // again if it is false.
  struct Spot {
    size_t group;
    SlotGroup* slots;
    uint32_t path;  // the bits of the key's path by which it was found
  };
  // Any thread.
  Spot locate(Fingerprint key) const;
  // The same in two steps, so that the caller can do other work while the record is fetched into the cache.
  Spot begin_to_locate(Fingerprint key) const;
  void finish_locating(Fingerprint key, Spot& spot) const;
  // Any thread: prefetches the slots of a key's home, where five out of six keys of a full table are; or the slots
  // after them.
  static void prefetch_home(Spot spot, Fingerprint key) { __builtin_prefetch(&spot.slots->slots[key.home()], 1); }
  static void prefetch_next(Spot spot, Fingerprint key) {
    __builtin_prefetch(&spot.slots->slots[(key.home() + 2) % SlotGroup::kSlots], 1);
  }
  // Locates and locks. The caller holds no other lock.
  size_t lock_group_of(Fingerprint key);
  // Locks the group of a spot. False, with nothing locked, if the key now belongs elsewhere.
  bool lock_where_owned(const Spot& spot, Fingerprint key) {
    lock(spot.group);
    return keep_lock_where_owned(spot, key);
  }
  // The same, but also false if another thread holds the lock.
  bool try_lock_where_owned(const Spot& spot, Fingerprint key) {
    return try_lock(spot.group) && keep_lock_where_owned(spot, key);
  }
  // Not analysed: which of the locks is held depends on the group's number.
  void lock(size_t group) RG_NOT_ANALYSED { records_[group].lock.lock(); }
  bool try_lock(size_t group) RG_NOT_ANALYSED { return records_[group].lock.try_lock(); }
  void unlock(size_t group) RG_NOT_ANALYSED { records_[group].lock.unlock(); }

  // REQUIRES, all below: the caller holds the group's lock.
  bool owns(const Spot& spot, Fingerprint key) const {
    // A group that has split since has a longer path.
    return (key.path_bits() & ((uint32_t{1} << records_[spot.group].depth) - 1)) == spot.path;
  }
  SlotGroup& slots(size_t group) { return pages_[records_[group].page.load(std::memory_order_relaxed) - 1]; }
  uint32_t count(size_t group) const { return records_[group].count; }
  // REQUIRES: the key is not in the group and count(group) < SlotGroup::kSlots.
  Slot& insert(size_t group, Fingerprint key, const algorithm::State& state);
  void erase(size_t group, Slot* slot);
  // Erases the slots for which `goes` says so. Returns how many.
  template <typename Goes>
  uint32_t erase_if(size_t group, Goes&& goes) {
    const uint32_t erased = slots(group).erase_if(std::forward<Goes>(goes));
    records_[group].count = static_cast<uint8_t>(records_[group].count - erased);
    return erased;
  }
  // Moves about half of the keys to a new group. False if the table has reached its bound.
  bool split(size_t group);
  // Whether it may split more often than necessary. Any thread.
  bool has_room_to_spare() const {
    return pages_used_.load(std::memory_order_relaxed) < memory_.pages_max - memory_.pages_spare;
  }

  // Group numbers are below this; not all of them exist.
  size_t groups_end() const { return size_t{roots_} * (size_t{path_mask_.load(std::memory_order_acquire)} + 1); }
  bool exists(size_t group) const { return records_[group].page.load(std::memory_order_acquire) != 0; }
  // Prepares memory for the next splits, so that they need not wait for the kernel to clear it. Any thread.
  void prepare_growth();
  // What the table occupies: pages in use and the records that describe them.
  uint64_t memory_bytes() const;

 private:
  struct Record {
    SpinLock lock;
    uint8_t depth = 0;
    uint8_t count = 0;
    std::atomic<uint32_t> page = 0;  // 1 + the page's number; 0 if there is no such group
  };
  static_assert(sizeof(Record) == 8);

  // How much deeper a group may be than the depth at which all keys have room: that a group of 75 keys needs one more
  // split has a probability of 1 in a hundred million; two more never happen.
  static constexpr uint32_t kSpareDepth = 3;
  // Spare pages beyond those for all keys at the mean above, in percent, and the minimum number: keys that come and go
  // forever fill a group by chance now and then, and a split is never undone.
  static constexpr uint64_t kSparePercent = 5;
  static constexpr uint64_t kSparePagesMin = 16;
  // The minimum number of first groups, if the table may grow to that many, so that threads rarely contend for one
  // lock.
  static constexpr uint64_t kRootsMin = 128;

  // Memory prepared beyond what is used: an eighth of it, but at least a large page, and at most what may be
  // wasted.
  static constexpr size_t kAheadBytesMin = size_t{2} << 20;
  static constexpr size_t kAheadBytesMax = size_t{32} << 20;

  bool keep_lock_where_owned(const Spot& spot, Fingerprint key) {
    if (owns(spot, key)) [[likely]]
      return true;
    unlock(spot.group);
    return false;
  }
  uint32_t root_of(Fingerprint key) const { return static_cast<uint32_t>((uint64_t{key.root_bits()} * roots_) >> 32); }

  Memory memory_;
  SlotGroup* pages_;
  Record* records_;
  uint32_t roots_;
  std::atomic<uint32_t> path_mask_ = 0;  // the path bits of the deepest group
  alignas(64) std::atomic<uint32_t> pages_used_ = 0;
  std::atomic<size_t> prepared_bytes_ = 0;
};

inline Table::Spot Table::locate(Fingerprint key) const {
  const uint32_t root = root_of(key);
  uint32_t path = key.path_bits() & path_mask_.load(std::memory_order_relaxed);
  for (;;) {
    // The group with exactly this path is the deepest that can hold the key. If it does not exist, its parent is: the
    // same path without its highest bit, since a path of leading zeros is written like a shorter one.
    const size_t group = root + size_t{roots_} * path;
    const uint32_t page = records_[group].page.load(std::memory_order_acquire);
    if (page != 0) [[likely]]
      return {group, &pages_[page - 1], path};
    path ^= std::bit_floor(path);
  }
}

inline size_t Table::lock_group_of(Fingerprint key) {
  for (;;) {
    const Spot spot = locate(key);
    // Taking the lock delays every later load, so the slots are prefetched before.
    prefetch_home(spot, key);
    prefetch_next(spot, key);
    if (lock_where_owned(spot, key)) [[likely]]
      return spot.group;
  }
}

inline Table::Spot Table::begin_to_locate(Fingerprint key) const {
  const uint32_t path = key.path_bits() & path_mask_.load(std::memory_order_relaxed);
  const size_t group = root_of(key) + size_t{roots_} * path;
  __builtin_prefetch(&records_[group], 1);
  return {group, nullptr, path};
}

inline void Table::finish_locating(Fingerprint key, Spot& spot) const {
  const uint32_t page = records_[spot.group].page.load(std::memory_order_acquire);
  if (page != 0) [[likely]] {
    spot.slots = &pages_[page - 1];
  } else {
    spot = locate(key);
  }
}

}  // namespace rateguard::memory
