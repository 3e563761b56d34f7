// charge() and charge_batch(): the short way of what nearly every request is, one limit whose counter is there.
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

// Keys whose memory a batch asks for before it decides the first of them: enough to keep as many misses in flight as a
// core can (about 20 of them to memory), few enough that the first is still in the nearest cache when its turn comes.
constexpr size_t kKeysAhead = 16;
// Keys between asking for a group's record and reading it: hashing one takes about as long as the nearer caches need.
constexpr size_t kRecordsAhead = 4;
// Keys between asking for the slots after a key's home and deciding it: eight decisions take about as long as memory
// does.
constexpr size_t kNextAhead = 8;

// Any algorithm and any outcome. False: its memory is not all in the slot.
bool evaluate_slot(Slot& slot, Charge& charge, Now now) {
  const Limit& limit = *charge.limit;
  State next;
  if (limit.unit_us == 0 ||
      !algorithm::evaluate_whole_units(slot.state(), limit, charge.cost, now, charge.decision, next)) {
    if (!algorithm::has_fixed_state(limit.algorithm) || memory::is_side(slot.state())) return false;
    next = algorithm::evaluate(slot.state(), limit, charge.cost, now, charge.decision);
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

// Takes as many groups at once as memory can be asked for ahead.
template <typename Hash>
inline void MemoryStore::charge_ahead(std::span<ChargeGroup> groups, Hash&& hash, Now now) {
  std::array<Fingerprint, kKeysAhead> keys;
  std::array<Table::Spot, kKeysAhead> spots;
  while (!groups.empty()) {
    size_t taken = 0;
    size_t count = 0;
    size_t located = 0;
    const auto locate_next = [&] {
      table_.finish_locating(keys[located], spots[located]);
      Table::prefetch_home(spots[located], keys[located]);
      ++located;
    };
    for (; taken < groups.size() && count + groups[taken].charges.size() <= kKeysAhead; ++taken) {
      for (const Charge& charge : groups[taken].charges) {
        keys[count] = Fingerprint::of(hash(charge.key));
        spots[count] = table_.begin_to_locate(keys[count]);
        ++count;
        if (count - located > kRecordsAhead) locate_next();
      }
    }
    if (taken == 0) {  // more limits than that: its keys cannot all be asked for ahead
      charge_many(groups[0].charges, now);
      groups = groups.subspan(1);
      continue;
    }
    while (located < count) locate_next();
    size_t i = 0;
    size_t asked = 0;
    for (const ChargeGroup& group : groups.first(taken)) {
      // A core can wait for some twenty lines of memory at once. Asked for together with the homes, these would make it
      // stand still; now it has room for them.
      for (; asked < count && asked < i + kNextAhead; ++asked) Table::prefetch_next(spots[asked], keys[asked]);
      if (group.charges.size() != 1) {
        decide(group.charges, &keys[i], now);
      } else if (!charge_at_home(group.charges[0], keys[i], spots[i], now)) {
        charge_anywhere(group.charges[0], keys[i], now);
      }
      i += group.charges.size();
    }
    groups = groups.subspan(taken);
  }
}

// The commonest case, alone: one charge of a token bucket that is in the line of its home. False: anything else, and
// nothing was done. It calls nothing that is not inlined, so it has few registers to save.
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

// One charge, wherever its key is.
[[gnu::noinline]] void MemoryStore::charge_anywhere(Charge& charge, Fingerprint key, Now now) {
  if (!charge_slot(charge, key, now)) decide({&charge, 1}, &key, now);
}

// One charge of a key that is there, whose whole memory is its slot. False: anything else, and nothing was done.
inline bool MemoryStore::charge_slot(Charge& charge, Fingerprint key, Now now) {
  const Table::Spot spot = table_.locate(key);
  if (!table_.lock_where_owned(spot, key)) [[unlikely]]
    return false;
  Slot* const slot = spot.slots->find(key);
  const bool decided = slot != nullptr && evaluate_slot(*slot, charge, now);
  table_.unlock(spot.group);
  return decided;
}

[[gnu::noinline]] void MemoryStore::charge_many(std::span<Charge> charges, Now now) {
  std::array<Fingerprint, kJobsInline> keys;
  if (charges.size() <= keys.size()) {
    for (size_t i = 0; i < charges.size(); ++i) keys[i] = fingerprint(charges[i].key);
    return decide(charges, keys.data(), now);
  }
  std::vector<Fingerprint> many;
  many.reserve(charges.size());
  for (const Charge& charge : charges) many.push_back(fingerprint(charge.key));
  decide(charges, many.data(), now);
}

}  // namespace rateguard
