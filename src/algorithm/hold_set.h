// Concurrency: units that are held until each hold is released or expires.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// The holds of one counter. A hold taken at t expires at exactly t + period.
//
// A copyable value; not thread-safe.
class HoldSet {
 public:
  struct Hold {
    uint64_t number = 0;  // unique within the set; the store chooses it
    Instant expires;
    uint32_t units = 0;
    bool operator==(const Hold&) const = default;
  };

  // Rebuilds a set from holds(). kCorrupt: expiries that do not rise, a hold of 0 units, a duplicate number, or more
  // units in all than a limit can have.
  static Result<HoldSet> restore(std::span<const Hold> holds);

  // Decides as evaluate() of algorithm/evaluate.h does, and changes nothing. A hold is given back by its number, never
  // by units: Movement::kGiveBack only looks. The store sets the decision's `hold`. O(log n), and for a refusal the
  // number of holds that must end first. REQUIRES: limit is a concurrency made by Limit's functions; 0 <= now.us <=
  // Instant::max() / 2.
  Decision evaluate(const Limit& limit, Cost cost, Instant now) const;
  // Takes `cost`, which evaluate() has just admitted under the same limit at the same `now`, as the hold `number`. Cost
  // 0 changes nothing. REQUIRES: !contains(number).
  void commit(const Limit& limit, Cost cost, Instant now, uint64_t number);
  // Releases a hold. False: never given, already released, or expired by `now`.
  bool release(uint64_t number, Instant now);
  bool contains(uint64_t number) const;

  // The instant from which nothing is held. Zero when empty.
  Instant expires_at() const;
  size_t count() const { return live_; }
  // Total memory in bytes, including this object.
  size_t bytes() const {
    return sizeof(*this) + holds_.capacity() * sizeof(Hold) + index_.capacity() * sizeof(IndexEntry);
  }
  // The holds in order of expiry, including expired ones that have not been dropped yet.
  std::vector<Hold> holds() const;

 private:
  // Finds a hold by its number in `holds_`, which is ordered by expiry.
  struct IndexEntry {
    uint64_t number = 0;
    int64_t expires_us = 0;  // 0: the entry is empty
  };

  // The first hold that has not expired at `now`.
  size_t first_alive(Instant now) const;
  void drop_expired(Instant now);
  void drop_front(size_t count);
  // Removes the released holds from `holds_`.
  void compact();

  size_t place_of(uint64_t number) const;
  void index_insert(uint64_t number, Instant expires);
  void index_erase(size_t place);
  void index_rebuild(size_t places);

  // By (expires, number), from `front_` on. A released hold stays, with 0 units, until compact().
  std::vector<Hold> holds_;
  std::vector<IndexEntry> index_;  // open addressing, linear probing; a power of two places, or none
  size_t front_ = 0;
  size_t live_ = 0;     // number of holds from `front_` on that have units
  uint64_t units_ = 0;  // theirs
};

}  // namespace rateguard::algorithm
