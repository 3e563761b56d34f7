// What a scrape sees: every figure of the program in Prometheus's text format, version 0.0.4.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metrics/descriptor_labels.h"
#include "metrics/descriptor_metrics.h"
#include "metrics/grpc_metrics.h"
#include "metrics/loop_metrics.h"
#include "metrics/resp_metrics.h"
#include "metrics/rule_labels.h"
#include "model/instant.h"
#include "store/store.h"

namespace rateguard::metrics {

struct ConnectionFigures {
  uint64_t open = 0;
  uint64_t accepted = 0;
  uint64_t refused = 0;  // over connections_max
};

// What is kept of requests that have not arrived whole, over HTTP and gRPC.
struct BodyFigures {
  uint64_t waiting_bytes = 0;
  uint64_t refused = 0;  // over waiting_bodies_bytes_max
};

// Of the gRPC listener.
struct GrpcFigures {
  ConnectionFigures connections = {};
  uint64_t streams_open = 0;
  uint64_t streams_reset = 0;
  uint64_t floods = 0;
};

struct SnapshotFigures {
  Instant started = {};  // when snapshots began to be due
  std::optional<Instant> last_success = {};
  uint64_t last_bytes = 0;
  uint64_t failures = 0;
};

struct ReloadFigures {
  uint64_t successes = 0;
  uint64_t failures = 0;
  std::optional<Instant> last_success = {};
  bool last_failed = false;  // what is on disk is not in force
};

// Of one Redis, over all loops.
struct RedisErrors {
  uint64_t failing_loops = 0;               // that do not reach it, or do not ask it but for a probe
  std::map<std::string, uint64_t> by_code;  // scripts answered with an error, by its first word
};

// Of counters in Redis, over all loops.
struct RedisFigures {
  uint64_t instances = 0;      // that share counters with this one, itself included, as they were last heard of
  uint64_t loops = 0;          // with a connection for each Redis that the stores are
  uint64_t connected = 0;      // loops whose connection is there
  uint64_t breakers_open = 0;  // loops that do not ask Redis, but for a probe
  uint64_t checks = 0;         // limits asked for
  uint64_t remembered = 0;     // refused without a call
  uint64_t calls = 0;          // scripts sent
  uint64_t failures = 0;       // of those: without a good answer
  uint64_t degraded = 0;       // requests decided without Redis
  uint64_t breaker_openings = 0;
  uint64_t from_leases = 0;  // checks decided by units taken ahead
  uint64_t lease_calls = 0;
  uint64_t sync_calls = 0;
  std::map<std::string, RedisErrors> errors = {};  // by the store's name
};

// How one of the server's routes is called.
struct RouteLabel {
  std::string_view method;  // empty: any
  std::string_view route;   // its pattern: "/v1/counters/{rule}/{key}"
};

// Where the figures come from. app/ fills it before the loops start; the functions are called by whichever loop serves
// a scrape and must be thread-safe. An empty function leaves its metrics out.
struct Sources {
  std::string version = {};
  RuleLabels* labels = nullptr;
  std::vector<const LoopMetrics*> loops = {};
  const DescriptorLabels* descriptor_labels = nullptr;
  std::vector<const DescriptorMetrics*> descriptors = {};  // of Envoy's rate limit service, by loop
  std::vector<RouteLabel> routes = {};                     // by their place in LoopMetrics::responses()
  std::vector<std::pair<std::string, const Store*>> stores = {};
  std::function<RedisFigures()> redis = {};
  std::function<ConnectionFigures()> connections = {};  // of HTTP
  std::function<BodyFigures()> bodies = {};
  std::vector<const RespMetrics*> resp_loops = {};
  std::vector<std::string_view> resp_commands = {};  // by their place in RespMetrics
  std::function<ConnectionFigures()> resp_connections = {};
  std::vector<const GrpcMetrics*> grpc_loops = {};
  std::vector<std::string_view> grpc_rpcs = {};   // by their place in GrpcMetrics
  std::vector<std::string_view> grpc_codes = {};  // likewise
  std::function<GrpcFigures()> grpc_figures = {};
  std::function<SnapshotFigures()> snapshot = {};
  std::function<ReloadFigures()> reloads = {};
  std::function<std::string()> time_zones = {};     // the time zone database's release
  std::function<ReloadFigures()> envoy_loads = {};  // of Envoy's configuration, the first included
};

// The Content-Type of what expose() writes.
inline constexpr std::string_view kExpositionType = "text/plain; version=0.0.4; charset=utf-8";

// Any thread.
std::string expose(const Sources& sources, Instant now);

}  // namespace rateguard::metrics
