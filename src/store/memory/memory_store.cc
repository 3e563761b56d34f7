// Deciding a request in general; memory_store_charge.cc has the fast paths, memory_store_room.cc makes room.
//
// A request becomes one Job per charge. decide() locks the groups of all jobs in order of their numbers, evaluates
// every job, makes slots for the enforced charges that need one, and only then stores: until that point a refusal has
// changed no counter. A Job's `slot` is valid only while its group is locked and is null if the key has no slot.
// Erasing a slot moves others of its group, so find_again() follows every erasure. The state of a window log or of
// holds is a handle into side_; the entry belongs to the slot, is guarded by the group's lock, and is freed with the
// slot.
#include "store/memory/memory_store.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>
#include <vector>

#include "algorithm/evaluate.h"
#include "base/check.h"

namespace rateguard {

using algorithm::State;
using memory::Fingerprint;
using memory::HashKey;
using memory::SidePool;
using memory::Slot;
using memory::SlotGroup;
using memory::Table;

namespace {

// The memory that the first charge of a log or a set of holds takes in total; really a little less.
constexpr size_t kNewSideBytes = 320;

// If dropping expired counters leaves a group fuller than this, it splits if the table has room to spare: it would soon
// be full again, and a new key in such a full group searches most of it.
constexpr uint32_t kSlotsAfterDrop = SlotGroup::kSlots / 8 * 7;

HoldId hold_id(Fingerprint key, uint64_t number) {
  HoldId id;
  std::memcpy(id.bytes.data(), &key.head, 8);
  std::memcpy(id.bytes.data() + 8, &key.rest, 4);
  std::memcpy(id.bytes.data() + 12, &number, 8);
  return id;
}

}  // namespace

struct MemoryStore::Parts {
  HashKey hash_key;
  HashKey hold_key;
  Table::Memory table;
  memory::Reservation side;
};

Result<std::unique_ptr<MemoryStore>> MemoryStore::create(const MemoryStoreOptions& options) {
  if (options.max_keys < 1 || options.max_keys > Table::kKeysMax) {
    return invalid("max_keys must be 1 to 4294967296");
  }
  Parts parts;
  if (options.hash_key) {
    parts.hash_key = *options.hash_key;
    parts.hold_key = *options.hash_key;
    parts.hold_key.bytes[0] ^= 1;
  } else {
    auto hash_key = HashKey::random();
    if (!hash_key) return std::unexpected(hash_key.error());
    auto hold_key = HashKey::random();
    if (!hold_key) return std::unexpected(hold_key.error());
    parts.hash_key = *hash_key;
    parts.hold_key = *hold_key;
  }
  auto table = Table::Memory::reserve(options.max_keys);
  if (!table) return std::unexpected(table.error());
  auto side = SidePool::reserve(options.log_bytes_max);
  if (!side) return std::unexpected(side.error());
  parts.table = std::move(*table);
  parts.side = std::move(*side);
  return std::unique_ptr<MemoryStore>(new MemoryStore(options, std::move(parts)));
}

MemoryStore::MemoryStore(const MemoryStoreOptions& options, Parts parts)
    : max_keys_(options.max_keys),
      when_full_(options.when_full),
      hash_key_(parts.hash_key),
      hash_(parts.hash_key),
      hold_hash_(parts.hold_key),
      table_(std::move(parts.table)),
      side_(std::move(parts.side), options.log_bytes_max) {}

// Jobs on the stack, of which only those for a request's charges are constructed: zeros for all of them would take
// longer than the decision.
union MemoryStore::JobRoom {
  JobRoom() {}
  Job jobs[kJobsInline];
};

[[gnu::noinline]] void MemoryStore::decide(std::span<Charge> charges, const Fingerprint* keys, Now now) {
  if (charges.size() <= kJobsInline) {
    JobRoom room;
    std::array<size_t, kJobsInline> groups;
    for (size_t i = 0; i < charges.size(); ++i) std::construct_at(&room.jobs[i], &charges[i], keys[i]);
    decide(Jobs(room.jobs, charges.size()), Groups(groups).first(charges.size()), now);
    return;
  }
  std::vector<Job> jobs;
  jobs.reserve(charges.size());
  for (size_t i = 0; i < charges.size(); ++i) jobs.emplace_back(&charges[i], keys[i]);
  std::vector<size_t> groups(charges.size());
  decide(Jobs(jobs), Groups(groups), now);
}

void MemoryStore::decide(Jobs jobs, Groups scratch, Now now) {
  Groups locked = lock_all(jobs, scratch);
  while (split_where_full(jobs, now)) {
    unlock_all(locked);
    locked = lock_all(jobs, scratch);
  }
  bool admitted = true;
  for (Job& job : jobs) {
    evaluate(job, now);
    if (job.charge->mode == Mode::kEnforce) admitted &= job.charge->decision.allowed();
  }
  if (std::ranges::any_of(jobs, lacks_room_to_settle) || (admitted && !claim_enforced(jobs, now))) {
    admitted = false;
    note_unsettled(jobs);
  }
  for (Job& job : jobs) {
    if (!job.moves || (is_held_back_by_others(*job.charge) && !admitted)) continue;
    Instant soonest = Instant::max();
    if (claim(job, jobs, now, &soonest)) {
      store(job, now);
    } else {
      refuse_for_room(*job.charge, soonest, now);
    }
  }
  unlock_all(locked);
}

// Locks the groups of all jobs, in order of their numbers, so that no two requests wait for each other. Returns the
// locked groups.
MemoryStore::Groups MemoryStore::lock_all(Jobs jobs, Groups groups) {
  for (;;) {
    for (size_t i = 0; i < jobs.size(); ++i) {
      jobs[i].spot = table_.locate(jobs[i].key);
      groups[i] = jobs[i].spot.group;
    }
    std::sort(groups.begin(), groups.end());
    const auto last = std::unique(groups.begin(), groups.end());
    const Groups distinct = groups.first(static_cast<size_t>(last - groups.begin()));
    for (const size_t group : distinct) table_.lock(group);
    // A group may have split between being found and being locked.
    if (std::ranges::all_of(jobs, [&](const Job& job) { return table_.owns(job.spot, job.key); })) return distinct;
    unlock_all(distinct);
  }
}

void MemoryStore::unlock_all(Groups groups) {
  for (const size_t group : groups) table_.unlock(group);
}

// Splits one group that cannot take its new keys, if it can be split. True if it did: keys may now belong elsewhere. A
// split changes no counter, so it may happen before a refusal.
bool MemoryStore::split_where_full(Jobs jobs, Instant now) {
  for (const Job& job : jobs) {
    if (table_.count(job.spot.group) + jobs.size() <= SlotGroup::kSlots) continue;
    const auto is_new_here = [&](const Job& other) {
      return other.spot.group == job.spot.group && other.charge->cost.units != 0 &&
             other.charge->cost.movement != Movement::kGiveBack &&
             table_.slots(job.spot.group).find(other.key) == nullptr;
    };
    const auto needed = static_cast<uint32_t>(std::ranges::count_if(jobs, is_new_here));
    if (table_.count(job.spot.group) + needed <= SlotGroup::kSlots) continue;
    drop_expired(job.spot.group, jobs, now);
    const uint32_t count = table_.count(job.spot.group) + needed;
    if (count <= kSlotsAfterDrop || (count <= SlotGroup::kSlots && !table_.has_room_to_spare())) continue;
    if (table_.split(job.spot.group)) return true;
  }
  return false;
}

void MemoryStore::evaluate(Job& job, Now now) {
  job.slot = table_.slots(job.spot.group).find(job.key);
  const State state = job.slot == nullptr ? State{} : job.slot->state();
  const Limit& limit = *job.charge->limit;
  if (!algorithm::has_fixed_state(limit.algorithm)) {
    evaluate_side(job, state, now);
    return;
  }
  const Cost cost = cost_at(*job.charge, now);
  job.next = algorithm::evaluate(state, limit, cost, now, job.charge->decision);
  job.moves =
      algorithm::moves_state(cost, job.charge->decision) && (cost.movement != Movement::kGiveBack || job.next != state);
}

void MemoryStore::evaluate_side(Job& job, const State& state, Now now) {
  Charge& charge = *job.charge;
  const Cost cost = cost_at(charge, now);
  const bool known = state.algorithm == algorithm::state_tag(charge.limit->algorithm);
  size_t growth = known ? 0 : kNewSideBytes;  // the most that a commit can add: it doubles the existing memory
  if (charge.limit->algorithm == Algorithm::kSlidingWindowLog) {
    static const algorithm::WindowLog kFresh;
    const algorithm::WindowLog& log = known ? side_.log(state.x) : kFresh;
    charge.decision = log.evaluate(*charge.limit, cost, now);
    const bool is_full = log.bytes() <= sizeof log + log.entries() * sizeof(algorithm::WindowLog::Record);
    growth += is_full ? log.bytes() : 0;
  } else {
    static const algorithm::HoldSet kFresh;
    const algorithm::HoldSet& holds = known ? side_.holds(state.x) : kFresh;
    charge.decision = holds.evaluate(*charge.limit, cost, now);
    growth += holds.bytes();
  }
  const bool gives = cost.movement == Movement::kGiveBack;
  job.moves = algorithm::moves_state(cost, charge.decision) &&
              (!gives || (known && charge.limit->algorithm == Algorithm::kSlidingWindowLog));
  if (job.moves && !gives && !side_.has_room(growth)) {
    job.moves = false;
    refuse_for_room(charge, known ? algorithm::expires_at(state) : Instant::max(), now);
  }
}

// Makes a slot for every enforced charge that needs a new one, before any is charged. False if one found no room, which
// its decision says; the others' slots are then given back.
bool MemoryStore::claim_enforced(Jobs jobs, Instant now) {
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (!jobs[i].moves || !is_held_back_by_others(*jobs[i].charge)) continue;
    Instant soonest = Instant::max();
    if (claim(jobs[i], jobs, now, &soonest)) continue;
    refuse_for_room(*jobs[i].charge, soonest, now);
    for (Job& claimed : jobs.first(i)) {
      if (claimed.slot == nullptr || claimed.slot->state() != State{}) continue;
      forget(claimed.spot.group, claimed.slot);
      claimed.slot = nullptr;
      find_again(jobs);
    }
    return false;
  }
  return true;
}

// Whether more was used than was charged and there is no room to count it.
bool MemoryStore::lacks_room_to_settle(const Job& job) {
  const Cost& cost = job.charge->cost;
  return job.charge->mode == Mode::kSettle && !job.moves && cost.movement == Movement::kTakeWhole && cost.units != 0;
}

// The admitted charge says whether this one was settled before; lack of room says nothing about that.
void MemoryStore::note_unsettled(Jobs jobs) {
  const bool settles = std::ranges::any_of(jobs, [](const Job& job) { return job.charge->mode == Mode::kSettle; });
  if (!settles) return;
  for (Job& job : jobs) job.charge->basis = Basis::kUnavailable;
}

void MemoryStore::store(Job& job, Instant now) {
  const Algorithm algorithm = job.charge->limit->algorithm;
  State state = job.slot->state();
  if (memory::is_side(state) && state.algorithm != algorithm::state_tag(algorithm)) {
    free_side(state);
    state = {};
  }
  job.slot->set_state(algorithm::has_fixed_state(algorithm) ? job.next : store_side(job, state, now));
}

State MemoryStore::store_side(Job& job, State state, Instant now) {
  Charge& charge = *job.charge;
  const Limit& limit = *charge.limit;
  const bool is_log = limit.algorithm == Algorithm::kSlidingWindowLog;
  if (!memory::is_side(state)) {
    state = {};
    state.x = is_log ? side_.add(algorithm::WindowLog()) : side_.add(algorithm::HoldSet());
    RG_CHECK(state.x != SidePool::kNone);  // has_room() is false long before the handles run out
  }
  if (is_log) {
    algorithm::WindowLog& log = side_.log(state.x);
    const size_t before = log.bytes();
    log.commit(limit, charge.cost, now);
    side_.account(before, log.bytes());
    algorithm::stamp(state, limit.algorithm, log.expires_at());
    return state;
  }
  algorithm::HoldSet& holds = side_.holds(state.x);
  const size_t before = holds.bytes();
  uint64_t number = next_hold_number();
  while (holds.contains(number)) number = next_hold_number();
  holds.commit(limit, charge.cost, now, number);
  side_.account(before, holds.bytes());
  algorithm::stamp(state, limit.algorithm, holds.expires_at());
  charge.decision.hold = hold_id(job.key, number);
  return state;
}

uint64_t MemoryStore::next_hold_number() {
  const uint64_t count = holds_made_.fetch_add(1, std::memory_order_relaxed);
  std::array<char, sizeof count> bytes;
  std::memcpy(bytes.data(), &count, sizeof count);
  return hold_hash_({bytes.data(), bytes.size()}).low;
}

ResetResult MemoryStore::reset(std::string_view key, const Terms&) {
  const Fingerprint wanted = fingerprint(key);
  const size_t group = table_.lock_group_of(wanted);
  Slot* slot = table_.slots(group).find(wanted);
  if (slot != nullptr) forget(group, slot);
  table_.unlock(group);
  return slot != nullptr ? ResetResult::kForgotten : ResetResult::kNotThere;
}

ReleaseResult MemoryStore::release(const HoldId& hold, Instant now) {
  Fingerprint key;
  uint64_t number;
  std::memcpy(&key.head, hold.bytes.data(), 8);
  std::memcpy(&key.rest, hold.bytes.data() + 8, 4);
  std::memcpy(&number, hold.bytes.data() + 12, 8);
  if (key.head == 0) return ReleaseResult::kUnknown;
  ReleaseResult result = ReleaseResult::kUnknown;
  const size_t group = table_.lock_group_of(key);
  Slot* slot = table_.slots(group).find(key);
  State state = slot == nullptr ? State{} : slot->state();
  if (state.algorithm == algorithm::state_tag(Algorithm::kConcurrency)) {
    algorithm::HoldSet& holds = side_.holds(state.x);
    const size_t before = holds.bytes();
    if (holds.release(number, now)) result = ReleaseResult::kReleased;
    side_.account(before, holds.bytes());
    if (holds.count() == 0) {
      forget(group, slot);
    } else {
      algorithm::stamp(state, Algorithm::kConcurrency, holds.expires_at());
      slot->set_state(state);
    }
  }
  table_.unlock(group);
  return result;
}

StoreStats MemoryStore::stats() const {
  return {.keys = keys_.load(std::memory_order_relaxed),
          .keys_max = max_keys_,
          .expired = expired_.load(std::memory_order_relaxed),
          .evicted = evicted_.load(std::memory_order_relaxed),
          .refused_full = refused_full_.load(std::memory_order_relaxed),
          .memory_bytes = table_.memory_bytes() + side_.bytes()};
}

void MemoryStore::free_side(const State& state) {
  if (memory::is_side(state)) side_.remove(state.x);
}

void MemoryStore::adopt_hash_key(const HashKey& key) {
  RG_CHECK(keys_.load() == 0);
  hash_key_ = key;
  hash_.set_key(key);
}

void MemoryStore::clear() {
  for (size_t group = 0; group < table_.groups_end(); ++group) {
    if (!table_.exists(group)) continue;
    table_.lock(group);
    for (uint32_t i = 0; i < SlotGroup::kSlots;) {
      Slot& slot = table_.slots(group).slots[i];
      if (slot.is_empty()) {
        ++i;
      } else {
        forget(group, &slot);  // another key may move into its slot: examine it again
      }
    }
    table_.unlock(group);
  }
}

Slot* MemoryStore::restore_slot(Fingerprint key) {
  for (;;) {
    const size_t group = table_.locate(key).group;
    if (Slot* slot = table_.slots(group).find(key)) return slot;
    if (table_.count(group) == SlotGroup::kSlots) {
      if (!table_.split(group)) return nullptr;
      continue;
    }
    return count_new_keys(1) ? &table_.insert(group, key, {}) : nullptr;
  }
}

bool MemoryStore::restore(Fingerprint key, const State& state) {
  Slot* slot = restore_slot(key);
  if (slot == nullptr) return false;
  free_side(slot->state());
  slot->set_state(state);
  return true;
}

template <typename T>
bool MemoryStore::restore_side(Fingerprint key, Algorithm algorithm, T value) {
  if (!side_.has_room(value.bytes())) return false;
  State state = {};
  algorithm::stamp(state, algorithm, value.expires_at());
  state.x = side_.add(std::move(value));
  if (state.x == SidePool::kNone) return false;
  if (restore(key, state)) return true;
  side_.remove(state.x);
  return false;
}

bool MemoryStore::restore(Fingerprint key, algorithm::WindowLog log) {
  return restore_side(key, Algorithm::kSlidingWindowLog, std::move(log));
}

bool MemoryStore::restore(Fingerprint key, algorithm::HoldSet holds) {
  return restore_side(key, Algorithm::kConcurrency, std::move(holds));
}

}  // namespace rateguard
