#include "server/decision_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "server/load_metrics.h"
#include "server/report_testing.h"
#include "server/snapshot_metrics.h"
#include "server/store_source.h"

namespace rateguard::server {
namespace {

TEST(DecisionMetrics, BoundsAreInOrder) {
  EXPECT_TRUE(std::is_sorted(kLatencyBounds_ns.begin(), kLatencyBounds_ns.end()));
}

TEST(DecisionMetrics, ALatencyGoesIntoTheFirstBucketThatHoldsIt) {
  DecisionMetrics metrics;
  for (const int64_t ns : {0, 100, 101, 10'000'000, 10'000'001}) metrics.record_latency(ns);
  EXPECT_EQ(metrics.latency_bucket(0), 2U);
  EXPECT_EQ(metrics.latency_bucket(1), 1U);
  EXPECT_EQ(metrics.latency_bucket(kLatencyBounds_ns.size() - 1), 1U);
  EXPECT_EQ(metrics.latency_bucket(kLatencyBounds_ns.size()), 1U);
  EXPECT_EQ(metrics.latency_sum_ns(), 20'000'202U);
}

TEST(DecisionMetrics, OneDecisionInSixtyFourIsTimed) {
  DecisionMetrics metrics;
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

TEST(DecisionSource, SumsTheLoops) {
  DecisionSource source;
  DecisionMetrics first;
  DecisionMetrics second;
  source.add(first);
  source.add(second);
  const RuleSlot login = source.labels().slot("login");
  for (int i = 0; i < 5; ++i) first.rule(login).allowed.add();
  second.rule(login).allowed.add(2);
  second.rule(login).blocked.add();
  second.rule(login).shadow_blocked.add(4);
  second.rule(login).degraded.add(6);
  second.rule(login).debts_cut.add(8);
  first.count_admitted();
  second.count_refused();
  const std::string text = reported(source);
  for (const char* line :
       {"rateguard_requests_allowed_total{rule=\"login\"} 7", "rateguard_requests_blocked_total{rule=\"login\"} 1",
        "rateguard_requests_shadow_blocked_total{rule=\"login\"} 4",
        "rateguard_requests_degraded_total{rule=\"login\"} 6", "rateguard_debts_cut_total{rule=\"login\"} 8",
        "rateguard_requests_allowed_total{rule=\"ad_hoc\"} 0", "rateguard_decisions_total{verdict=\"allowed\"} 1",
        "rateguard_decisions_total{verdict=\"blocked\"} 1"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
}

TEST(DecisionSource, TellsHowLongDecisionsTookOverAllLoops) {
  DecisionSource source;
  DecisionMetrics first;
  DecisionMetrics second;
  source.add(first);
  source.add(second);
  first.record_latency(200);
  second.record_latency(20'000'000);
  const std::string text = reported(DecisionTimeSource(source));
  for (const char* line :
       {"rateguard_decision_duration_seconds_bucket{le=\"1e-07\"} 0",
        "rateguard_decision_duration_seconds_bucket{le=\"2.5e-07\"} 1",
        "rateguard_decision_duration_seconds_bucket{le=\"+Inf\"} 2", "rateguard_decision_duration_seconds_count 2"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
}

struct FixedStore final : Store {
  void charge(ChargeGroup, Now) override {}
  void charge_batch(std::span<ChargeGroup>, Now) override {}
  ResetResult reset(std::string_view, const Terms&) override { return ResetResult::kNotThere; }
  ReleaseResult release(const HoldId&, Instant) override { return ReleaseResult::kUnknown; }
  void tick(Instant, TickBudget) override {}
  StoreStats stats() const override {
    return {.keys = 1, .keys_max = 2, .expired = 3, .evicted = 4, .refused_full = 5, .memory_bytes = 6};
  }
};

TEST(StoreSource, ReportsTheSizeOfTheStoreByItsName) {
  const FixedStore store;
  const std::string text = reported(StoreSource("default", store));
  for (const char* line :
       {"rateguard_store_keys{store=\"default\"} 1", "rateguard_store_keys_max{store=\"default\"} 2",
        "rateguard_store_expired_total{store=\"default\"} 3", "rateguard_store_evicted_total{store=\"default\"} 4",
        "rateguard_store_refused_full_total{store=\"default\"} 5",
        "rateguard_store_memory_bytes{store=\"default\"} 6"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
}

TEST(SnapshotMetrics, TheAgeIsThatOfTheLastSnapshot) {
  SnapshotMetrics metrics;
  metrics.begin(Instant::from_seconds(300));
  metrics.count_success(Instant::from_seconds(990), 4'096);
  metrics.count_failure();
  const std::string text = reported(metrics, Instant::from_seconds(1'000));
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_age_seconds 10")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_bytes 4096")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_failures_total 1")) << text;
}

TEST(SnapshotMetrics, AnAlarmOnTheAgeOfSnapshotsFiresWhereNoneEverSucceeded) {
  SnapshotMetrics metrics;
  metrics.begin(Instant::from_seconds(300));
  for (int i = 0; i < 3; ++i) metrics.count_failure();
  const std::string text = reported(metrics, Instant::from_seconds(1'000));
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_age_seconds 700")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_failures_total 3")) << text;
}

TEST(ReloadMetrics, SayWhileTheConfigurationOnDiskIsNotInForce) {
  ReloadMetrics metrics;
  EXPECT_TRUE(has_line(reported(metrics), "rateguard_config_last_reload_successful 1"));
  metrics.count_failure();
  EXPECT_TRUE(has_line(reported(metrics), "rateguard_config_last_reload_successful 0"));
  metrics.count_success(Instant::from_seconds(900));
  const std::string text = reported(metrics);
  EXPECT_TRUE(has_line(text, "rateguard_config_last_reload_successful 1")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_reloads_total{result=\"success\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_reloads_total{result=\"failure\"} 1")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_reload_last_success_timestamp_seconds 900")) << text;
}

TEST(EnvoyLoadMetrics, CountLoadsByTheirResult) {
  EnvoyLoadMetrics metrics;
  metrics.count_success();
  metrics.count_success();
  metrics.count_failure();
  const std::string text = reported(metrics);
  EXPECT_TRUE(has_line(text, "rateguard_envoy_config_loads_total{result=\"success\"} 2")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_envoy_config_loads_total{result=\"failure\"} 1")) << text;
}

}  // namespace
}  // namespace rateguard::server
