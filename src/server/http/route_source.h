// The requests answered over HTTP, over all event loops: the figures of a scrape.
#pragma once

#include <string_view>
#include <vector>

#include "metrics/source.h"
#include "server/http/route_metrics.h"

namespace rateguard::http_api {

// How one of the server's routes is called.
struct RouteLabel {
  std::string_view method;  // empty: any
  std::string_view route;   // its pattern: "/v1/counters/{rule}/{key}"
};

class RouteSource final : public metrics::Source {
 public:
  // `labels` by their index in the loops' counters.
  explicit RouteSource(std::vector<RouteLabel> labels) : labels_(std::move(labels)) {}
  // Of the server's own routes.
  RouteSource();

  // Before the loops run; `loop` outlives the last scrape.
  void add(const RouteMetrics& loop) { loops_.push_back(&loop); }

  void report(metrics::Writer& out) const override;

 private:
  void report_responses(metrics::Writer& out) const;
  void report_durations(metrics::Writer& out) const;

  const std::vector<RouteLabel> labels_;
  std::vector<const RouteMetrics*> loops_;
};

}  // namespace rateguard::http_api
