// Metered limits: what is charged is an estimate, and is corrected once it is known what was really used. For every
// algorithm and every store, since it is one group of charges (docs/decisions/0026-settlements.md).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "store/store.h"

namespace rateguard {

// Names one charge that is to be settled, and says what it took. A value that whoever charged keeps: nothing else
// remembers the charge before it is settled.
struct ChargeReceipt {
  std::array<char, 16> id = {};  // random, of this charge alone
  uint64_t units = 0;            // that were taken
  Instant charged_at;
  Instant gives_until;  // from then on nothing of it is left in the counter that could be given back
  HoldId hold = {};     // of concurrency
};

// How long after a charge it may be settled. What is not settled by then keeps its estimate; until then the counters
// remember which charges were.
inline constexpr Duration kSettledWithin = Duration::seconds(3'600);

// The receipt of a charge that was decided at `charged_at`. Absent where there is nothing to settle: nothing was taken,
// or not from the limit's own counter (Basis, Consistency::kSync), or a part of it alone (Decision::debt_is_cut). `id`
// comes from a source of random bits.
std::optional<ChargeReceipt> receipt_of(const Charge& charge, Instant charged_at, const std::array<char, 16>& id);

enum class SettleResult : uint8_t {
  kSettled,
  kSettledAlready,  // nothing was changed. Of concurrency, also where the hold is over
  kTooLate,         // likewise: the estimate stands
  kUnavailable,     // the store could not be asked; whether it was settled nobody knows. Settling again is safe
};

struct Settlement {
  SettleResult result = SettleResult::kSettled;
  // What is left of the limit: always admitted. Not filled in for concurrency, nor where nothing was asked.
  // `debt_is_cut`: more was used than the counter can owe.
  Decision decision = {};
};

// Makes the counter what it would be had the charge taken `actual` units: less is given back, never above the limit and
// never into a window that has ended; more is taken whatever is left, below zero if it must. Once: a second time
// changes nothing, whatever it says. A hold of a concurrency limit is released, whatever was used. Of `charge` the key,
// the limit and the terms count; the limit may have been edited since.
Settlement settle(Store& store, const Charge& charge, const ChargeReceipt& receipt, uint64_t actual, Now now);

}  // namespace rateguard
