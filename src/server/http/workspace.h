// What is needed to answer one request.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/ip_address.h"
#include "net/blocking_calls.h"
#include "server/check_desk.h"
#include "server/decision_metrics.h"
#include "server/http/check_body.h"
#include "server/http/request_id.h"
#include "server/http/route_metrics.h"
#include "server/keys/key_finder.h"
#include "server/rls/rate_limit_desk.h"
#include "server/service.h"

namespace rateguard::http_api {

using server::Service;

// Counted by all of an event loop's workspaces.
struct ApiMetrics {
  server::DecisionMetrics decisions;
  RouteMetrics requests;
};

// One request at a time uses it. Buffers grow to what requests need and stay. What it is given outlives it.
struct Workspace {
  Workspace(Service& shared, const server::LoopStore& counters, ApiMetrics& of_loop)
      : service(shared),
        store(counters.store),
        requests(of_loop.requests),
        decider(shared, counters, of_loop.decisions) {}

  // Sets the policy from the next request on. REQUIRES: called before the first request.
  void set_policy(Policy policy);

  Service& service;
  Store& store;
  RouteMetrics& requests;
  server::CheckDesk decider;
  std::vector<IpPrefix> authz_proxies;  // whose forwarded headers /v1/authz trusts
  CheckBodyParser parser;
  RequestIdGenerator ids;
  std::string body;
  std::string scratch;
  std::string exposition;  // of /metrics, as it was at exposed_at
  std::optional<Instant> exposed_at = {};
  net::BlockingCalls* files = nullptr;  // of the task that uses this; null: what reads files does so at once
  server::KeyFinder* keys = nullptr;    // null: no key is looked up
  bool looks_up_keys = false;           // every key that a request shows (identity.api_keys: catalog)
  net::Tasks* may_wait_in = nullptr;    // of the task that uses this, for keys; null: it is no task
  std::optional<rls::RateLimitDesk> rate_limits = {};  // for POST /json; empty: no rate limits are loaded
};

}  // namespace rateguard::http_api
