#include "app/stores/redis_figures.h"

namespace rateguard::app {

void RedisSource::report(metrics::Writer& out) const {
  const RedisFigures figures = read_();
  out.gauge("rateguard_instances", "Instances that share counters with this one, itself included.", figures.instances);
  out.gauge("rateguard_redis_loops", "Event loops that keep counters in Redis, once for each store there.",
            figures.loops);
  out.gauge("rateguard_redis_connected_loops", "Event loops that are connected to their Redis.", figures.connected);
  out.gauge("rateguard_redis_breakers_open", "Event loops that do not ask their Redis because it fails.",
            figures.breakers_open);
  out.counter("rateguard_redis_breaker_openings_total", "Times that a loop stopped asking Redis because it failed.",
              figures.breaker_openings);
  out.counter("rateguard_redis_checks_total", "Limits that were to be charged in Redis.", figures.checks);
  out.counter("rateguard_redis_remembered_total", "Limits refused without a call, since an earlier refusal still held.",
              figures.remembered);
  out.counter("rateguard_redis_calls_total", "Scripts sent to Redis.", figures.calls);
  out.counter("rateguard_redis_failures_total", "Scripts to which Redis gave no usable answer.", figures.failures);
  out.begin(metrics::MetricKind::kGauge, "rateguard_redis_failing_loops",
            "Event loops that do not reach a store's Redis, or do not ask it because it fails.");
  for (const auto& [store, of_store] : figures.errors) out.sample({{"store", store}}, of_store.failing_loops);
  out.begin(metrics::MetricKind::kCounter, "rateguard_redis_errors_total",
            "Scripts that Redis answered with an error, by its first word.");
  for (const auto& [store, of_store] : figures.errors) {
    for (const auto& [code, count] : of_store.by_code) out.sample({{"store", store}, {"error", code}}, count);
  }
  out.counter("rateguard_redis_degraded_total", "Requests decided without Redis, by on_store_failure.",
              figures.degraded);
  out.counter("rateguard_lease_checks_total", "Checks decided by units taken ahead.", figures.from_leases);
  out.counter("rateguard_lease_calls_total", "Calls that took units ahead.", figures.lease_calls);
  out.counter("rateguard_sync_calls_total", "Calls that reconciled counts.", figures.sync_calls);
}

}  // namespace rateguard::app
