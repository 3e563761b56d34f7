#include "metrics/loop_metrics.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace rateguard::metrics {
namespace {

TEST(LoopMetrics, StatusesAndBoundsAreInOrder) {
  EXPECT_TRUE(std::is_sorted(kStatuses.begin(), kStatuses.end()));
  EXPECT_TRUE(std::is_sorted(kLatencyBounds_ns.begin(), kLatencyBounds_ns.end()));
}

TEST(LoopMetrics, CountsEveryStatusInItsPlace) {
  LoopMetrics metrics;
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    for (size_t n = 0; n <= i; ++n) metrics.count_response(3, kStatuses[i]);
  }
  for (size_t i = 0; i < kStatuses.size(); ++i) EXPECT_EQ(metrics.responses(3, i), i + 1);
  metrics.count_response(4, 299);
  metrics.count_response(4, 599);
  EXPECT_EQ(metrics.responses(4, kStatuses.size() - 1), 2U);
}

TEST(LoopMetrics, ALatencyGoesIntoTheFirstBucketThatHoldsIt) {
  LoopMetrics metrics;
  for (const int64_t ns : {0, 100, 101, 10'000'000, 10'000'001}) metrics.record_latency(ns);
  EXPECT_EQ(metrics.latency_bucket(0), 2U);
  EXPECT_EQ(metrics.latency_bucket(1), 1U);
  EXPECT_EQ(metrics.latency_bucket(kLatencyBounds_ns.size() - 1), 1U);
  EXPECT_EQ(metrics.latency_bucket(kLatencyBounds_ns.size()), 1U);
  EXPECT_EQ(metrics.latency_sum_ns(), 20'000'202U);
}

TEST(LoopMetrics, OneDecisionInSixtyFourIsTimed) {
  LoopMetrics metrics;
  int timed = 0;
  for (int i = 0; i < 640; ++i) timed += metrics.sample_latency() ? 1 : 0;
  EXPECT_EQ(timed, 10);
}

TEST(RuleLabels, AreKeptAndBounded) {
  RuleLabels labels;
  const RuleSlot login = labels.slot("login");
  EXPECT_EQ(labels.slot("login"), login);
  EXPECT_NE(labels.slot("other rule"), login);
  for (int i = 0; i < 2000; ++i) labels.slot("rule-" + std::to_string(i));
  EXPECT_EQ(labels.slot("one more"), kOtherSlot);
  EXPECT_EQ(labels.slot("login"), login);
  const auto names = labels.names();
  ASSERT_EQ(names.size(), size_t{kRuleSlots});
  EXPECT_EQ(names[kAdHocSlot.index], "ad_hoc");
  EXPECT_EQ(names[kUnmatchedSlot.index], "none");
  EXPECT_EQ(names[kOtherSlot.index], "other");
  EXPECT_EQ(names[login.index], "login");
}

}  // namespace
}  // namespace rateguard::metrics
