// What a counter remembers between requests: 20 bytes for every algorithm, so that a store can hold states of all of them in
// one table of fixed slots. Two algorithms remember more than fits: the window log and the holds; their State carries a
// handle to it (algorithm/window_log.h, algorithm/hold_set.h).
#pragma once

#include <cstdint>

#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// An all-zero State is a counter never used. The meaning of the fields is each algorithm's own and is written in its file;
// units are chosen to survive an edit of the limit: what was used stays used.
struct __attribute__((packed, aligned(4))) State {
  uint64_t time_us : 52;   // an instant: 52 bits of microseconds last until 2112
  uint64_t algorithm : 4;  // Algorithm + 1; 0 in a state never used
  uint64_t extra : 8;
  uint32_t x;
  uint32_t y;
  uint32_t z;

  bool operator==(const State& other) const {
    return time_us == other.time_us && algorithm == other.algorithm && extra == other.extra && x == other.x && y == other.y &&
           z == other.z;
  }
};
static_assert(sizeof(State) == 20);

// The first instant from which `state` equals a state never used, whatever its limit: a store may then drop it without loss.
// For the log and the holds: the instant at which the last entry is gone.
Instant expires_at(const State& state);

}  // namespace rateguard::algorithm
