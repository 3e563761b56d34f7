// For the load programs: latencies, and when they were.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

inline int64_t now_ns() {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

// Latencies in buckets of 1/64 of a power of two: within 1.6% of the truth.
class Histogram {
 public:
  void add(int64_t ns) {
    const auto value = static_cast<uint64_t>(std::max<int64_t>(ns, 64));
    const auto exponent = static_cast<size_t>(std::bit_width(value)) - 7;
    const size_t index = exponent * 64 + (static_cast<size_t>(value >> exponent) - 64);
    ++counts_[std::min(index, counts_.size() - 1)];
    ++total_;
  }
  double quantile_us(double q) const {
    const auto wanted = static_cast<uint64_t>(q * static_cast<double>(total_));
    uint64_t seen = 0;
    for (size_t i = 0; i < counts_.size(); ++i) {
      seen += counts_[i];
      if (seen > wanted) return static_cast<double>((64 + i % 64) << (i / 64)) / 1'000.0;
    }
    return 0;
  }
  uint64_t total() const { return total_; }

 private:
  std::array<uint64_t, 64 * 40> counts_{};
  uint64_t total_ = 0;
};
