// The sliding window log: exact, because it remembers every charge of the window (t - period, t].
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/result.h"
#include "model/decision.h"
#include "model/instant.h"
#include "model/limit.h"

namespace rateguard::algorithm {

// The charges of one counter, oldest first, in a ring that grows and shrinks with them. Charges of one microsecond
// share an entry, so entries number at most the limit in force. A debt adds at most 1,025 to them: charges that leave
// one join the entry before them where it is less than a 1,024th of the period old (kDebtEntries), and so leave the
// window that much too early.
//
// A copyable value; not thread-safe.
class WindowLog {
 public:
  // A charge as it is written to a snapshot.
  struct Record {
    Instant time;
    uint32_t units = 0;
    bool operator==(const Record&) const = default;
  };

  WindowLog() = default;
  WindowLog(WindowLog&& other) noexcept;
  WindowLog& operator=(WindowLog&& other) noexcept;
  WindowLog(const WindowLog& other);
  WindowLog& operator=(const WindowLog& other);
  ~WindowLog() = default;

  // Rebuilds a log from records() and expires_at(). kCorrupt: times that do not rise, a charge of 0 units, more units
  // in all than a limit can be, or an expiry that is not after the last record.
  static Result<WindowLog> restore(std::span<const Record> records, Instant expires);

  // Decides as evaluate() of algorithm/evaluate.h does, in O(log n), and changes nothing.
  // REQUIRES: limit is a sliding_window_log made by Limit's functions; 0 <= now.us <= Instant::max() / 2.
  Decision evaluate(const Limit& limit, Cost cost, Instant now) const;
  // Moves `cost`, if moves_state() holds for what evaluate() has just decided under the same limit at the same `now`,
  // and drops what has left the window. Giving back removes the last charges first. Cost 0 changes nothing.
  void commit(const Limit& limit, Cost cost, Instant now);

  // The instant from which the log is read as empty: the last charge plus the period in force then. Zero when never
  // charged.
  Instant expires_at() const { return expires_; }
  size_t entries() const { return size_; }
  // Total memory in bytes, including this object.
  size_t bytes() const { return sizeof(*this) + capacity_ * sizeof(Entry); }
  std::vector<Record> records() const;

  // The most entries that debts add per period: exact to a thousandth, for at most 12 KB.
  static constexpr int64_t kDebtEntries = 1024;

 private:
  struct Entry {
    int64_t time_us;
    uint64_t sum;  // of every charge up to and including this one, modulo 2^64
  };

  const Entry& at(size_t index) const { return ring_[(head_ + index) & (capacity_ - 1)]; }
  Entry& at(size_t index) { return ring_[(head_ + index) & (capacity_ - 1)]; }
  // The units charged before the entry at `index`, from the oldest entry on.
  uint64_t sum_before(size_t index) const { return index == 0 ? 0 : at(index - 1).sum - base_; }
  // `now`, or the time of the last charge if that is later.
  Instant read_time(Instant now) const;
  // The first entry inside (t - period, t], or entries().
  size_t first_inside(Instant t, Duration period) const;
  // Units inside the window that ends at `now`, and the first entry of it.
  uint64_t used_at(Instant now, Duration period, size_t& first) const;
  // The time under which a charge that leaves a debt is recorded.
  Instant debt_time(Instant t, Duration period) const;
  Decision evaluate_taking(const Limit& limit, Cost cost, Instant now) const;
  Decision settle(const Limit& limit, Cost cost, Instant now) const;
  Instant kept_until(size_t first, uint64_t kept, Duration period) const;
  void give_back(const Limit& limit, Cost cost, Instant now);
  void drop_front(size_t count);
  void append(Instant t, Cost cost);
  void resize_ring(size_t capacity);

  std::unique_ptr<Entry[]> ring_;
  size_t capacity_ = 0;  // a power of two, or 0
  size_t head_ = 0;
  size_t size_ = 0;
  uint64_t base_ = 0;  // the sum before the oldest entry
  Instant expires_ = {};
};

}  // namespace rateguard::algorithm
