#include "simulate/subject_table.h"

#include <algorithm>
#include <ranges>

namespace rateguard::simulate {
namespace {

constexpr size_t kSlotsAtStart = 64;

}  // namespace

SubjectTable::SubjectTable() : slots_(kSlotsAtStart) {}

// The slot of a subject, or the empty one where it would be.
inline size_t SubjectTable::place_of(const KeyedHash& hash) const {
  const size_t mask = slots_.size() - 1;
  const uint32_t tag = tag_of(hash);
  size_t at = tag & mask;
  for (; slots_[at].entry_plus_one != 0; at = (at + 1) & mask) {
    if (slots_[at].tag == tag && entries_[slots_[at].entry_plus_one - 1].is_of(hash)) break;
  }
  return at;
}

SubjectTable::Sums& SubjectTable::find_or_add(const KeyedHash& hash, uint32_t event, SubjectId& next) {
  const size_t at = place_of(hash);
  if (slots_[at].entry_plus_one != 0) return entries_[slots_[at].entry_plus_one - 1].sums;
  if ((entries_.size() + 1) * 2 > slots_.size()) {
    grow();
    return find_or_add(hash, event, next);
  }
  entries_.push_back({.hash_low = hash.low, .hash_high = static_cast<uint32_t>(hash.high), .sums = {.id = next++}});
  first_events_.push_back(event);
  slots_[at] = {.tag = tag_of(hash), .entry_plus_one = static_cast<uint32_t>(entries_.size())};
  return entries_.back().sums;
}

SubjectFigures SubjectTable::figures(size_t index) const {
  const Sums& sums = entries_[index].sums;
  return {.id = sums.id,
          .first_event = first_events_[index],
          .requests = sums.requests,
          .refused = sums.refused,
          .cost_admitted = sums.cost_admitted()};
}

std::optional<size_t> SubjectTable::find(const KeyedHash& hash) const {
  const Slot slot = slots_[place_of(hash)];
  if (slot.entry_plus_one == 0) return std::nullopt;
  return slot.entry_plus_one - 1;
}

std::optional<size_t> SubjectTable::find(SubjectId id) const {
  const auto indices = std::views::iota(size_t{0}, entries_.size());
  const auto found = std::ranges::lower_bound(indices, id, {}, [&](size_t index) { return entries_[index].sums.id; });
  if (found == indices.end() || entries_[*found].sums.id != id) return std::nullopt;
  return *found;
}

// From slot to slot, whose tags say where they belong: what lies side by side goes to two places side by side.
void SubjectTable::grow() {
  HugePageVector<Slot> larger(slots_.size() * 2);
  const size_t mask = larger.size() - 1;
  for (const Slot& slot : slots_) {
    if (slot.entry_plus_one == 0) continue;
    size_t at = slot.tag & mask;
    while (larger[at].entry_plus_one != 0) at = (at + 1) & mask;
    larger[at] = slot;
  }
  slots_ = std::move(larger);
}

}  // namespace rateguard::simulate
