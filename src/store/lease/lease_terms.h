// How a limit is charged when units of it are taken ahead, so that their later use stays within the limit
// itself.
#pragma once

#include <optional>

#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard {

// Units are charged at an instant s and used within [s, s + life]. Units used within [a, b] were charged within [a -
// life, b], so:
//   * token_bucket, gcra of capacity C and rate R: charges are held to C' = C - ceil(R * life). They add up to at most
//     C' + R * (b - a + life) <= C + R * (b - a), which is what the limit itself admits.
//   * sliding_window_log of period P: charges are held to the same limit per P + life.
//   * windows that follow each other: units end with the window in which they were charged. The limit stays.
struct LeaseTerms {
  Limit charged;  // in place of the limit
  Duration life;  // at most
};

// None if a limit cannot be leased: limits that take debt, whose charges do not ask; concurrency; leaky buckets (a
// unit's delay is its place in the queue); calendar windows; and limits too small or too short for it: a bucket of
// fewer than 4 units, and a life below 1 ms, given that it is at most a quarter of the time in which a bucket fills, a
// quarter of a window, a sixteenth of a log's period (what a log admits in the long run shrinks by life / P). Every
// charge of a leased counter is held to these terms, whichever way it is made.
std::optional<LeaseTerms> lease_terms(const Limit& limit, Duration life_max);

// A wallet's life by a clock that may be slower than the store's, by up to 1/32: a hundred times the error of
// crystals.
constexpr Duration by_slow_clock(Duration life) {
  return Duration{life.us - (life.us + 31) / 32};
}

// How long units charged by `decision`, which admits them, may be used: counted from an instant not after the charge,
// by the local clock.
Duration life_of_units(const LeaseTerms& terms, const Decision& decision);

// Whether counts of this limit can be reconciled every `interval`: within a quarter of its period, or of the time in
// which a bucket fills. False for the kinds of limits that cannot be leased either.
bool can_sync(const Limit& limit, Duration interval);

}  // namespace rateguard
