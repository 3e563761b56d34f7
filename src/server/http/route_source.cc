#include "server/http/route_source.h"

#include <array>
#include <string>

#include "server/http/routes.h"

namespace rateguard::http_api {
namespace {

constexpr auto kRequestBounds_s = [] {
  std::array<double, kRequestBounds_us.size()> bounds{};
  for (size_t i = 0; i < bounds.size(); ++i) bounds[i] = static_cast<double>(kRequestBounds_us[i]) / 1e6;
  return bounds;
}();

}  // namespace

RouteSource::RouteSource() : RouteSource(route_labels()) {}

void RouteSource::report(metrics::Writer& out) const {
  report_responses(out);
  report_durations(out);
}

void RouteSource::report_responses(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kCounter, "rateguard_http_requests_total",
            "HTTP requests answered, by method, route and status. Combinations never seen are left out.");
  for (size_t route = 0; route < labels_.size(); ++route) {
    for (size_t i = 0; i < kStatuses.size(); ++i) {
      uint64_t total = 0;
      for (const RouteMetrics* const loop : loops_) total += loop->responses(route, i);
      if (total == 0) continue;
      const std::string status = std::to_string(kStatuses[i]);
      out.sample({{"method", labels_[route].method}, {"route", labels_[route].route}, {"status", status}}, total);
    }
  }
}

void RouteSource::report_durations(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kHistogram, "rateguard_http_request_duration_seconds",
            "HTTP requests by method and route: how long from when the head was there until the "
            "whole answer had been handed to the kernel. Routes never asked are left out.");
  for (size_t route = 0; route < labels_.size(); ++route) {
    std::array<uint64_t, kRequestBounds_us.size() + 1> counts{};
    uint64_t sum_us = 0;
    for (const RouteMetrics* const loop : loops_) {
      for (size_t i = 0; i < counts.size(); ++i) counts[i] += loop->request_bucket(route, i);
      sum_us += loop->request_sum_us(route);
    }
    const metrics::HistogramFigures figures{
        .bounds = kRequestBounds_s, .counts = counts, .sum = static_cast<double>(sum_us) / 1e6};
    if (figures.total() == 0) continue;
    out.sample({{"method", labels_[route].method}, {"route", labels_[route].route}}, figures);
  }
}

}  // namespace rateguard::http_api
