#include "store/memory/side_pool.h"

#include <algorithm>
#include <limits>
#include <new>
#include <utility>

#include "base/mutex.h"

namespace rateguard::memory {

namespace {

// Handles beyond those that fill the bound, for threads that were told at the same moment that there is room.
constexpr uint64_t kSpareEntries = 4096;

}  // namespace

Result<Reservation> SidePool::reserve(uint64_t bytes_max) {
  const uint64_t entries =
      std::min<uint64_t>(bytes_max / sizeof(Entry) + kSpareEntries, std::numeric_limits<Handle>::max());
  return Reservation::make(entries * sizeof(Entry));
}

SidePool::SidePool(Reservation memory, uint64_t bytes_max)
    : memory_(std::move(memory)), entries_(reinterpret_cast<Entry*>(memory_.data())), bytes_max_(bytes_max) {}

SidePool::~SidePool() {
  for (Handle handle = 1; handle < used_end_; ++handle) entries_[handle].~Entry();
}

size_t SidePool::bytes_of(const Entry& entry) const {
  // The variant and the chain around the object count as well.
  if (const auto* log = std::get_if<algorithm::WindowLog>(&entry.value))
    return log->bytes() - sizeof(*log) + sizeof(Entry);
  if (const auto* holds = std::get_if<algorithm::HoldSet>(&entry.value))
    return holds->bytes() - sizeof(*holds) + sizeof(Entry);
  return 0;
}

SidePool::Handle SidePool::take_free() {
  const HeldLock guard(lock_);
  if (free_ != kNone) {
    const Handle handle = free_;
    free_ = entries_[handle].next_free;
    return handle;
  }
  if ((size_t{used_end_} + 1) * sizeof(Entry) > memory_.size()) return kNone;
  new (&entries_[used_end_]) Entry();
  return used_end_++;
}

void SidePool::remove(Handle handle) {
  Entry& entry = entries_[handle];
  bytes_.fetch_sub(bytes_of(entry), std::memory_order_relaxed);
  entry.value = std::monostate{};
  const HeldLock guard(lock_);
  entry.next_free = free_;
  free_ = handle;
}

}  // namespace rateguard::memory
