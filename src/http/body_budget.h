// A bound on the bytes kept of incomplete requests, over all connections of a process.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace rateguard::http {

// May be used by any thread. One object for all servers that share the bound.
class BodyBudget {
 public:
  explicit BodyBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // False if it would be more than the bound; then nothing is taken.
  bool take(uint64_t bytes) {
    const uint64_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= bytes_max_) return true;
    give_back(bytes);
    return false;
  }
  // For bytes that may as well be held back from the sender: takes what is left of half of the bound, at most `bytes`
  // and in whole steps of `step`, and returns how many. The other half is left to requests that would be refused.
  uint64_t take_spare(uint64_t bytes, uint64_t step) {
    const uint64_t used = std::min(this->bytes(), bytes_max_ / 2);
    const uint64_t spare = std::min(bytes, bytes_max_ / 2 - used);
    const uint64_t taken = spare - spare % step;
    return take(taken) ? taken : 0;
  }
  void give_back(uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }
  // A request was refused for want of room.
  void count_refusal() { refusals_.fetch_add(1, std::memory_order_relaxed); }

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> refusals_ = 0;
};

// What one connection keeps of incomplete requests. It takes it from the budget in whole steps, so that what is smaller
// than a step, as most requests are, never touches what all loops share. Its loop's thread only.
class BodyAccount {
 public:
  static constexpr uint64_t kStepBytes = 4'096;

  // `budget` outlives it; null: no bound but the connection's own.
  explicit BodyAccount(BodyBudget* budget, uint64_t bytes_max = std::numeric_limits<uint64_t>::max())
      : budget_(budget), bytes_max_(bytes_max) {}

  uint64_t bytes() const { return bytes_; }
  // It now keeps this many bytes. False if there is no room for more than it kept; then nothing has changed, and the
  // refusal is counted.
  bool set(uint64_t bytes) {
    const uint64_t steps = bytes - bytes % kStepBytes;
    if (bytes > bytes_max_ || (budget_ != nullptr && steps > taken_ && !budget_->take(steps - taken_))) {
      if (budget_ != nullptr) budget_->count_refusal();
      return false;
    }
    if (budget_ != nullptr && steps < taken_) budget_->give_back(taken_ - steps);
    taken_ = steps;
    bytes_ = bytes;
    return true;
  }
  // It keeps `bytes`, or as many of them as the budget's spare part has room for, but never fewer than before for lack
  // of room; returns how many. Nothing is refused, so no refusal is counted.
  uint64_t set_spare(uint64_t bytes) {
    const uint64_t steps = bytes - bytes % kStepBytes;
    if (budget_ == nullptr || steps <= taken_) {
      set(bytes);  // takes nothing, so that it fits
      return bytes_;
    }
    taken_ += budget_->take_spare(steps - taken_, kStepBytes);
    return bytes_ = taken_ == steps ? bytes : std::max(bytes_, taken_);
  }
  // It keeps at most this many bytes.
  void shrink_to(uint64_t bytes) {
    if (bytes < bytes_) set(bytes);
  }

 private:
  BodyBudget* const budget_;
  const uint64_t bytes_max_;
  uint64_t bytes_ = 0;
  uint64_t taken_ = 0;  // of the budget
};

}  // namespace rateguard::http
