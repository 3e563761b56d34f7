// Any number of latencies to three significant digits, in constant memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rateguard::loadgen {

// Log-linear buckets, as in HdrHistogram (hdrhistogram.org): 1,024 to each power of two, so that a value is known to
// within 1/1024 of itself, and exactly below 2,048. Values are nanoseconds by convention. Not thread-safe.
class LatencyHistogram {
 public:
  LatencyHistogram();

  // A negative value counts as 0.
  void add(int64_t value);
  void add(const LatencyHistogram& other);
  // The values added since `earlier` was copied from this; its min() and max() are this one's.
  LatencyHistogram since(const LatencyHistogram& earlier) const;

  uint64_t count() const { return count_; }
  // Exact. REQUIRES for min, max and mean: count() > 0.
  int64_t min() const { return min_; }
  int64_t max() const { return max_; }
  double mean() const { return sum_ / static_cast<double>(count_); }
  // The smallest value that at least the part `q` of all values does not exceed, rounded up within its bucket (never
  // above max()): at most 1/1024 above the exact value, never below it. 0 if nothing was counted. REQUIRES: 0 <= q
  // <= 1.
  int64_t quantile(double q) const;

 private:
  static size_t bucket_of(uint64_t value);
  static uint64_t highest_in(size_t bucket);

  std::vector<uint64_t> counts_;
  uint64_t count_ = 0;
  int64_t min_ = INT64_MAX;
  int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace rateguard::loadgen
