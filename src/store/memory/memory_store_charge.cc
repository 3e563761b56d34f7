// charge() and charge_batch(): the fast paths for nearly every request: a few limits whose counters exist or find room.
#include <algorithm>
#include <array>
#include <vector>

#include "algorithm/evaluate.h"
#include "store/memory/memory_store.h"

namespace rateguard {

using algorithm::State;
using memory::Fingerprint;
using memory::Slot;
using memory::Table;

namespace {

// How many keys' memory a batch prefetches before it decides the first of them: enough to keep as many misses in flight
// as a core can (about 20 of them to memory), few enough that the first is still in the nearest cache when its turn
// comes.
constexpr size_t kKeysAhead = 16;
// Keys between asking for a group's record and reading it: hashing one takes about as long as the nearer caches need.
constexpr size_t kRecordsAhead = 4;
// Keys between asking for the slots after a key's home and deciding it: eight decisions take about as long as memory
// does.
constexpr size_t kNextAhead = 8;

// Any algorithm and any outcome. False if its memory is not entirely in the slot.
bool evaluate_slot(Slot& slot, Charge& charge, Now now) {
  const Limit& limit = *charge.limit;
  State next;
  if (limit.unit_us == 0 ||
      !algorithm::evaluate_whole_units(slot.state(), limit, charge.cost, now, charge.decision, next)) {
    if (!algorithm::has_fixed_state(limit.algorithm) || memory::is_side(slot.state())) return false;
    next = algorithm::evaluate(slot.state(), limit, cost_at(charge, now), now, charge.decision);
  }
  if (algorithm::moves_state(charge.cost, charge.decision)) slot.set_state(next);
  return true;
}

}  // namespace

// The two entrances exist twice, since the hash is inlined only where its instructions may be used.
void MemoryStore::charge(ChargeGroup group, Now now) {
  if (group.charges.size() != 1) return charge_many(group.charges, now);
  Charge& charge = group.charges[0];
  return memory::KeyHash::has_instructions() ? charge_one_by_instructions(charge, now)
                                             : charge_one_by_tables(charge, now);
}

void MemoryStore::charge_batch(std::span<ChargeGroup> groups, Now now) {
  if (memory::KeyHash::has_instructions()) return charge_ahead_by_instructions(groups, now);
  return charge_ahead_by_tables(groups, now);
}

[[gnu::flatten]] void MemoryStore::charge_one_by_instructions(Charge& charge, Now now) {
  return charge_one(charge, [this](std::string_view key) { return hash_.by_instructions(key); }, now);
}

[[gnu::noinline]] void MemoryStore::charge_one_by_tables(Charge& charge, Now now) {
  return charge_one(charge, [this](std::string_view key) { return hash_.by_tables(key); }, now);
}

[[gnu::flatten]] void MemoryStore::charge_ahead_by_instructions(std::span<ChargeGroup> groups, Now now) {
  return charge_ahead(groups, [this](std::string_view key) { return hash_.by_instructions(key); }, now);
}

[[gnu::noinline]] void MemoryStore::charge_ahead_by_tables(std::span<ChargeGroup> groups, Now now) {
  return charge_ahead(groups, [this](std::string_view key) { return hash_.by_tables(key); }, now);
}

template <typename Hash>
inline void MemoryStore::charge_one(Charge& charge, Hash&& hash, Now now) {
  const Fingerprint key = Fingerprint::of(hash(charge.key));
  const Table::Spot spot = table_.locate(key);
  Table::prefetch_home(spot, key);
  if (!charge_at_home(charge, key, spot, now)) return charge_anywhere(charge, key, now);
}

// Takes as many groups at once as memory can be prefetched for.
template <typename Hash>
inline void MemoryStore::charge_ahead(std::span<ChargeGroup> groups, Hash&& hash, Now now) {
  std::array<Fingerprint, kKeysAhead> keys;
  std::array<Table::Spot, kKeysAhead> spots;
  while (!groups.empty()) {
    size_t taken = 0;
    size_t count = 0;
    size_t located = 0;
    const auto finish_locating = [&](size_t index) {
      table_.finish_locating(keys[index], spots[index]);
      Table::prefetch_home(spots[index], keys[index]);
    };
    for (; taken < groups.size() && count + groups[taken].charges.size() <= kKeysAhead; ++taken) {
      for (const Charge& charge : groups[taken].charges) {
        keys[count] = Fingerprint::of(hash(charge.key));
        spots[count] = table_.begin_to_locate(keys[count]);
        ++count;
        if (count - located > kRecordsAhead) finish_locating(located++);
      }
    }
    if (taken == 0) {  // too many limits: its keys cannot all be prefetched
      charge_many(groups[0].charges, now);
      groups = groups.subspan(1);
      continue;
    }
    for (; located < count; ++located) finish_locating(located);
    size_t i = 0;
    size_t asked = 0;
    for (const ChargeGroup& group : groups.first(taken)) {
      // A core can wait for about twenty cache lines at once. Prefetched together with the homes, these would stall it;
      // now it has capacity for them.
      for (; asked < count && asked < i + kNextAhead; ++asked) Table::prefetch_next(spots[asked], keys[asked]);
      if (group.charges.size() != 1) {
        charge_several(group.charges, &keys[i], now);
      } else if (!charge_at_home(group.charges[0], keys[i], spots[i], now)) {
        charge_anywhere(group.charges[0], keys[i], now);
      }
      i += group.charges.size();
    }
    groups = groups.subspan(taken);
  }
}

// Only the commonest case: one charge of a token bucket in the cache line of its home. False for anything else, with
// nothing done. Everything it calls is inlined, so it has few registers to save.
inline bool MemoryStore::charge_at_home(Charge& charge, Fingerprint key, Table::Spot spot, Now now) {
  const Limit& limit = *charge.limit;
  if (limit.unit_us == 0 || !table_.try_lock_where_owned(spot, key)) [[unlikely]]
    return false;
  memory::Line home = spot.slots->home_of(key);
  State next;
  const bool decided =
      home.holds(key) && algorithm::evaluate_whole_units(home.state(), limit, charge.cost, now, charge.decision, next);
  if (decided && charge.decision.allowed()) [[likely]]
    home.set_state(next);
  table_.unlock(spot.group);
  return decided;
}

// One charge, for any position of its key.
[[gnu::noinline]] void MemoryStore::charge_anywhere(Charge& charge, Fingerprint key, Now now) {
  if (!charge_slot(charge, key, now)) decide({&charge, 1}, &key, now);
}

// One charge whose memory is entirely its slot, existing or new with room for it. False for anything else, with nothing
// done.
inline bool MemoryStore::charge_slot(Charge& charge, Fingerprint key, Now now) {
  const Table::Spot spot = table_.locate(key);
  if (!table_.lock_where_owned(spot, key)) [[unlikely]]
    return false;
  Slot* const slot = spot.slots->find(key);
  const bool decided = slot != nullptr ? evaluate_slot(*slot, charge, now) : add_slot(spot.group, key, charge, now);
  table_.unlock(spot.group);
  return decided;
}

// One charge of a key that is not in the group, which is locked. False as above.
inline bool MemoryStore::add_slot(size_t group, Fingerprint key, Charge& charge, Now now) {
  const Limit& limit = *charge.limit;
  if (!algorithm::has_fixed_state(limit.algorithm) || table_.count(group) == memory::SlotGroup::kSlots) return false;
  const State next = algorithm::evaluate(State{}, limit, charge.cost, now, charge.decision);
  if (!algorithm::moves_state(charge.cost, charge.decision) || next == State{}) return true;
  if (!count_new_keys(1)) return false;
  table_.insert(group, key, next);
  return true;
}

// The charges of one request, if each has its memory entirely in its slot, existing or new with room for it, and no
// other thread is in the way. False for anything else, with nothing done. REQUIRES: at most kFewCharges.
bool MemoryStore::charge_few(std::span<Charge> charges, const Fingerprint* keys, Now now) {
  std::array<Table::Spot, kFewCharges> spots;
  for (size_t i = 0; i < charges.size(); ++i) {
    if (!algorithm::has_fixed_state(charges[i].limit->algorithm)) return false;
    spots[i] = table_.locate(keys[i]);
    Table::prefetch_home(spots[i], keys[i]);
  }
  size_t locked = 0;
  const auto is_locked = [&](size_t i) {  // by one before it
    return std::any_of(spots.begin(), spots.begin() + static_cast<ptrdiff_t>(i),
                       [&](const Table::Spot& other) { return other.group == spots[i].group; });
  };
  const auto lock = [&](size_t i) {
    return is_locked(i) ? table_.owns(spots[i], keys[i]) : table_.try_lock_where_owned(spots[i], keys[i]);
  };
  while (locked < charges.size() && lock(locked)) ++locked;
  const bool decided = locked == charges.size() && decide_few(charges, keys, spots.data(), now);
  for (size_t i = 0; i < locked; ++i) {
    if (!is_locked(i)) table_.unlock(spots[i].group);
  }
  return decided;
}

// The same once all groups are locked.
inline bool MemoryStore::decide_few(std::span<Charge> charges, const Fingerprint* keys, const Table::Spot* spots,
                                    Now now) {
  std::array<Slot*, kFewCharges> slots;
  std::array<State, kFewCharges> next;
  bool admitted = true;
  for (size_t i = 0; i < charges.size(); ++i) {
    Charge& charge = charges[i];
    slots[i] = spots[i].slots->find(keys[i]);
    if (slots[i] == nullptr && table_.count(spots[i].group) + charges.size() > memory::SlotGroup::kSlots) return false;
    if (slots[i] != nullptr && memory::is_side(slots[i]->state())) return false;
    next[i] = algorithm::evaluate(slots[i] == nullptr ? State{} : slots[i]->state(), *charge.limit,
                                  cost_at(charge, now), now, charge.decision);
    if (charge.mode == Mode::kEnforce) admitted &= charge.decision.allowed();
  }
  const auto moves = [&](size_t i) {
    const Charge& charge = charges[i];
    return algorithm::moves_state(charge.cost, charge.decision) && (admitted || !is_held_back_by_others(charge));
  };
  const auto is_new = [&](size_t i) { return slots[i] == nullptr && moves(i) && next[i] != State{}; };
  uint64_t added = 0;
  for (size_t i = 0; i < charges.size(); ++i) {
    if (!is_new(i)) continue;
    // Keys are distinct; if a caller breaks that promise they share a slot.
    if (std::find(keys, keys + i, keys[i]) != keys + i) return false;
    ++added;
  }
  if (added != 0 && !count_new_keys(added)) return false;
  for (size_t i = 0; i < charges.size(); ++i) {
    if (is_new(i)) {
      table_.insert(spots[i].group, keys[i], next[i]);
    } else if (slots[i] != nullptr && moves(i)) {
      slots[i]->set_state(next[i]);
    }
  }
  return true;
}

inline void MemoryStore::charge_several(std::span<Charge> charges, const Fingerprint* keys, Now now) {
  if (charges.size() > kFewCharges || !charge_few(charges, keys, now)) decide(charges, keys, now);
}

[[gnu::noinline]] void MemoryStore::charge_many(std::span<Charge> charges, Now now) {
  std::array<Fingerprint, kJobsInline> keys;
  if (charges.size() <= keys.size()) {
    for (size_t i = 0; i < charges.size(); ++i) keys[i] = fingerprint(charges[i].key);
    return charge_several(charges, keys.data(), now);
  }
  std::vector<Fingerprint> many;
  many.reserve(charges.size());
  for (const Charge& charge : charges) many.push_back(fingerprint(charge.key));
  decide(charges, many.data(), now);
}

}  // namespace rateguard
