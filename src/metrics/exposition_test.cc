#include "metrics/exposition.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "metrics/process_figures.h"

namespace rateguard::metrics {
namespace {

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

// Everything that there can be.
struct Everything {
  RuleLabels labels;
  LoopMetrics first;
  LoopMetrics second;
  FixedStore store;
  DescriptorLabels descriptor_labels;
  DescriptorMetrics descriptors;
  GrpcMetrics grpc;
  Sources sources;

  Everything() {
    sources = {
        .version = "1.2.3",
        .labels = &labels,
        .loops = {&first, &second},
        .descriptor_labels = &descriptor_labels,
        .descriptors = {&descriptors},
        .routes = {{"POST", "/check"}, {"", "unmatched"}},
        .stores = {{"default", &store}},
        .redis =
            [] {
              return RedisFigures{.loops = 2,
                                  .connected = 1,
                                  .errors = {{"default", {.failing_loops = 1, .by_code = {{"READONLY", 3}}}}}};
            },
        .connections = [] { return ConnectionFigures{.open = 7, .accepted = 8, .refused = 9}; },
        .bodies = [] { return BodyFigures{.waiting_bytes = 4'096, .refused = 2}; },
        .resp_connections = [] { return ConnectionFigures{.open = 7, .accepted = 8, .refused = 9}; },
        .grpc_loops = {&grpc},
        .grpc_rpcs = {"some.Service/Method"},
        .grpc_codes = {"OK"},
        .grpc_figures = [] { return GrpcFigures{.streams_open = 21, .streams_reset = 22, .floods = 23}; },
        .snapshot =
            [] {
              return SnapshotFigures{.last_success = Instant::from_seconds(990), .last_bytes = 4096, .failures = 2};
            },
        .reloads =
            [] { return ReloadFigures{.successes = 3, .failures = 1, .last_success = Instant::from_seconds(900)}; },
        .time_zones = [] { return std::string("2026f"); },
        .envoy_loads = [] { return ReloadFigures{.successes = 11, .failures = 12}; }};
  }
  std::string text() const { return expose(sources, Instant::from_seconds(1000)); }
};

bool has_line(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

TEST(Exposition, SumsTheLoops) {
  Everything all;
  const RuleSlot login = all.labels.slot("login");
  for (int i = 0; i < 5; ++i) all.first.rule(login).allowed.add();
  all.second.rule(login).allowed.add(2);
  all.second.rule(login).blocked.add();
  all.second.rule(login).shadow_blocked.add(4);
  all.first.count_admitted();
  all.second.count_refused();
  all.first.count_response(0, 200);
  all.second.count_response(0, 200);
  all.second.count_response(1, 404);
  all.first.record_latency(200);
  all.second.record_latency(20'000'000);
  all.first.record_request(0, Duration::micros(50));
  all.second.record_request(0, Duration::micros(51));
  all.second.record_request(0, Duration::seconds(11));
  const std::string text = all.text();
  for (const char* line :
       {"rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"5e-05\"} 1",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"0.0001\"} 2",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"10\"} 2",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"+Inf\"} 3",
        "rateguard_http_request_duration_seconds_sum{method=\"POST\",route=\"/check\"} 11.000101",
        "rateguard_http_request_duration_seconds_count{method=\"POST\",route=\"/check\"} 3",
        "rateguard_requests_allowed_total{rule=\"login\"} 7", "rateguard_requests_blocked_total{rule=\"login\"} 1",
        "rateguard_requests_shadow_blocked_total{rule=\"login\"} 4",
        "rateguard_requests_allowed_total{rule=\"ad_hoc\"} 0", "rateguard_decisions_total{verdict=\"allowed\"} 1",
        "rateguard_decisions_total{verdict=\"blocked\"} 1",
        "rateguard_http_requests_total{method=\"POST\",route=\"/check\",status=\"200\"} 2",
        "rateguard_http_requests_total{method=\"\",route=\"unmatched\",status=\"404\"} 1",
        "rateguard_decision_duration_seconds_bucket{le=\"2.5e-07\"} 1",
        "rateguard_decision_duration_seconds_bucket{le=\"+Inf\"} 2", "rateguard_decision_duration_seconds_count 2"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
  EXPECT_FALSE(text.contains("rateguard_http_request_duration_seconds_count{method=\"\",route=\"unmatched\"}"));
}

TEST(Exposition, CarriesWhatTheRestOfTheProgramSays) {
  Everything all;
  const std::string text = all.text();
  for (const char* line :
       {"rateguard_store_keys{store=\"default\"} 1", "rateguard_store_keys_max{store=\"default\"} 2",
        "rateguard_store_expired_total{store=\"default\"} 3", "rateguard_store_evicted_total{store=\"default\"} 4",
        "rateguard_store_refused_full_total{store=\"default\"} 5", "rateguard_store_memory_bytes{store=\"default\"} 6",
        "rateguard_connections 7", "rateguard_connections_accepted_total 8", "rateguard_connections_refused_total 9",
        "rateguard_snapshot_age_seconds 10", "rateguard_snapshot_bytes 4096", "rateguard_snapshot_failures_total 2",
        "rateguard_reloads_total{result=\"success\"} 3", "rateguard_reloads_total{result=\"failure\"} 1",
        "rateguard_reload_last_success_timestamp_seconds 900", "rateguard_build_info{version=\"1.2.3\"} 1",
        "rateguard_time_zones_info{version=\"2026f\"} 1"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
}

TEST(Exposition, AnAlarmOnTheAgeOfSnapshotsFiresWhereNoneEverSucceeded) {
  const std::string text =
      expose({.snapshot = [] { return SnapshotFigures{.started = Instant::from_seconds(300), .failures = 3}; }},
             Instant::from_seconds(1000));
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_age_seconds 700")) << text;
  EXPECT_TRUE(has_line(text, "rateguard_snapshot_failures_total 3")) << text;
}

TEST(Exposition, SaysWhileTheConfigurationOnDiskIsNotInForce) {
  const auto text = [](bool last_failed) {
    return expose({.reloads = [=] { return ReloadFigures{.last_failed = last_failed}; }}, Instant::from_seconds(1));
  };
  EXPECT_TRUE(has_line(text(false), "rateguard_config_last_reload_successful 1"));
  EXPECT_TRUE(has_line(text(true), "rateguard_config_last_reload_successful 0"));
}

TEST(Exposition, DescriptorsOfEnvoysService) {
  Everything all;
  DescriptorCounters& counters = all.descriptors.descriptors[all.descriptor_labels.slot("d.key_value")];
  counters.total_hits.add(5);
  counters.within_limit.add(3);
  counters.near_limit.add(1);
  counters.over_limit.add(2);
  counters.shadow_mode.add(4);
  all.descriptors.ok.add(6);
  all.descriptors.over_limit.add(7);
  all.descriptors.errors.add(8);
  all.descriptors.global_shadow.add(9);
  const std::string text = all.text();
  for (const char* line :
       {"rateguard_envoy_total_hits_total{descriptor=\"d.key_value\"} 5",
        "rateguard_envoy_within_limit_total{descriptor=\"d.key_value\"} 3",
        "rateguard_envoy_near_limit_total{descriptor=\"d.key_value\"} 1",
        "rateguard_envoy_over_limit_total{descriptor=\"d.key_value\"} 2",
        "rateguard_envoy_shadow_mode_total{descriptor=\"d.key_value\"} 4",
        "rateguard_envoy_total_hits_total{descriptor=\"override\"} 0", "rateguard_envoy_requests_total{code=\"ok\"} 6",
        "rateguard_envoy_requests_total{code=\"over_limit\"} 7", "rateguard_envoy_requests_total{code=\"error\"} 8",
        "rateguard_envoy_global_shadow_total 9", "rateguard_envoy_config_loads_total{result=\"success\"} 11",
        "rateguard_envoy_config_loads_total{result=\"failure\"} 12"}) {
    EXPECT_TRUE(has_line(text, line)) << line << '\n' << text;
  }
}

TEST(DescriptorLabels, AreBoundedAndStay) {
  DescriptorLabels labels;
  const uint16_t first = labels.slot("first");
  for (int i = 1; i < kLabelledDescriptorsMax; ++i) labels.slot("d" + std::to_string(i));
  EXPECT_EQ(labels.slot("one more"), kOtherDescriptorSlot);
  EXPECT_EQ(labels.slot("first"), first);
  EXPECT_EQ(labels.names().size(), kDescriptorSlots);
}

TEST(Exposition, LeavesOutWhatNobodySays) {
  const std::string text = expose({}, Instant::from_seconds(1));
  EXPECT_EQ(text.find("rateguard_connections"), std::string::npos);
  EXPECT_EQ(text.find("rateguard_snapshot"), std::string::npos);
}

TEST(Exposition, CountsGrpcCallsByRpcAndStatus) {
  Everything all;
  all.grpc.calls[0][0].add(3);
  const std::string text = all.text();
  EXPECT_TRUE(has_line(text, R"(rateguard_grpc_calls_total{rpc="some.Service/Method",status="OK"} 3)"));
  EXPECT_TRUE(has_line(text, "rateguard_grpc_streams 21"));
  EXPECT_TRUE(has_line(text, "rateguard_grpc_floods_total 23"));
}

TEST(Exposition, EscapesLabels) {
  Everything all;
  all.labels.slot("a\"b\\c");
  EXPECT_NE(all.text().find("{rule=\"a\\\"b\\\\c\"}"), std::string::npos);
}

std::string documented_page() {
  const auto root = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  std::ifstream file(root / "docs" / "metrics.md");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Exposition, EveryMetricIsDocumentedAndEveryDocumentedOneExists) {
  const std::string page = documented_page();
  ASSERT_FALSE(page.empty());
  std::set<std::string> exposed;
  std::istringstream lines(Everything().text());
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    exposed.insert(line.substr(7, line.find(' ', 7) - 7));
  }
  EXPECT_GT(exposed.size(), 20U);
  for (const std::string& name : exposed) EXPECT_NE(page.find("| `" + name + "`"), std::string::npos) << name;
  for (size_t at = page.find("\n| `"); at != std::string::npos; at = page.find("\n| `", at + 1)) {
    const std::string name = page.substr(at + 4, page.find('`', at + 4) - at - 4);
    EXPECT_TRUE(exposed.contains(name)) << name << " is documented and not exposed";
  }
}

TEST(ProcessFigures, AreThoseOfThisProcess) {
  const ProcessFigures figures = read_process_figures();
  EXPECT_GT(figures.resident_bytes, 1U << 20);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.open_fds, 3U);
  EXPECT_GT(figures.max_fds, figures.open_fds);
  EXPECT_GT(figures.start_time_seconds, 1.6e9);
}

}  // namespace
}  // namespace rateguard::metrics
