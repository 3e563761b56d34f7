#include "loadgen/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace rateguard::loadgen {
namespace {

// Three significant digits: 1/1024 of a value is less than one thousandth of it.
constexpr int kBits = 10;
constexpr uint64_t kPerOctave = uint64_t{1} << kBits;
// Every value up to INT64_MAX: the first 2,048 one by one, then an octave for each bit above.
constexpr size_t kBuckets = (63 - kBits) * kPerOctave + kPerOctave;

}  // namespace

LatencyHistogram::LatencyHistogram() : counts_(kBuckets) {}

// The octave's number, and in it the value's first kBits + 1 bits.
size_t LatencyHistogram::bucket_of(uint64_t value) {
  const int shift = std::max(static_cast<int>(std::bit_width(value)) - (kBits + 1), 0);
  return static_cast<size_t>(shift) * kPerOctave + static_cast<size_t>(value >> shift);
}

uint64_t LatencyHistogram::highest_in(size_t bucket) {
  if (bucket < 2 * kPerOctave) return bucket;
  const auto shift = static_cast<int>(bucket / kPerOctave) - 1;
  const uint64_t first = bucket - static_cast<size_t>(shift) * kPerOctave;
  return ((first + 1) << shift) - 1;
}

void LatencyHistogram::add(int64_t value) {
  value = std::max<int64_t>(value, 0);
  ++counts_[bucket_of(static_cast<uint64_t>(value))];
  ++count_;
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
  sum_ += static_cast<double>(value);
}

void LatencyHistogram::add(const LatencyHistogram& other) {
  for (size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  sum_ += other.sum_;
}

LatencyHistogram LatencyHistogram::since(const LatencyHistogram& earlier) const {
  LatencyHistogram out = *this;
  for (size_t i = 0; i < counts_.size(); ++i) out.counts_[i] -= earlier.counts_[i];
  out.count_ -= earlier.count_;
  out.sum_ -= earlier.sum_;
  return out;
}

int64_t LatencyHistogram::quantile(double q) const {
  if (count_ == 0) return 0;
  const auto rank = static_cast<uint64_t>(std::ceil(q * static_cast<double>(count_)));
  const uint64_t wanted = std::clamp<uint64_t>(rank, 1, count_);
  uint64_t seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= wanted) return std::min(static_cast<int64_t>(highest_in(i)), max_);
  }
  return max_;
}

}  // namespace rateguard::loadgen
