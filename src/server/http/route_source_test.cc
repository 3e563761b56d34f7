#include "server/http/route_source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "server/report_testing.h"

namespace rateguard::http_api {
namespace {

TEST(RouteMetrics, StatusesAndBoundsAreInOrder) {
  EXPECT_TRUE(std::is_sorted(kStatuses.begin(), kStatuses.end()));
  EXPECT_TRUE(std::is_sorted(kRequestBounds_us.begin(), kRequestBounds_us.end()));
}

TEST(RouteMetrics, CountEveryStatusAtItsIndex) {
  RouteMetrics metrics;
  for (size_t i = 0; i < kStatuses.size(); ++i) {
    for (size_t n = 0; n <= i; ++n) metrics.count_response(3, kStatuses[i]);
  }
  for (size_t i = 0; i < kStatuses.size(); ++i) EXPECT_EQ(metrics.responses(3, i), i + 1);
  metrics.count_response(4, 299);
  metrics.count_response(4, 599);
  EXPECT_EQ(metrics.responses(4, kStatuses.size() - 1), 2U);
}

TEST(RouteSource, SumsTheLoopsAndLeavesOutUnseenOnes) {
  RouteMetrics first;
  RouteMetrics second;
  RouteSource source({{"POST", "/check"}, {"", "unmatched"}});
  source.add(first);
  source.add(second);
  first.count_response(0, 200);
  second.count_response(0, 200);
  second.count_response(1, 404);
  first.record_request(0, Duration::micros(50));
  second.record_request(0, Duration::micros(51));
  second.record_request(0, Duration::seconds(11));
  const std::string text = server::reported(source);
  for (const char* line :
       {"rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"5e-05\"} 1",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"0.0001\"} 2",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"10\"} 2",
        "rateguard_http_request_duration_seconds_bucket{method=\"POST\",route=\"/check\",le=\"+Inf\"} 3",
        "rateguard_http_request_duration_seconds_sum{method=\"POST\",route=\"/check\"} 11.000101",
        "rateguard_http_request_duration_seconds_count{method=\"POST\",route=\"/check\"} 3",
        "rateguard_http_requests_total{method=\"POST\",route=\"/check\",status=\"200\"} 2",
        "rateguard_http_requests_total{method=\"\",route=\"unmatched\",status=\"404\"} 1"}) {
    EXPECT_TRUE(server::has_line(text, line)) << line << '\n' << text;
  }
  EXPECT_FALSE(text.contains("rateguard_http_request_duration_seconds_count{method=\"\",route=\"unmatched\"}"));
  EXPECT_FALSE(text.contains("status=\"204\""));
}

}  // namespace
}  // namespace rateguard::http_api
