#include "algorithm/window_log.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/check.h"

namespace rateguard::algorithm {
namespace {

// The smallest ring: one cache line of entries.
constexpr size_t kRingMin = 4;

// The first index in [from, to) for which `is_true` holds, given that it holds for all later ones; `to` if there is
// none.
template <typename Predicate>
size_t first_index(size_t from, size_t to, Predicate is_true) {
  while (from < to) {
    const size_t middle = from + (to - from) / 2;
    if (is_true(middle)) {
      to = middle;
    } else {
      from = middle + 1;
    }
  }
  return from;
}

}  // namespace

WindowLog::WindowLog(WindowLog&& other) noexcept {
  *this = std::move(other);
}

WindowLog& WindowLog::operator=(WindowLog&& other) noexcept {
  if (this == &other) return *this;
  ring_ = std::move(other.ring_);
  capacity_ = std::exchange(other.capacity_, 0);
  head_ = std::exchange(other.head_, 0);
  size_ = std::exchange(other.size_, 0);
  base_ = std::exchange(other.base_, 0);
  expires_ = std::exchange(other.expires_, Instant{});
  return *this;
}

WindowLog::WindowLog(const WindowLog& other) {
  *this = other;
}

WindowLog& WindowLog::operator=(const WindowLog& other) {
  if (this == &other) return *this;
  ring_ = other.capacity_ == 0 ? nullptr : std::make_unique_for_overwrite<Entry[]>(other.capacity_);
  capacity_ = other.capacity_;
  head_ = 0;
  size_ = other.size_;
  base_ = other.base_;
  expires_ = other.expires_;
  for (size_t i = 0; i < size_; ++i) at(i) = other.at(i);
  return *this;
}

Result<WindowLog> WindowLog::restore(std::span<const Record> records, Instant expires) {
  WindowLog log;
  uint64_t total = 0;
  for (const Record& record : records) {
    if (record.units == 0) return fail(ErrorCode::kCorrupt, "a window log has a charge of 0 units");
    if (record.time.us < 0 || (log.size_ != 0 && record.time.us <= log.at(log.size_ - 1).time_us)) {
      return fail(ErrorCode::kCorrupt, "a window log's times do not rise");
    }
    total += record.units;
    if (total > std::numeric_limits<uint32_t>::max()) {
      return fail(ErrorCode::kCorrupt, "a window log holds more units than any limit");
    }
    log.append(record.time, Cost{record.units});
  }
  if (records.empty() ? expires != Instant{} : (expires <= records.back().time || expires > Instant::max())) {
    return fail(ErrorCode::kCorrupt, "a window log's expiry does not follow its last charge");
  }
  log.expires_ = expires;
  return log;
}

Instant WindowLog::read_time(Instant now) const {
  return size_ == 0 ? now : std::max(now, Instant{at(size_ - 1).time_us});
}

size_t WindowLog::first_inside(Instant t, Duration period) const {
  const int64_t left_us = (t - period).us;
  if (size_ == 0 || at(0).time_us > left_us) return 0;
  return first_index(1, size_, [&](size_t i) { return at(i).time_us > left_us; });
}

uint64_t WindowLog::used_at(Instant now, Duration period, size_t& first) const {
  first = now < expires_ ? first_inside(read_time(now), period) : size_;
  return sum_before(size_) - sum_before(first);
}

Instant WindowLog::debt_time(Instant t, Duration period) const {
  if (size_ == 0) return t;
  const Instant last = {at(size_ - 1).time_us};
  return (t - last).us * kDebtEntries < period.us ? last : t;
}

Decision WindowLog::evaluate(const Limit& limit, Cost cost, Instant now) const {
  if (cost.movement != Movement::kTake) return settle(limit, cost, now);
  return evaluate_taking(limit, cost, now);
}

Decision WindowLog::settle(const Limit& limit, Cost cost, Instant now) const {
  size_t first = 0;
  const uint64_t before = used_at(now, limit.period(), first);
  const bool gives = cost.movement == Movement::kGiveBack;
  if (cost.units == 0 && !gives) {
    const Decision one = evaluate_taking(limit, {1}, now);
    return one.allowed() ? evaluate_taking(limit, {0}, now) : one;
  }
  if (cost.units == 0 || (gives && before == 0)) return evaluate_taking(limit, {0}, now);
  const uint64_t moved = gives ? before - std::min<uint64_t>(before, cost.units)
                               : std::min<uint64_t>(before + cost.units, limit.units_max());
  Decision decision = {.limit = limit.capacity,
                       .remaining = limit.capacity - std::min<uint64_t>(limit.capacity, moved)};
  if (gives) {
    if (moved != 0) decision.reset_after = kept_until(first, moved, limit.period()) - now;
    return decision;
  }
  decision.debt_is_cut = moved != before + cost.units;
  Instant t = first == size_ ? now : read_time(now);
  if (before + cost.units > limit.capacity && first != size_) t = debt_time(t, limit.period());
  decision.reset_after = (moved == before ? expires_ : t + limit.period()) - now;
  if (before < limit.capacity) return decision;
  decision.verdict = Verdict::kRefused;
  const uint64_t must_leave = sum_before(first) + (moved + 1 - limit.capacity);
  const size_t leaver = first_index(first, size_, [&](size_t i) { return sum_before(i + 1) >= must_leave; });
  decision.retry_after = leaver == size_ ? decision.reset_after : Instant{at(leaver).time_us} + limit.period() - now;
  return decision;
}

// When the last of the first `kept` units, counted from the entry `first` on, leaves the window.
Instant WindowLog::kept_until(size_t first, uint64_t kept, Duration period) const {
  const uint64_t sum = sum_before(first) + kept;
  const size_t last = first_index(first, size_, [&](size_t i) { return sum_before(i + 1) >= sum; });
  return std::min(expires_, Instant{at(last).time_us} + period);
}

Decision WindowLog::evaluate_taking(const Limit& limit, Cost cost, Instant now) const {
  const uint64_t most = limit.capacity;
  const bool live = now < expires_;
  size_t first = 0;
  const uint64_t used = used_at(now, limit.period(), first);

  Decision decision = {.limit = limit.capacity};
  if (cost.units != 0 && used + cost.units <= most) {
    decision.remaining = most - used - cost.units;
    const Instant last = live ? read_time(now) : now;
    decision.reset_after = last + limit.period() - now;
    return decision;
  }
  decision.remaining = most - std::min(most, used);
  const auto leaves_at = [&](size_t i) { return std::min(Instant{at(i).time_us} + limit.period(), expires_); };
  if (used != 0) decision.reset_after = leaves_at(size_ - 1) - now;
  if (cost.units == 0) return decision;
  decision.verdict = Verdict::kRefused;
  if (cost.units > most) {
    decision.retry_after = Duration::never();
    return decision;
  }
  const uint64_t must_leave = sum_before(first) + (used + cost.units - most);
  const size_t leaver = first_index(first, size_, [&](size_t i) { return sum_before(i + 1) >= must_leave; });
  decision.retry_after = leaves_at(leaver) - now;
  return decision;
}

void WindowLog::commit(const Limit& limit, Cost cost, Instant now) {
  if (cost.units == 0) return;
  if (cost.movement == Movement::kGiveBack) return give_back(limit, cost, now);
  if (now >= expires_) drop_front(size_);
  Instant t = read_time(now);
  drop_front(first_inside(t, limit.period()));
  const uint64_t used = sum_before(size_);
  if (used + cost.units > limit.capacity) {
    t = debt_time(t, limit.period());
    cost.units = std::min(cost.units, limit.units_max() - used);
    if (cost.units == 0) return;
  }
  append(t, cost);
  expires_ = t + limit.period();
}

// The last charges are removed first, since what is given back was most likely taken recently; the others stay as long
// as they would have.
void WindowLog::give_back(const Limit& limit, Cost cost, Instant now) {
  size_t first = 0;
  const uint64_t used = used_at(now, limit.period(), first);
  if (used == 0) return;
  drop_front(first);
  const uint64_t kept = used - std::min<uint64_t>(used, cost.units);
  expires_ = kept == 0 ? Instant{} : kept_until(0, kept, limit.period());
  size_ = kept == 0 ? 0 : first_index(0, size_, [&](size_t i) { return sum_before(i + 1) >= kept; }) + 1;
  if (size_ != 0) at(size_ - 1).sum = base_ + kept;
}

void WindowLog::drop_front(size_t count) {
  if (count == 0) return;
  base_ += sum_before(count);
  head_ = (head_ + count) & (capacity_ - 1);
  size_ -= count;
  // Giving memory back at an eighth, to a quarter, keeps the copying in proportion to the charges.
  if (capacity_ > kRingMin && size_ <= capacity_ / 8) resize_ring(std::max(kRingMin, capacity_ / 4));
}

void WindowLog::append(Instant t, Cost cost) {
  if (size_ != 0 && at(size_ - 1).time_us == t.us) {
    at(size_ - 1).sum += cost.units;
    return;
  }
  if (size_ == capacity_) resize_ring(std::max(kRingMin, capacity_ * 2));
  const uint64_t sum = base_ + sum_before(size_) + cost.units;
  ++size_;
  at(size_ - 1) = {.time_us = t.us, .sum = sum};
}

void WindowLog::resize_ring(size_t capacity) {
  RG_DCHECK(size_ <= capacity);
  auto ring = std::make_unique_for_overwrite<Entry[]>(capacity);
  for (size_t i = 0; i < size_; ++i) ring[i] = at(i);
  ring_ = std::move(ring);
  capacity_ = capacity;
  head_ = 0;
}

std::vector<WindowLog::Record> WindowLog::records() const {
  std::vector<Record> records;
  records.reserve(size_);
  for (size_t i = 0; i < size_; ++i) {
    const auto units = static_cast<uint32_t>(sum_before(i + 1) - sum_before(i));
    records.push_back({.time = {at(i).time_us}, .units = units});
  }
  return records;
}

}  // namespace rateguard::algorithm
