// The HTTP API: answers the requests of one event loop. docs/http.md is its reference, docs/openapi.yaml its contract.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "http/exchange.h"
#include "limiter/limiter.h"
#include "net/blocking_calls.h"
#include "server/decision_metrics.h"
#include "server/desk.h"
#include "server/http/route_metrics.h"
#include "server/keys/key_finder.h"
#include "server/rls/rate_limit_service.h"
#include "server/service.h"

namespace rateguard::http_api {

struct ApiMetrics;
struct Workspace;

// One per event loop, and used on that loop's thread only. `service` and the store outlive it; it is made before the
// loops run. The tasks that it has begun end before it is destroyed.
class HttpApi final : public http::Handler {
 public:
  HttpApi(server::Service& service, Policy policy, const server::LoopStore& store);
  // On the service's own store.
  HttpApi(server::Service& service, Policy policy) : HttpApi(service, std::move(policy), {service.store}) {}
  // Lets POST /json answer by `rate_limits`, which belongs to the same loop and outlives this. Before, no rate limits
  // are loaded.
  void serve_rate_limits(rls::RateLimitService& rate_limits);
  // Lets requests that read files wait for that, as tasks; both belong to the same loop. They end before this is
  // destroyed. Before, such a request stops the loop until it has read them.
  void read_files_with(net::Tasks& tasks, net::BlockingCalls& calls);
  // Lets API keys be looked up in the catalog, and lets requests wait for that as tasks, which end before this is
  // destroyed. `which`: what requests show, or only what POST /v1/verify is given. Both belong to the same loop.
  void find_keys_with(server::KeyFinder& keys, net::Tasks& tasks, identify::ApiKeys which);
  ~HttpApi() override;

  // kNone if the head is refused already: because of its caller, its route or its media type.
  http::BodyDelivery delivery(const http::Request& head) override;
  // A request that asks a store behind a network runs as a task, which is cancelled where its client goes; every other
  // is answered at once.
  void handle(http::Exchange& exchange, Now now) override;
  void reject(const http::Rejection& rejection, Instant now, http::Responder& responder) override;

  void sent(uint32_t label, Duration took) override;

  // Sets the policy from the next request on; a waiting request keeps the one that it began with. Call it on the loop's
  // thread, between requests.
  void set_policy(Policy policy);

  // For the DecisionSource and the RouteSource of the program; they live as long as this.
  const server::DecisionMetrics& decisions() const;
  const RouteMetrics& requests() const;

 private:
  struct Waiting;
  void wait(size_t bytes, http::Exchange& exchange, Now now);
  void wait_for_files(http::Exchange& exchange, Now now);
  void wait_for_keys(size_t bytes, http::Exchange& exchange, Now now);
  void wait_at(server::Desk<Workspace>& desk, net::Tasks& tasks, size_t bytes, http::Exchange& exchange, Now now);
  void answer_kept(Waiting& waiting, Workspace& workspace, Now now);
  std::unique_ptr<Workspace> make_workspace();

  server::Service& service_;
  const server::LoopStore store_;
  rls::RateLimitService* rate_limits_ = nullptr;
  net::Tasks* file_tasks_ = nullptr;
  net::BlockingCalls* file_calls_ = nullptr;
  std::unique_ptr<ApiMetrics> metrics_;
  std::unique_ptr<Workspace> workspace_;  // of what is answered at once; has the policy in force
  uint64_t policies_ = 0;                 // that there have been
  server::Desk<Workspace> desk_;          // of what waits for the store
  server::KeyFinder* keys_ = nullptr;
  identify::ApiKeys which_keys_ = identify::ApiKeys::kAny;
  net::Tasks* key_tasks_ = nullptr;
  std::optional<server::Desk<Workspace>> key_desk_;  // of what waits for an API key alone
};

}  // namespace rateguard::http_api
