// Metered limits: an estimate is charged, and corrected once it is known what was really used. Works for every
// algorithm and every store, since it is one group of charges (docs/decisions/0026-settlements.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "store/store.h"

namespace rateguard {

// Identifies one charge to be settled, and says what it took. The caller keeps this value: nothing else remembers the
// charge before it is settled.
struct ChargeReceipt {
  std::array<char, 16> id = {};  // random, of this charge alone
  uint64_t units = 0;            // taken by the charge
  Instant charged_at;
  Instant gives_until;  // from then on nothing of the charge is left in the counter that could be given back
  HoldId hold = {};     // of concurrency
};

// How long after a charge it may be settled. Later its estimate stands; until then the counters remember which charges
// were settled.
inline constexpr Duration kSettledWithin = Duration::seconds(3'600);

// The receipt of a charge that was decided at `charged_at`. None if there is nothing to settle: nothing was taken, or
// not from the limit's own counter (Basis, Consistency::kSync), or only a part of it (Decision::debt_is_cut). `id`
// comes from a source of random bits.
std::optional<ChargeReceipt> receipt_of(const Charge& charge, Instant charged_at, const std::array<char, 16>& id);

enum class SettleResult : uint8_t {
  kSettled,
  kSettledAlready,  // nothing was changed. For concurrency, also if the hold has expired
  kTooLate,         // nothing was changed: the estimate stands
  kUnavailable,     // the store could not be asked; it is unknown whether it was settled. Settling again is safe
};

struct Settlement {
  SettleResult result = SettleResult::kSettled;
  // What is left of the limit: always admitted. Not filled in for concurrency, nor if nothing was asked. `debt_is_cut`:
  // more was used than the counter can owe.
  Decision decision = {};
};

// Makes the counter what it would be had the charge taken `actual` units: less is given back, never above the limit and
// never into a window that has ended; more is taken whatever is left, even below zero. Takes effect once: a second call
// changes nothing, whatever its arguments. A hold of a concurrency limit is released, whatever was used. Only the key,
// the limit and the terms of `charge` are used; the limit may have been edited since.
Settlement settle(Store& store, const Charge& charge, const ChargeReceipt& receipt, uint64_t actual, Now now);

}  // namespace rateguard
