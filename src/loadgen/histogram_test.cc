#include "loadgen/histogram.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace rateguard::loadgen {
namespace {

TEST(LatencyHistogram, IsExactBelow2048) {
  LatencyHistogram histogram;
  for (int64_t value = 0; value < 2'048; ++value) histogram.add(value);
  EXPECT_EQ(histogram.count(), 2'048u);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.max(), 2'047);
  EXPECT_DOUBLE_EQ(histogram.mean(), 1'023.5);
  EXPECT_EQ(histogram.quantile(0), 0);
  EXPECT_EQ(histogram.quantile(0.5), 1'023);
  EXPECT_EQ(histogram.quantile(1), 2'047);
}

TEST(LatencyHistogram, RoundsUpWithinABucket) {
  LatencyHistogram histogram;
  histogram.add(2'048);  // shares its bucket with 2,049
  histogram.add(1'000'000);
  EXPECT_EQ(histogram.quantile(0.5), 2'049);
  EXPECT_EQ(histogram.quantile(1), 1'000'000) << "never beyond the largest value";
}

TEST(LatencyHistogram, TakesEveryValue) {
  LatencyHistogram histogram;
  histogram.add(-5);
  histogram.add(INT64_MAX);
  EXPECT_EQ(histogram.min(), 0);
  EXPECT_EQ(histogram.quantile(0.5), 0);
  EXPECT_EQ(histogram.quantile(1), INT64_MAX);
}

TEST(LatencyHistogram, NothingCountedIsZero) {
  LatencyHistogram histogram;
  EXPECT_EQ(histogram.quantile(0.99), 0);
}

TEST(LatencyHistogram, KnowsWhatCameSinceACopy) {
  LatencyHistogram histogram;
  for (int i = 0; i < 99; ++i) histogram.add(7);
  const LatencyHistogram earlier = histogram;
  EXPECT_EQ(histogram.since(earlier).count(), 0u);
  EXPECT_EQ(histogram.since(earlier).quantile(0.99), 0);
  histogram.add(1'000);
  EXPECT_EQ(histogram.since(earlier).count(), 1u);
  EXPECT_EQ(histogram.since(earlier).quantile(0.5), 1'000);
  EXPECT_DOUBLE_EQ(histogram.since(earlier).mean(), 1'000);
}

// Values of every magnitude.
rc::Gen<int64_t> latency() {
  return rc::gen::map(rc::gen::pair(rc::gen::inRange(0, 63), rc::gen::arbitrary<uint64_t>()),
                      [](const std::pair<int, uint64_t>& drawn) {
                        return static_cast<int64_t>((drawn.second & INT64_MAX) >> drawn.first);
                      });
}

TEST(LatencyHistogram, EveryQuantileIsWithinAThousandth) {
  EXPECT_TRUE(rc::check([] {
    const auto values = *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(latency()));
    const double q = *rc::gen::inRange(0, 1'001) / 1'000.0;
    LatencyHistogram histogram;
    for (const int64_t value : values) histogram.add(value);
    std::vector<int64_t> sorted = values;
    std::ranges::sort(sorted);
    const auto rank = static_cast<size_t>(std::ceil(q * static_cast<double>(sorted.size())));
    const int64_t truth = sorted[std::max<size_t>(rank, 1) - 1];
    const int64_t answer = histogram.quantile(q);
    RC_ASSERT(answer >= truth);
    RC_ASSERT(answer - truth <= truth / 1'024);
  }));
}

TEST(LatencyHistogram, AddingTwoIsAddingAll) {
  EXPECT_TRUE(rc::check([] {
    const auto one = *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(latency()));
    const auto two = *rc::gen::nonEmpty(rc::gen::container<std::vector<int64_t>>(latency()));
    LatencyHistogram a;
    LatencyHistogram b;
    LatencyHistogram both;
    for (const int64_t value : one) {
      a.add(value);
      both.add(value);
    }
    for (const int64_t value : two) {
      b.add(value);
      both.add(value);
    }
    a.add(b);
    RC_ASSERT(a.count() == both.count());
    RC_ASSERT(a.min() == both.min());
    RC_ASSERT(a.max() == both.max());
    for (const double q : {0.0, 0.5, 0.9, 0.99, 1.0}) RC_ASSERT(a.quantile(q) == both.quantile(q));
  }));
}

}  // namespace
}  // namespace rateguard::loadgen
