// The connections of the listeners that speak HTTP, over all event loops: the figures of a scrape.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "http/body_budget.h"
#include "http/server/server.h"
#include "metrics/source.h"

namespace rateguard::app {

// Of the HTTP listener, and the bodies that wait to be whole, whichever listener they came in by.
class HttpListenerSource final : public metrics::Source {
 public:
  explicit HttpListenerSource(std::shared_ptr<const http::BodyBudget> bodies) : bodies_(std::move(bodies)) {}

  // Before the loops run; what is added outlives the last scrape.
  void add(const http::ServerStats& loop) { loops_.push_back(&loop); }

  void report(metrics::Writer& out) const override;

 private:
  std::vector<const http::ServerStats*> loops_;
  const std::shared_ptr<const http::BodyBudget> bodies_;
};

// Of the gRPC listener.
class GrpcListenerSource final : public metrics::Source {
 public:
  // Before the loops run; `loop` outlives the last scrape.
  void add(const http::ServerStats& loop) { loops_.push_back(&loop); }

  void report(metrics::Writer& out) const override;

 private:
  std::vector<const http::ServerStats*> loops_;
};

}  // namespace rateguard::app
