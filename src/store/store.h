// Counters by key. One call decides all the limits of a request: atomically, all or nothing.
//
// Implementations: store/memory in this process, and, behind a network (store/remote_store.h), store/redis with
// store/fallback, store/lease and store/split in front of it. One suite of tests runs over all of them
// (store/store_suite.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/decision.h"
#include "model/limit.h"
#include "store/terms.h"

namespace rateguard {

// Whether a limit's verdict counts for the answer. A shadow limit is evaluated and charged on its own, as if it stood
// alone, and never changes the answer. One that settles an earlier charge (store/settlement.h) moves its counter if the
// enforced limits of its group admit, and its own verdict holds nothing back.
enum class Mode : uint8_t { kEnforce, kShadow, kSettle };

// How a decision came about: by the limit's own counter, or without it.
enum class Basis : uint8_t {
  kCounter,
  kUnavailable,  // undecided: the store could not be asked. Never seen outside store/
  kLocalShare,   // by this instance's share of the limit
  kAllowed,      // admitted because the rule says so
  kDenied,       // refused because the rule says so; undecided rather than over a limit
  kNotAsked,     // not at all: a limit in another store had refused already, or the caller has stopped waiting for the
                 // answer. Its decision says nothing
};

// One limit of one request. `key` is the whole identity of the counter (store/counter_key.h makes it) and is borrowed
// for the call; `basis` and `decision` are filled in.
struct Charge {
  std::string_view key;  // 1 to kCounterKeyMax bytes
  const Limit* limit = nullptr;
  Cost cost = {};
  Mode mode = Mode::kEnforce;
  Terms terms = {};
  Basis basis = Basis::kCounter;
  Instant gives_until = Instant::max();  // from then on kGiveBack only looks: what was taken has left the counter
  Decision decision = {};
};

// Whether a charge is not made if another limit of its request refuses. Use that has already happened and giving back
// move their counters nevertheless, as shadow limits do.
constexpr bool is_held_back_by_others(const Charge& charge) {
  return charge.mode == Mode::kSettle || (charge.mode == Mode::kEnforce && charge.cost.movement == Movement::kTake);
}

// What a charge moves at `now`.
constexpr Cost cost_at(const Charge& charge, Instant now) {
  const bool is_void = charge.cost.movement == Movement::kGiveBack && now >= charge.gives_until;
  return is_void ? Cost{0, Movement::kGiveBack} : charge.cost;
}

// All the limits of one request. If one enforced limit refuses, no enforced limit takes anything
// (is_held_back_by_others); each still gets the decision it would have given alone. Keys within one group are distinct.
struct ChargeGroup {
  std::span<Charge> charges;
};

enum class ReleaseResult : uint8_t {
  kReleased,
  kUnknown,      // never given, already released, or expired
  kUnavailable,  // the store could not be asked; it is unknown whether it was released
};
enum class ResetResult : uint8_t {
  kForgotten,
  kNotThere,
  kUnavailable,  // the store could not be asked; it is unknown whether it was forgotten
};

// A bound on one call of Store::tick: how many slots it may examine.
struct TickBudget {
  uint32_t slots = 4096;
};

struct StoreStats {
  uint64_t keys = 0;
  uint64_t keys_max = 0;
  uint64_t expired = 0;       // dropped because they equalled a fresh key
  uint64_t evicted = 0;       // dropped while live, because the store was full
  uint64_t refused_full = 0;  // refused because no room could be made
  uint64_t memory_bytes = 0;  // what the counters occupy in total
};

// Thread-safe: any thread may call any member at any time. (A view of a remote store belongs to one loop:
// server/awaiting_store.h.)
class Store {
 public:
  virtual ~Store() = default;

  // Decides `group` at `now`. Times are the caller's (see README: Clock).
  virtual void charge(ChargeGroup group, Now now) = 0;
  // The same for many requests, each atomic on its own, in order; hides the latency of memory or of the network.
  virtual void charge_batch(std::span<ChargeGroup> groups, Now now) = 0;
  // Forgets a counter: the next request finds it never used. `terms` as in its charges.
  virtual ResetResult reset(std::string_view key, const Terms& terms) = 0;
  // Releases a concurrency hold, once.
  virtual ReleaseResult release(const HoldId& hold, Instant now) = 0;
  // Background work, bounded by `budget`: drops counters that equal fresh ones. To be called from time to time by the
  // owner of a clock.
  virtual void tick(Instant now, TickBudget budget) = 0;
  virtual StoreStats stats() const = 0;
};

}  // namespace rateguard
