// A counter that one thread adds to and any may read.
#pragma once

#include <atomic>
#include <cstdint>

namespace rateguard {

// An addition is a plain load and store: no locked instruction.
class Counter {
 public:
  void add(uint64_t n = 1) { value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_ = 0;
};

}  // namespace rateguard
