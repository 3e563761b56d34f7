// How a limit is charged where units of it are taken ahead, so that their use, which comes later, stays within the
// limit itself.
#pragma once

#include <optional>

#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard {

// Units are charged at an instant s and used within [s, s + life]. What is used within [a, b] was charged within
// [a - life, b], so that:
//   * token_bucket, gcra of capacity C and rate R: charges are held to C' = C - ceil(R * life). They come to at most
//     C' + R * (b - a + life) <= C + R * (b - a), which is what the limit admits itself.
//   * sliding_window_log of period P: charges are held to the same limit per P + life.
//   * windows that follow each other: units end with the window in which they were charged. The limit stays.
struct LeaseTerms {
  Limit charged;  // in place of the limit
  Duration life;  // at most
};

// Absent where a limit cannot be leased: those that take debt, which is not asked for, concurrency, leaky buckets (a
// unit's delay is its place in the queue), windows of the calendar, and limits too small or too short for it: a bucket
// of fewer than 4 units, and a life below 1 ms where it is at most a quarter of the time in which a bucket fills, a
// quarter of a window, a sixteenth of a log's period (what a log admits in the long run shrinks by life / P). Every
// charge of a leased counter is held to these terms, whoever makes it.
std::optional<LeaseTerms> lease_terms(const Limit& limit, Duration life_max);

// What a wallet lives by a clock that may be slower than the store's: by up to a thirty-second part, a hundred times
// what crystals are off.
constexpr Duration by_slow_clock(Duration life) {
  return Duration{life.us - (life.us + 31) / 32};
}

// How long units that were charged by `decision`, which admits them, may be used: from an instant not after the
// charge, by the local clock.
Duration life_of_units(const LeaseTerms& terms, const Decision& decision);

// Whether counts of this limit can be reconciled every `interval`: within a quarter of its period, or of the time in
// which a bucket fills. Not those that cannot be leased for what they are.
bool can_sync(const Limit& limit, Duration interval);

}  // namespace rateguard
