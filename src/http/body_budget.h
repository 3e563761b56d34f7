// A bound on the bytes kept of incomplete requests, over all connections of a process.
#pragma once

#include <atomic>
#include <cstdint>

namespace rateguard::http {

// May be used by any thread. One object for all servers that share the bound.
class BodyBudget {
 public:
  explicit BodyBudget(uint64_t bytes_max) : bytes_max_(bytes_max) {}

  // False where it would be more than the bound; then nothing is taken, and the refusal is counted.
  bool take(uint64_t bytes) {
    const uint64_t before = bytes_.fetch_add(bytes, std::memory_order_relaxed);
    if (before + bytes <= bytes_max_) return true;
    give_back(bytes);
    refusals_.fetch_add(1, std::memory_order_relaxed);
    return false;
  }
  void give_back(uint64_t bytes) { bytes_.fetch_sub(bytes, std::memory_order_relaxed); }

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  uint64_t refusals() const { return refusals_.load(std::memory_order_relaxed); }

 private:
  const uint64_t bytes_max_;
  std::atomic<uint64_t> bytes_ = 0;
  std::atomic<uint64_t> refusals_ = 0;
};

}  // namespace rateguard::http
