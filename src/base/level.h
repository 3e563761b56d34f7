// How much there is of something now: one thread changes it, and any may read it.
#pragma once

#include <atomic>
#include <cstdint>

namespace rateguard {

// A change is a plain load and store: no locked instruction.
class Level {
 public:
  void rise(uint64_t n = 1) { value_.store(value() + n, std::memory_order_relaxed); }
  void fall(uint64_t n = 1) { value_.store(value() - n, std::memory_order_relaxed); }
  void set(uint64_t n) { value_.store(n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

}  // namespace rateguard
