// What two algorithms remember beyond a slot's 20 bytes: window logs and holds, by 32-bit handle. Their memory is
// counted, and the store refuses charges that would exceed its bound (MemoryStoreOptions::log_bytes_max).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <variant>

#include "algorithm/hold_set.h"
#include "algorithm/state.h"
#include "algorithm/window_log.h"
#include "base/result.h"
#include "store/memory/reservation.h"
#include "store/memory/spin_lock.h"

namespace rateguard::memory {

// Whether a state is a handle to an entry of the pool.
inline bool is_side(const algorithm::State& state) {
  return state.algorithm == algorithm::state_tag(Algorithm::kSlidingWindowLog) ||
         state.algorithm == algorithm::state_tag(Algorithm::kConcurrency);
}

// Adding and removing is thread-safe. An entry itself is guarded by the lock of the group that has its handle.
class SidePool {
 public:
  using Handle = uint32_t;
  static constexpr Handle kNone = 0;

  // Errors: kExhausted if the system refuses the addresses.
  static Result<Reservation> reserve(uint64_t bytes_max);

  SidePool(Reservation memory, uint64_t bytes_max);
  SidePool(const SidePool&) = delete;
  SidePool& operator=(const SidePool&) = delete;
  ~SidePool();

  // Takes over a log or a set. kNone if every handle is in use.
  template <typename T>
  Handle add(T&& value);
  void remove(Handle handle);
  algorithm::WindowLog& log(Handle handle) { return std::get<algorithm::WindowLog>(entries_[handle].value); }
  algorithm::HoldSet& holds(Handle handle) { return std::get<algorithm::HoldSet>(entries_[handle].value); }

  // Whether `bytes` more stay inside the bound. Threads that ask at the same moment get the same answer, so the bound
  // may be exceeded by one charge per thread.
  bool has_room(size_t bytes) const { return bytes_.load(std::memory_order_relaxed) + bytes <= bytes_max_; }
  // Records that an entry's size has changed from `before` to `after` bytes.
  void account(size_t before, size_t after) {
    if (before != after) bytes_.fetch_add(after - before, std::memory_order_relaxed);
  }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::variant<std::monostate, algorithm::WindowLog, algorithm::HoldSet> value;
    Handle next_free = kNone;
  };

  size_t bytes_of(const Entry& entry) const;
  Handle take_free();

  Reservation memory_;
  Entry* entries_;
  uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_ = 0;
  SpinLock lock_;
  Handle free_ RG_GUARDED_BY(lock_) = kNone;  // the first of a chain of entries that were removed
  Handle used_end_ RG_GUARDED_BY(lock_) = 1;  // entries from here on were never used; 0 is not a handle
};

template <typename T>
SidePool::Handle SidePool::add(T&& value) {
  const Handle handle = take_free();
  if (handle == kNone) return kNone;
  entries_[handle].value = std::forward<T>(value);
  bytes_.fetch_add(bytes_of(entries_[handle]), std::memory_order_relaxed);
  return handle;
}

}  // namespace rateguard::memory
