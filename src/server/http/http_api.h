// The HTTP API: answers the requests of one event loop. docs/http.md is its reference, docs/openapi.yaml its contract.
#pragma once

#include <memory>

#include "http/http_exchange.h"
#include "limiter/limiter.h"
#include "metrics/loop_metrics.h"
#include "server/rls/rate_limit_service.h"
#include "server/service.h"

namespace rateguard::http_api {

struct Workspace;
class WorkspacePool;

// One per event loop, and used on that loop's thread only. `service` and the store outlive it; it is made before the
// loops run, and names the routes in the service's metrics. Tasks that it has begun end before it does.
class HttpApi final : public http::HttpHandler {
 public:
  HttpApi(server::Service& service, Policy policy, const server::LoopStore& store);
  // On the service's own store.
  HttpApi(server::Service& service, Policy policy) : HttpApi(service, std::move(policy), {service.store}) {}
  // Answers POST /json from now on, instead of having nothing loaded. Of the same loop; outlives this.
  void serve_rate_limits(rls::RateLimitService& rate_limits);
  ~HttpApi() override;

  // Not where the head alone is refused: by who may call, by its route, by its media type.
  bool wants_body(const http::HttpRequest& head) override;
  void handle(const http::HttpRequest& request, Now now, http::HttpResponder& responder) override;
  bool answers_later() const override { return tasks_ != nullptr; }
  // What asks the store runs as a task; what does not is answered at once.
  void handle_later(std::unique_ptr<http::HttpExchange> exchange, Now now) override;
  void reject(const http::HttpRejection& rejection, Instant now, http::HttpResponder& responder) override;

  // What counts from the next request on; one that waits goes on with what it began with. Call it on the loop's thread,
  // between requests.
  void set_policy(Policy policy);

  // To be listed in Service::metrics before the loops run.
  const metrics::LoopMetrics& metrics() const { return *metrics_; }

 private:
  std::unique_ptr<metrics::LoopMetrics> metrics_;
  std::unique_ptr<Workspace> workspace_;  // of what is answered at once
  net::Tasks* tasks_;                     // null: everything is
  std::unique_ptr<WorkspacePool> pool_;   // of what runs as a task
};

}  // namespace rateguard::http_api
