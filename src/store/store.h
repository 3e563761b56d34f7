// Counters by key. One call decides all the limits of a request: atomically, all or nothing.
//
// Implementations: store/memory (embedded), store/redis and store/lease (several instances). One suite of tests runs
// over all of them (store/store_suite.h).
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "model/decision.h"
#include "model/limit.h"

namespace rateguard {

// Whether a limit's verdict counts for the answer. A shadow limit is evaluated and charged on its own, as if it stood
// alone, and never changes the answer.
enum class Mode : uint8_t { kEnforce, kShadow };

// One limit of one request. `key` is the whole identity of the counter (store/counter_key.h makes it) and is borrowed
// for the call; `decision` is filled in.
struct Charge {
  std::string_view key;  // 1 to kCounterKeyMax bytes
  const Limit* limit = nullptr;
  Cost cost = {};
  Mode mode = Mode::kEnforce;
  Decision decision = {};
};

// All the limits of one request. If one enforced limit refuses, no enforced limit is charged; each still gets the
// decision it would have given alone. Keys within one group are distinct.
struct ChargeGroup {
  std::span<Charge> charges;
};

// A remote store answers later.
enum class Progress : uint8_t { kReady, kPending };

enum class ReleaseResult : uint8_t { kReleased, kUnknown };  // unknown: never given, released already, or expired

// A bound on one call of Store::tick: how many slots it may look at.
struct TickBudget {
  uint32_t slots = 4096;
};

struct StoreStats {
  uint64_t keys = 0;
  uint64_t keys_max = 0;
  uint64_t expired = 0;       // dropped because they equalled a fresh key
  uint64_t evicted = 0;       // dropped alive, because the store was full
  uint64_t refused_full = 0;  // refused because no room could be made
  uint64_t memory_bytes = 0;  // what the counters occupy, all told
};

// Thread-safe: any thread may call any member at any time.
class Store {
 public:
  virtual ~Store() = default;

  // Decides `group` at `now`. kReady: every decision is filled in. Times are the caller's (see README: Clock).
  virtual Progress charge(ChargeGroup group, Instant now) = 0;
  // The same for many requests, each atomic on its own, in order; hides the latency of memory or of the network.
  virtual Progress charge_batch(std::span<ChargeGroup> groups, Instant now) = 0;
  // Forgets a counter: the next request finds it never used. Returns whether there was one.
  virtual bool reset(std::string_view key) = 0;
  // Gives a concurrency hold back, once.
  virtual ReleaseResult release(const HoldId& hold, Instant now) = 0;
  // Background work, bounded by `budget`: drops counters that equal fresh ones. Called from time to time by whoever
  // owns a clock.
  virtual void tick(Instant now, TickBudget budget) = 0;
  virtual StoreStats stats() const = 0;
};

}  // namespace rateguard
