// Snapshots as bytes. All numbers are little-endian:
//
//   header   "RGCOUNT\n", u32 version, u32 zero, the hash key (16 bytes), i64 the instant it was taken (us)
//   record   u8 kind, the key's fingerprint (12 bytes), and
//     1      a counter with a fixed state: its 20 bytes
//     2      a window log: i64 expiry, u32 n, n times (i64 time, u32 units)
//     3      holds: u32 n, n times (u64 number, i64 expiry, u32 units)
//   end      u8 0, u64 the number of records, u32 CRC-32C of everything before it; nothing follows
//
// A key may have two records, since groups split while a snapshot is taken; the later one is newer and counts.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/instant.h"
#include "store/memory/memory_store.h"

namespace rateguard::memory {

inline constexpr uint32_t kSnapshotVersion = 2;

// Turns counters into bytes, which stay in bytes() until the caller takes them.
class SnapshotEncoder {
 public:
  SnapshotEncoder(const HashKey& key, Instant taken_at);

  void add(const MemoryStore::Counter& counter);
  // Adds the end record. Nothing may be added after it.
  void finish();

  std::span<const char> bytes() const { return bytes_; }
  // Forgets bytes() once they are stored.
  void clear();
  uint64_t records() const { return records_; }

 private:
  template <typename T>
  void put(const T& value);

  std::vector<char> bytes_;
  uint32_t crc_ = 0;  // of the cleared bytes
  uint64_t records_ = 0;
};

// Where a snapshot's bytes come from: fills the span from the offset on, or as far as there are bytes, and returns how
// many.
struct SnapshotSource {
  uint64_t size = 0;
  std::function<Result<size_t>(uint64_t offset, std::span<char> into)> read;
};

struct Restored {
  Instant taken_at;
  uint64_t counters = 0;  // now in the store
  uint64_t expired = 0;   // records that equalled a fresh counter
  uint64_t no_room = 0;   // records beyond the store's bounds
};

// Reads everything once to check it, then once more into the store: an incomplete snapshot does not touch the store. A
// snapshot from after `now` (the clock went back between two runs) is shifted back, so that no caller waits longer than
// it would have. Errors: kCorrupt (damaged, truncated, not a snapshot), kInvalid (intact, but of another version), kIo;
// the store is then empty. REQUIRES: the store is empty and no other thread uses it.
Result<Restored> restore_snapshot(MemoryStore& store, const SnapshotSource& source, Instant now);

}  // namespace rateguard::memory
