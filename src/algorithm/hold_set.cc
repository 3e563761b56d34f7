#include "algorithm/hold_set.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/check.h"

namespace rateguard::algorithm {
namespace {

// The smallest index, enough for the holds of a small limit.
constexpr size_t kPlacesMin = 8;
constexpr size_t kNowhere = std::numeric_limits<size_t>::max();

bool ends_before(const HoldSet::Hold& a, const HoldSet::Hold& b) {
  return a.expires != b.expires ? a.expires < b.expires : a.number < b.number;
}

// Numbers come from the store, which may count them up: spread them (Fibonacci hashing, Knuth, TAOCP volume 3, 6.4).
size_t spread(uint64_t number) {
  const uint64_t product = number * 0x9E3779B97F4A7C15;
  return static_cast<size_t>(product ^ (product >> 32));
}

}  // namespace

Result<HoldSet> HoldSet::restore(std::span<const Hold> holds) {
  HoldSet set;
  uint64_t total = 0;
  for (const Hold& hold : holds) {
    if (hold.units == 0) return fail(ErrorCode::kCorrupt, "a hold has 0 units");
    if (hold.expires.us <= 0 || hold.expires > Instant::max() ||
        (!set.holds_.empty() && !ends_before(set.holds_.back(), hold))) {
      return fail(ErrorCode::kCorrupt, "the expiries of holds do not rise");
    }
    if (set.contains(hold.number)) return fail(ErrorCode::kCorrupt, "two holds have one number");
    total += hold.units;
    if (total > std::numeric_limits<uint32_t>::max()) {
      return fail(ErrorCode::kCorrupt, "more units are held than any limit");
    }
    set.holds_.push_back(hold);
    set.index_insert(hold.number, hold.expires);
    ++set.live_;
    set.units_ += hold.units;
  }
  return set;
}

size_t HoldSet::first_alive(Instant now) const {
  if (front_ == holds_.size() || holds_[front_].expires > now) return front_;
  const auto it = std::partition_point(holds_.begin() + static_cast<ptrdiff_t>(front_), holds_.end(),
                                       [&](const Hold& hold) { return hold.expires <= now; });
  return static_cast<size_t>(it - holds_.begin());
}

Decision HoldSet::evaluate(const Limit& limit, Cost cost, Instant now) const {
  if (cost.movement == Movement::kGiveBack) cost = {0};
  const uint64_t most = limit.capacity;
  const size_t first = first_alive(now);
  uint64_t held = units_;
  for (size_t i = front_; i < first; ++i) held -= holds_[i].units;

  Decision decision = {.limit = limit.capacity};
  const Instant last = std::max(held == 0 ? now : expires_at(), now);
  if (cost.units != 0 && held + cost.units <= most) {
    decision.remaining = most - held - cost.units;
    decision.reset_after = std::max(last, now + limit.period()) - now;
    return decision;
  }
  decision.remaining = most - std::min(most, held);
  decision.reset_after = last - now;
  if (cost.units == 0) return decision;
  decision.verdict = Verdict::kRefused;
  if (cost.units > most) {
    decision.retry_after = Duration::never();
    return decision;
  }
  const uint64_t must_end = held + cost.units - most;
  uint64_t ended = 0;
  size_t next = first;
  while (ended < must_end) ended += holds_[next++].units;
  decision.retry_after = holds_[next - 1].expires - now;
  return decision;
}

void HoldSet::commit(const Limit& limit, Cost cost, Instant now, uint64_t number) {
  if (cost.units == 0 || cost.movement == Movement::kGiveBack) return;
  drop_expired(now);
  RG_DCHECK(!contains(number));
  if (holds_.size() == holds_.capacity() && (front_ > 0 || holds_.size() - front_ > live_)) compact();
  const Hold hold = {.number = number, .expires = now + limit.period(), .units = static_cast<uint32_t>(cost.units)};
  const auto begin = holds_.begin() + static_cast<ptrdiff_t>(front_);
  const bool is_last = begin == holds_.end() || ends_before(holds_.back(), hold);
  holds_.insert(is_last ? holds_.end() : std::upper_bound(begin, holds_.end(), hold, ends_before), hold);
  index_insert(number, hold.expires);
  ++live_;
  units_ += hold.units;
}

bool HoldSet::release(uint64_t number, Instant now) {
  const size_t place = place_of(number);
  if (place == kNowhere) return false;
  const Hold wanted = {.number = number, .expires = {index_[place].expires_us}};
  if (wanted.expires <= now) return false;
  const auto begin = holds_.begin() + static_cast<ptrdiff_t>(front_);
  const auto it = std::lower_bound(begin, holds_.end(), wanted, ends_before);
  RG_DCHECK(it != holds_.end() && it->number == number);
  units_ -= it->units;
  it->units = 0;
  --live_;
  index_erase(place);
  // The last hold must be alive, since it says when the set expires.
  while (holds_.size() > front_ && holds_.back().units == 0) holds_.pop_back();
  drop_expired(now);
  if (holds_.size() - front_ > 2 * live_ + kPlacesMin) compact();
  return true;
}

bool HoldSet::contains(uint64_t number) const {
  return place_of(number) != kNowhere;
}

Instant HoldSet::expires_at() const {
  return front_ == holds_.size() ? Instant{} : holds_.back().expires;
}

std::vector<HoldSet::Hold> HoldSet::holds() const {
  std::vector<Hold> alive;
  alive.reserve(live_);
  for (size_t i = front_; i < holds_.size(); ++i) {
    if (holds_[i].units != 0) alive.push_back(holds_[i]);
  }
  return alive;
}

void HoldSet::drop_expired(Instant now) {
  const size_t first = first_alive(now);
  for (; front_ < first; ++front_) {
    const Hold& hold = holds_[front_];
    if (hold.units == 0) continue;
    units_ -= hold.units;
    --live_;
    index_erase(place_of(hold.number));
  }
  if (front_ == holds_.size()) {
    holds_.clear();
    front_ = 0;
  }
}

void HoldSet::compact() {
  std::vector<Hold> alive = holds();
  holds_ = std::move(alive);
  front_ = 0;
  index_rebuild(std::bit_ceil(std::max(kPlacesMin, 2 * live_)));
}

size_t HoldSet::place_of(uint64_t number) const {
  if (index_.empty()) return kNowhere;
  const size_t mask = index_.size() - 1;
  for (size_t place = spread(number) & mask; index_[place].expires_us != 0; place = (place + 1) & mask) {
    if (index_[place].number == number) return place;
  }
  return kNowhere;
}

void HoldSet::index_insert(uint64_t number, Instant expires) {
  // At most three quarters full, so that probes stay short.
  if ((live_ + 1) * 4 > index_.size() * 3) index_rebuild(std::max(kPlacesMin, index_.size() * 2));
  const size_t mask = index_.size() - 1;
  size_t place = spread(number) & mask;
  while (index_[place].expires_us != 0) place = (place + 1) & mask;
  index_[place] = {.number = number, .expires_us = expires.us};
}

// Backward-shift deletion (Knuth, TAOCP volume 3, 6.4, algorithm R): it leaves no tombstones.
void HoldSet::index_erase(size_t place) {
  const size_t mask = index_.size() - 1;
  for (size_t next = (place + 1) & mask; index_[next].expires_us != 0; next = (next + 1) & mask) {
    const size_t home = spread(index_[next].number) & mask;
    if (((next - home) & mask) >= ((next - place) & mask)) {
      index_[place] = index_[next];
      place = next;
    }
  }
  index_[place] = {};
}

void HoldSet::index_rebuild(size_t places) {
  const std::vector<IndexEntry> old = std::exchange(index_, std::vector<IndexEntry>(places));
  for (const IndexEntry& entry : old) {
    if (entry.expires_us == 0) continue;
    size_t place = spread(entry.number) & (places - 1);
    while (index_[place].expires_us != 0) place = (place + 1) & (places - 1);
    index_[place] = entry;
  }
}

}  // namespace rateguard::algorithm
