// The store inside the process: every counter in one table of fixed slots, decided under short locks.
// docs/decisions/0003-memory-store.md says how it works and why.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "algorithm/state.h"
#include "base/result.h"
#include "store/memory/key_hash.h"
#include "store/memory/side_pool.h"
#include "store/memory/table.h"
#include "store/settings/full_policy.h"
#include "store/store.h"

namespace rateguard {

struct MemoryStoreOptions {
  uint64_t max_keys = 1'000'000;  // 1 to 2^32
  FullPolicy when_full = FullPolicy::kEvict;
  // Bound on the memory of window logs and holds, which lies outside the slots. A charge that would exceed it is
  // refused and counted as refused_full, regardless of when_full.
  uint64_t log_bytes_max = uint64_t{256} << 20;
  // Absent: random. Tests set it, to be repeatable.
  std::optional<memory::HashKey> hash_key = {};
};

class MemoryStore final : public Store {
 public:
  // One counter, as a snapshot sees it. Exactly one of the three members has its memory.
  struct Counter {
    memory::Fingerprint key;
    algorithm::State state;  // of an algorithm with a fixed state
    const algorithm::WindowLog* log = nullptr;
    const algorithm::HoldSet* holds = nullptr;
  };

  // Errors: kInvalid (max_keys out of range), kExhausted (no addresses), kUnavailable (no random bytes).
  static Result<std::unique_ptr<MemoryStore>> create(const MemoryStoreOptions& options);

  void charge(ChargeGroup group, Now now) override;
  void charge_batch(std::span<ChargeGroup> groups, Now now) override;
  ResetResult reset(std::string_view key, const Terms& terms = {}) override;
  ReleaseResult release(const HoldId& hold, Instant now) override;
  void tick(Instant now, TickBudget budget) override;
  StoreStats stats() const override;

  // For snapshots (store/memory/snapshot.h). Groups of counters are numbered below groups_end(), which may grow; a
  // counter never moves to a group of a smaller number. `visit` is called for each counter of one group under that
  // group's lock.
  size_t groups_end() const { return table_.groups_end(); }
  template <typename Visit>
  void visit_group(size_t group, Visit&& visit);
  memory::HashKey hash_key() const { return hash_key_; }
  // Takes over the identity of keys from a snapshot. REQUIRES: the store is empty and no other thread uses it.
  void adopt_hash_key(const memory::HashKey& key);
  // Restores a counter, replacing an existing one. False if there is no room. REQUIRES: state is of an algorithm with a
  // fixed state.
  bool restore(memory::Fingerprint key, const algorithm::State& state);
  bool restore(memory::Fingerprint key, algorithm::WindowLog log);
  bool restore(memory::Fingerprint key, algorithm::HoldSet holds);
  // Forgets every counter. Others may be added meanwhile.
  void clear();

 private:
  // The most charges of one request that are decided without an allocation; more cost one.
  static constexpr size_t kJobsInline = 16;

  // Charges of one request that charge_few() takes: nearly all requests have at most that many limits.
  static constexpr size_t kFewCharges = 4;

  // One charge on its way through decide().
  struct Job {
    Charge* charge;
    memory::Fingerprint key;
    memory::Table::Spot spot = {};
    memory::Slot* slot = nullptr;  // once evaluated: the key's slot; null if there is none
    algorithm::State next = {};    // fixed-state algorithms: what to store
    bool moves = false;            // once evaluated: changes the state, unless others hold it back
  };
  union JobRoom;
  using Jobs = std::span<Job>;
  using Groups = std::span<size_t>;  // sorted, distinct

  struct Parts;
  MemoryStore(const MemoryStoreOptions& options, Parts parts);

  memory::Fingerprint fingerprint(std::string_view key) const { return memory::Fingerprint::of(hash_(key)); }
  template <typename Hash>
  void charge_one(Charge& charge, Hash&& hash, Now now);
  template <typename Hash>
  void charge_ahead(std::span<ChargeGroup> groups, Hash&& hash, Now now);
  RG_TARGET_AES void charge_one_by_instructions(Charge& charge, Now now);
  void charge_one_by_tables(Charge& charge, Now now);
  RG_TARGET_AES void charge_ahead_by_instructions(std::span<ChargeGroup> groups, Now now);
  void charge_ahead_by_tables(std::span<ChargeGroup> groups, Now now);
  bool charge_at_home(Charge& charge, memory::Fingerprint key, memory::Table::Spot spot, Now now);
  void charge_anywhere(Charge& charge, memory::Fingerprint key, Now now);
  bool charge_slot(Charge& charge, memory::Fingerprint key, Now now);
  bool add_slot(size_t group, memory::Fingerprint key, Charge& charge, Now now);
  void charge_several(std::span<Charge> charges, const memory::Fingerprint* keys, Now now);
  bool charge_few(std::span<Charge> charges, const memory::Fingerprint* keys, Now now);
  bool decide_few(std::span<Charge> charges, const memory::Fingerprint* keys, const memory::Table::Spot* spots,
                  Now now);
  void charge_many(std::span<Charge> charges, Now now);
  void decide(std::span<Charge> charges, const memory::Fingerprint* keys, Now now);
  void decide(Jobs jobs, Groups groups, Now now);
  Groups lock_all(Jobs jobs, Groups groups);
  void unlock_all(Groups groups);
  bool split_where_full(Jobs jobs, Instant now);
  void evaluate(Job& job, Now now);
  void evaluate_side(Job& job, const algorithm::State& state, Now now);
  bool claim_enforced(Jobs jobs, Instant now);
  static bool lacks_room_to_settle(const Job& job);
  static void note_unsettled(Jobs jobs);
  void store(Job& job, Instant now);
  algorithm::State store_side(Job& job, algorithm::State state, Instant now);

  // memory_store_room.cc: eviction: which counter makes room for a new one.
  bool claim(Job& job, Jobs jobs, Instant now, Instant* soonest);
  void find_again(Jobs jobs);
  bool count_new_keys(uint64_t added);
  void forget(size_t group, memory::Slot* slot);
  uint32_t drop_expired(size_t group, Jobs keep, Instant now);
  bool free_one(size_t group, Jobs keep, Instant now, Instant* soonest);
  bool free_one_elsewhere(Instant now, Instant* soonest);
  void refuse_for_room(Charge& charge, Instant soonest, Instant now);

  void free_side(const algorithm::State& state);
  memory::Slot* restore_slot(memory::Fingerprint key);
  template <typename T>
  bool restore_side(memory::Fingerprint key, Algorithm algorithm, T value);
  uint64_t next_hold_number();

  const uint64_t max_keys_;
  const FullPolicy when_full_;
  memory::HashKey hash_key_;
  memory::KeyHash hash_;
  memory::KeyHash hold_hash_;
  memory::Table table_;
  memory::SidePool side_;

  alignas(64) std::atomic<uint64_t> keys_ = 0;
  std::atomic<uint64_t> holds_made_ = 0;
  std::atomic<size_t> tick_cursor_ = 0;
  std::atomic<size_t> search_cursor_ = 0;
  std::atomic<uint64_t> expired_ = 0;
  std::atomic<uint64_t> evicted_ = 0;
  std::atomic<uint64_t> refused_full_ = 0;
};

template <typename Visit>
void MemoryStore::visit_group(size_t group, Visit&& visit) {
  if (!table_.exists(group)) return;
  table_.lock(group);
  for (memory::Slot& slot : table_.slots(group).slots) {
    if (slot.is_empty()) continue;
    Counter counter = {.key = slot.key(), .state = slot.state()};
    if (counter.state.algorithm == algorithm::state_tag(Algorithm::kSlidingWindowLog))
      counter.log = &side_.log(counter.state.x);
    if (counter.state.algorithm == algorithm::state_tag(Algorithm::kConcurrency))
      counter.holds = &side_.holds(counter.state.x);
    visit(counter);
  }
  table_.unlock(group);
}

}  // namespace rateguard
