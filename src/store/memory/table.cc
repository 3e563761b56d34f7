#include "store/memory/table.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace rateguard::memory {

Result<Table::Memory> Table::Memory::reserve(uint64_t keys_max) {
  RG_CHECK(keys_max >= 1 && keys_max <= kKeysMax);
  Memory made;
  const uint64_t groups = (keys_max + kKeysPerGroup - 1) / kKeysPerGroup;
  uint32_t depth = 0;
  while (groups >> depth >= 2 * kRootsMin) ++depth;
  made.roots = static_cast<uint32_t>((groups + (uint64_t{1} << depth) - 1) >> depth);
  made.depth_max = depth + kSpareDepth;
  const uint64_t full = uint64_t{made.roots} << depth;
  made.pages_spare = static_cast<uint32_t>(std::max(full * kSparePercent / 100, kSparePagesMin));
  made.pages_max = static_cast<uint32_t>(full) + made.pages_spare;
  auto pages = Reservation::make_large_paged(size_t{made.pages_max} * sizeof(SlotGroup));
  if (!pages) return std::unexpected(pages.error());
  made.pages = std::move(*pages);
  auto records = Reservation::make_large_paged((size_t{made.roots} << made.depth_max) * sizeof(Record));
  if (!records) return std::unexpected(records.error());
  made.records = std::move(*records);
  return made;
}

Table::Table(Memory memory)
    : memory_(std::move(memory)),
      pages_(reinterpret_cast<SlotGroup*>(memory_.pages.data())),
      records_(reinterpret_cast<Record*>(memory_.records.data())),
      roots_(memory_.roots),
      pages_used_(memory_.roots) {
  // Zero bytes are records and groups that do not exist yet.
  for (uint32_t root = 0; root < roots_; ++root) records_[root].page.store(root + 1, std::memory_order_relaxed);
}

Slot& Table::insert(size_t group, Fingerprint key, const algorithm::State& state) {
  RG_DCHECK(count(group) < SlotGroup::kSlots && locate(key).group == group);
  ++records_[group].count;
  return slots(group).insert(key, state);
}

void Table::erase(size_t group, Slot* slot) {
  slots(group).erase(slot);
  --records_[group].count;
}

bool Table::split(size_t group) {
  Record& parent = records_[group];
  const uint32_t bit = parent.depth;
  if (bit >= memory_.depth_max) return false;
  const uint32_t page = pages_used_.fetch_add(1, std::memory_order_relaxed);
  if (page >= memory_.pages_max) {
    pages_used_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  Record& child = records_[group + (size_t{roots_} << bit)];
  SlotGroup& low = slots(group);
  SlotGroup& high = pages_[page];
  uint32_t moved = 0;
  low.take_all([&](const Slot& slot) {
    const Fingerprint key = slot.key();
    const bool moves = (key.path_bits() >> bit) & 1;
    (moves ? high : low).insert(key, slot.state());
    moved += moves;
  });
  parent.count = static_cast<uint8_t>(parent.count - moved);
  parent.depth = static_cast<uint8_t>(bit + 1);
  child.count = static_cast<uint8_t>(moved);
  child.depth = static_cast<uint8_t>(bit + 1);
  // Deeper groups are looked for before the first of them exists: see locate().
  path_mask_.fetch_or(uint32_t{1} << bit, std::memory_order_release);
  child.page.store(page + 1, std::memory_order_release);
  return true;
}

void Table::prepare_growth() {
  const size_t used = size_t{pages_used_.load(std::memory_order_relaxed)} * sizeof(SlotGroup);
  size_t prepared = prepared_bytes_.load(std::memory_order_relaxed);
  const size_t wanted = used + std::clamp(used / 8, kAheadBytesMin, kAheadBytesMax);
  if (prepared >= wanted) return;
  if (!prepared_bytes_.compare_exchange_strong(prepared, wanted)) return;  // another thread is doing it
  memory_.pages.populate(std::max(prepared, used), wanted - std::max(prepared, used));
}

uint64_t Table::memory_bytes() const {
  return pages_used_.load(std::memory_order_relaxed) * sizeof(SlotGroup) + groups_end() * sizeof(Record);
}

}  // namespace rateguard::memory
