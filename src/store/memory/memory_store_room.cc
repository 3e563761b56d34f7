// Eviction: which counter makes room for a new one. Expired counters go first, then the policy decides.
#include <algorithm>

#include "base/check.h"
#include "store/memory/memory_store.h"

namespace rateguard {

using algorithm::State;
using memory::Slot;
using memory::SlotGroup;

namespace {

// How many groups besides the new key's own are searched for a counter to drop. A table that holds all its keys has 85
// in each group, so even one is enough; more are needed only by tables of a few keys.
constexpr size_t kGroupsSearched = 64;
// The wait given when a key is refused for lack of room and no expiry is known.
constexpr Duration kFullRetry = Duration::seconds(1);
// The cost of examining a group that does not exist, in slots of a tick's budget.
constexpr uint32_t kAbsentGroupSlots = 8;

}  // namespace

// Makes a slot for the job's key if it has none. False if no room could be made; `soonest` is then when the first of
// the examined counters expires. May move other slots of the groups; those of the jobs are found again. REQUIRES: the
// groups of all `jobs` are locked, and all are evaluated.
bool MemoryStore::claim(Job& job, Jobs jobs, Instant now, Instant* soonest) {
  if (job.slot != nullptr) return true;
  // Keys of a request are distinct; if a caller breaks that promise they share a slot.
  const auto same = std::ranges::find_if(jobs, [&](const Job& other) { return other.slot && other.key == job.key; });
  if (same != jobs.end()) {
    job.slot = same->slot;
    return true;
  }
  const auto free_one_of = [&](const Job& other) {
    if (!free_one(other.spot.group, jobs, now, soonest)) return false;
    find_again(jobs);
    return true;
  };
  if (table_.count(job.spot.group) == SlotGroup::kSlots && !free_one_of(job)) return false;
  while (!count_new_keys(1)) {
    if (free_one_of(job) || std::ranges::any_of(jobs, free_one_of)) continue;
    Instant elsewhere = Instant::max();
    if (free_one_elsewhere(now, &elsewhere)) continue;
    // A retry searches its own group again, and a different choice of others unless all are searched: only then can the
    // wait be relied on.
    if (*soonest == Instant::max() || table_.groups_end() <= kGroupsSearched) *soonest = std::min(*soonest, elsewhere);
    return false;
  }
  job.slot = &table_.insert(job.spot.group, job.key, {});
  return true;
}

// Needed after counters were dropped, which moves those after them.
void MemoryStore::find_again(Jobs jobs) {
  for (Job& job : jobs) {
    if (job.slot != nullptr) job.slot = table_.slots(job.spot.group).find(job.key);
  }
}

// Counts `added` more keys, unless that would exceed the bound.
bool MemoryStore::count_new_keys(uint64_t added) {
  uint64_t keys = keys_.load(std::memory_order_relaxed);
  do {
    if (keys + added > max_keys_) return false;
  } while (!keys_.compare_exchange_weak(keys, keys + added, std::memory_order_relaxed));
  return true;
}

void MemoryStore::forget(size_t group, Slot* slot) {
  free_side(slot->state());
  table_.erase(group, slot);
  keys_.fetch_sub(1, std::memory_order_relaxed);
}

// Drops the counters of a group that equal fresh ones, except those of `keep`. Returns how many.
uint32_t MemoryStore::drop_expired(size_t group, Jobs keep, Instant now) {
  const uint32_t dropped = table_.erase_if(group, [&](const Slot& slot) {
    const bool goes = algorithm::expires_at(slot.state()) <= now &&
                      std::ranges::none_of(keep, [&](const Job& job) { return slot.holds(job.key); });
    if (goes) free_side(slot.state());
    return goes;
  });
  if (dropped != 0) {
    keys_.fetch_sub(dropped, std::memory_order_relaxed);
    expired_.fetch_add(dropped, std::memory_order_relaxed);
  }
  return dropped;
}

// Makes room in a group by dropping what has expired, else by the policy. False if nothing could be dropped.
bool MemoryStore::free_one(size_t group, Jobs keep, Instant now, Instant* soonest) {
  if (drop_expired(group, keep, now) != 0) return true;
  Slot* nearest = nullptr;
  for (Slot& slot : table_.slots(group).slots) {
    if (slot.is_empty() || std::ranges::any_of(keep, [&](const Job& job) { return slot.holds(job.key); })) continue;
    if (nearest == nullptr || algorithm::expires_at(slot.state()) < algorithm::expires_at(nearest->state()))
      nearest = &slot;
  }
  if (nearest == nullptr) return false;
  *soonest = std::min(*soonest, algorithm::expires_at(nearest->state()));
  if (when_full_ == FullPolicy::kRefuse) return false;
  forget(group, nearest);
  evicted_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

bool MemoryStore::free_one_elsewhere(Instant now, Instant* soonest) {
  for (size_t i = 0; i < kGroupsSearched; ++i) {
    const size_t group = search_cursor_.fetch_add(1, std::memory_order_relaxed) % table_.groups_end();
    // Groups are locked out of order here, so it must not wait for any. The request's own groups are locked and
    // skipped.
    if (!table_.exists(group) || !table_.try_lock(group)) continue;
    const bool freed = free_one(group, {}, now, soonest);
    table_.unlock(group);
    if (freed) return true;
  }
  return false;
}

void MemoryStore::refuse_for_room(Charge& charge, Instant soonest, Instant now) {
  refused_full_.fetch_add(1, std::memory_order_relaxed);
  const Duration wait = soonest == Instant::max() ? kFullRetry : std::max(soonest - now, Duration::micros(1));
  charge.decision = {.verdict = Verdict::kRefused,
                     .debt_is_cut = charge.cost.movement == Movement::kTakeWhole,
                     .limit = charge.limit->capacity,
                     .remaining = 0,
                     .retry_after = wait,
                     .reset_after = wait};
}

void MemoryStore::tick(Instant now, TickBudget budget) {
  // An empty store takes no memory.
  if (keys_.load(std::memory_order_relaxed) != 0) table_.prepare_growth();
  uint32_t left = std::max(budget.slots, uint32_t{1});
  while (left > 0) {
    const size_t group = tick_cursor_.fetch_add(1, std::memory_order_relaxed) % table_.groups_end();
    const bool exists = table_.exists(group);
    if (exists) {
      table_.lock(group);
      drop_expired(group, {}, now);
      table_.unlock(group);
    }
    left -= std::min(left, exists ? SlotGroup::kSlots : kAbsentGroupSlots);
  }
}

}  // namespace rateguard
