// What a counter remembers between requests: 20 bytes for every algorithm, so that a store can hold states of all of
// them in one table of fixed slots. Two algorithms remember more than fits: the window log and the holds; their State
// carries a handle to it (algorithm/window_log.h, algorithm/hold_set.h).
#pragma once

#include <cstdint>
#include <cstring>

#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// An all-zero State is a counter never used. The meaning of the fields is each algorithm's own and is written in its
// file; units are chosen to survive an edit of the limit: what was used stays used. For the log and the holds: time_us
// is the instant at which the last entry leaves; x, y and z are the store's handle.
struct __attribute__((packed, aligned(4))) State {
  uint64_t time_us : 52;   // an instant: 52 bits of microseconds last until 2112
  uint64_t algorithm : 4;  // state_tag() or wide_tag(); 0 in a state never used
  uint64_t extra : 8;
  uint32_t x;
  uint32_t y;
  uint32_t z;

  bool operator==(const State& other) const {
    return time_us == other.time_us && algorithm == other.algorithm && extra == other.extra && x == other.x &&
           y == other.y && z == other.z;
  }
};
static_assert(sizeof(State) == 20);

constexpr uint64_t state_tag(Algorithm algorithm) {
  return static_cast<uint64_t>(algorithm) + 1;
}
// The tags of buckets in the form of wide_bucket.h: 8 to 10.
inline constexpr uint64_t kWideTagMin = 8;
constexpr uint64_t wide_tag(Algorithm algorithm) {
  return state_tag(algorithm) + kWideTagMin - state_tag(Algorithm::kTokenBucket);
}
inline constexpr uint64_t kStateTagMax = wide_tag(Algorithm::kLeakyBucket);
// The bits of their `extra` that hold the exponent of how long they last, in microseconds.
inline constexpr uint64_t kWideExponentMask = 0x3F;
inline constexpr uint64_t kWideExponentMax = 51;  // of kFillTimeMax and a microsecond

// Sets the tag, the instant and `extra` in one store of 64 bits: a load of all of them follows soon, and would have to
// wait for three partial stores to reach the cache.
inline void stamp_tag(State& state, uint64_t tag, Instant t, uint8_t extra) {
  const uint64_t time_us = static_cast<uint64_t>(t.us) & ((uint64_t{1} << 52) - 1);
  const uint64_t head = time_us | (tag << 52) | (uint64_t{extra} << 56);
  std::memcpy(&state, &head, sizeof(head));
}
inline void stamp(State& state, Algorithm algorithm, Instant t, uint8_t extra = 0) {
  stamp_tag(state, state_tag(algorithm), t, extra);
}

// Whole seconds, rounded up: the form in which a State stores its expiry. 32 bits of seconds last until 2106.
constexpr uint32_t expiry_seconds(Instant t) {
  return static_cast<uint32_t>((static_cast<uint64_t>(t.us) + 999'999) / 1'000'000);
}

// The first instant from which `state` is read as never used, under any limit: a store may then drop it without loss.
// It follows from the limit in force at the last charge; a limit edited to refill more slowly does not prolong it. For
// the log and the holds: the instant at which the last entry leaves.
inline Instant expires_at(const State& state) {
  if (state.algorithm == state_tag(Algorithm::kSlidingWindowLog) ||
      state.algorithm == state_tag(Algorithm::kConcurrency)) {
    return {static_cast<int64_t>(state.time_us)};
  }
  if (state.algorithm == state_tag(Algorithm::kGcra)) {
    const Instant arrival = {static_cast<int64_t>(state.time_us) + (state.x != 0)};
    return Instant::from_seconds(expiry_seconds(arrival));
  }
  if (state.algorithm >= kWideTagMin) [[unlikely]] {
    return {static_cast<int64_t>(state.time_us) + (int64_t{1} << (state.extra & kWideExponentMask))};
  }
  return Instant::from_seconds(state.z);
}

// Whether `state` was written by `algorithm` and has not expired at `now`. Otherwise it is read as never used.
inline bool is_live(const State& state, Algorithm algorithm, Instant now) {
  return state.algorithm == state_tag(algorithm) && now < expires_at(state);
}

}  // namespace rateguard::algorithm
