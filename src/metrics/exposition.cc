#include "metrics/exposition.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <algorithm>
#include <sstream>

#include "metrics/process_figures.h"

namespace rateguard::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

double seconds(Instant t) {
  return static_cast<double>(t.us) / 1e6;
}

class Families {
 public:
  MetricFamily& add(MetricType type, std::string name, std::string help) {
    return families_.emplace_back(
        MetricFamily{.name = std::move(name), .help = std::move(help), .type = type, .metric = {}});
  }
  void gauge(std::string name, std::string help, double value) {
    sample(add(MetricType::Gauge, std::move(name), std::move(help)), {}, value);
  }
  void counter(std::string name, std::string help, double value) {
    sample(add(MetricType::Counter, std::move(name), std::move(help)), {}, value);
  }
  static void sample(MetricFamily& family, Labels labels, double value) {
    ClientMetric& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    (family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = value;
  }
  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer().Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  std::vector<MetricFamily> families_;
};

template <typename Read>
double sum(const Sources& sources, Read read) {
  uint64_t total = 0;
  for (const LoopMetrics* loop : sources.loops) total += read(*loop);
  return static_cast<double>(total);
}

void add_rule_counter(Families& out, const Sources& sources, Counter RuleCounters::* counter, std::string name,
                      std::string help) {
  MetricFamily& family = out.add(MetricType::Counter, std::move(name), std::move(help));
  if (sources.labels == nullptr) return;
  const std::vector<std::string> names = sources.labels->names();
  for (uint16_t i = 0; i < names.size(); ++i) {
    const double value =
        sum(sources, [&](const LoopMetrics& loop) { return (loop.rule(RuleSlot{i}).*counter).value(); });
    Families::sample(family, {{"rule", names[i]}}, value);
  }
}

void add_decisions(Families& out, const Sources& sources) {
  MetricFamily& decisions =
      out.add(MetricType::Counter, "rateguard_decisions_total", "Requests decided, by the answer that was given.");
  Families::sample(decisions, {{"verdict", "allowed"}}, sum(sources, [](const auto& loop) { return loop.admitted(); }));
  Families::sample(decisions, {{"verdict", "blocked"}}, sum(sources, [](const auto& loop) { return loop.refused(); }));
  add_rule_counter(out, sources, &RuleCounters::allowed, "rateguard_requests_allowed_total",
                   "Requests admitted that this rule was asked about.");
  add_rule_counter(out, sources, &RuleCounters::blocked, "rateguard_requests_blocked_total",
                   "Requests that this rule refused.");
  add_rule_counter(out, sources, &RuleCounters::shadow_blocked, "rateguard_requests_shadow_blocked_total",
                   "Requests that this rule, in shadow mode, would have refused.");
  add_rule_counter(out, sources, &RuleCounters::degraded, "rateguard_requests_degraded_total",
                   "Requests that this rule's on_store_failure decided, since its store could not be asked.");
  add_rule_counter(out, sources, &RuleCounters::debts_cut, "rateguard_debts_cut_total",
                   "Charges to this rule (overdraft) that were kept in part, since a counter cannot owe more.");
}

double sum(const Sources& sources, Counter DescriptorMetrics::* counter) {
  uint64_t total = 0;
  for (const DescriptorMetrics* loop : sources.descriptors) total += (loop->*counter).value();
  return static_cast<double>(total);
}

// Envoy's rate limit service.
void add_descriptors(Families& out, const Sources& sources) {
  if (sources.descriptor_labels == nullptr) return;
  MetricFamily& requests = out.add(MetricType::Counter, "rateguard_envoy_requests_total",
                                   "Requests to Envoy's rate limit service, by overall_code.");
  Families::sample(requests, {{"code", "ok"}}, sum(sources, &DescriptorMetrics::ok));
  Families::sample(requests, {{"code", "over_limit"}}, sum(sources, &DescriptorMetrics::over_limit));
  Families::sample(requests, {{"code", "error"}}, sum(sources, &DescriptorMetrics::errors));
  out.counter("rateguard_envoy_global_shadow_total", "Requests answered OK for nothing but envoy.shadow_mode.",
              sum(sources, &DescriptorMetrics::global_shadow));

  struct Figure {
    const char* name;
    const char* help;
    Counter DescriptorCounters::* member;
  };
  static constexpr Figure kFigures[] = {
      {"rateguard_envoy_total_hits_total", "Hits on this descriptor.", &DescriptorCounters::total_hits},
      {"rateguard_envoy_within_limit_total", "Hits that were admitted.", &DescriptorCounters::within_limit},
      {"rateguard_envoy_near_limit_total", "Hits above four fifths of the limit.", &DescriptorCounters::near_limit},
      {"rateguard_envoy_over_limit_total", "Hits that were over the limit.", &DescriptorCounters::over_limit},
      {"rateguard_envoy_shadow_mode_total", "Hits over the limit that the descriptor's shadow_mode let pass.",
       &DescriptorCounters::shadow_mode},
      {"rateguard_envoy_given_back_total", "Hits that requests gave back (is_negative_hits).",
       &DescriptorCounters::given_back},
      {"rateguard_envoy_debts_cut_total",
       "Requests whose hits on this descriptor (overdraft) were kept in part, since a counter cannot owe more.",
       &DescriptorCounters::debts_cut},
  };
  const std::vector<std::string> names = sources.descriptor_labels->names();
  for (const Figure& figure : kFigures) {
    MetricFamily& family = out.add(MetricType::Counter, figure.name, figure.help);
    for (size_t i = 0; i < names.size(); ++i) {
      uint64_t total = 0;
      for (const DescriptorMetrics* loop : sources.descriptors) total += (loop->descriptors[i].*figure.member).value();
      Families::sample(family, {{"descriptor", names[i]}}, static_cast<double>(total));
    }
  }
}

void add_latency(Families& out, const Sources& sources) {
  MetricFamily& family =
      out.add(MetricType::Histogram, "rateguard_decision_duration_seconds",
              "How long a decision took, parsing and answering excluded. One decision in 64 is timed.");
  ClientMetric::Histogram& histogram = family.metric.emplace_back().histogram;
  uint64_t cumulated = 0;
  for (size_t i = 0; i <= kLatencyBounds_ns.size(); ++i) {
    for (const LoopMetrics* loop : sources.loops) cumulated += loop->latency_bucket(i);
    if (i == kLatencyBounds_ns.size()) break;
    histogram.bucket.push_back(
        {.cumulative_count = cumulated, .upper_bound = static_cast<double>(kLatencyBounds_ns[i]) / 1e9});
  }
  histogram.sample_count = cumulated;
  histogram.sample_sum = sum(sources, [](const auto& loop) { return loop.latency_sum_ns(); }) / 1e9;
}

void add_responses(Families& out, const Sources& sources) {
  MetricFamily& family =
      out.add(MetricType::Counter, "rateguard_http_requests_total",
              "HTTP requests answered, by method, route and status. Combinations never seen are left out.");
  for (size_t route = 0; route < sources.routes.size() && route < kRoutesMax; ++route) {
    for (size_t i = 0; i < kStatuses.size(); ++i) {
      const double value = sum(sources, [&](const LoopMetrics& loop) { return loop.responses(route, i); });
      if (value == 0) continue;
      Families::sample(family,
                       {{"method", std::string(sources.routes[route].method)},
                        {"route", std::string(sources.routes[route].route)},
                        {"status", std::to_string(kStatuses[i])}},
                       value);
    }
  }
}

void add_request_times(Families& out, const Sources& sources) {
  MetricFamily& family = out.add(MetricType::Histogram, "rateguard_http_request_duration_seconds",
                                 "HTTP requests by method and route: how long from when the head was there until the "
                                 "whole answer had been handed to the kernel. Routes never asked are left out.");
  for (size_t route = 0; route < sources.routes.size() && route < kRoutesMax; ++route) {
    ClientMetric metric;
    metric.label = {{"method", std::string(sources.routes[route].method)},
                    {"route", std::string(sources.routes[route].route)}};
    uint64_t cumulated = 0;
    for (size_t i = 0; i <= kRequestBounds_us.size(); ++i) {
      for (const LoopMetrics* loop : sources.loops) cumulated += loop->request_bucket(route, i);
      if (i == kRequestBounds_us.size()) break;
      metric.histogram.bucket.push_back(
          {.cumulative_count = cumulated, .upper_bound = static_cast<double>(kRequestBounds_us[i]) / 1e6});
    }
    if (cumulated == 0) continue;
    metric.histogram.sample_count = cumulated;
    metric.histogram.sample_sum = sum(sources, [&](const auto& loop) { return loop.request_sum_us(route); }) / 1e6;
    family.metric.push_back(std::move(metric));
  }
}

// Commands never seen are left out.
void add_resp_counter(Families& out, const Sources& sources,
                      std::array<Counter, kRespCommandsMax> RespMetrics::* counters, std::string name,
                      std::string help) {
  MetricFamily& family = out.add(MetricType::Counter, std::move(name), std::move(help));
  for (size_t place = 0; place < sources.resp_commands.size() && place < kRespCommandsMax; ++place) {
    uint64_t total = 0;
    for (const RespMetrics* loop : sources.resp_loops) total += (loop->*counters)[place].value();
    if (total == 0) continue;
    Families::sample(family, {{"command", std::string(sources.resp_commands[place])}}, static_cast<double>(total));
  }
}

void add_resp(Families& out, const Sources& sources) {
  if (!sources.resp_connections) return;
  add_resp_counter(out, sources, &RespMetrics::commands, "rateguard_resp_commands_total",
                   "Commands over the Redis protocol.");
  add_resp_counter(out, sources, &RespMetrics::errors, "rateguard_resp_errors_total",
                   "Commands over the Redis protocol that were answered with an error.");
  uint64_t broken = 0;
  for (const RespMetrics* loop : sources.resp_loops) broken += loop->protocol_errors.value();
  out.counter("rateguard_resp_protocol_errors_total",
              "Connections closed because they did not speak the Redis protocol.", static_cast<double>(broken));
  const ConnectionFigures figures = sources.resp_connections();
  out.gauge("rateguard_resp_connections", "Connections of the Redis protocol open.", static_cast<double>(figures.open));
  out.counter("rateguard_resp_connections_accepted_total", "Connections of the Redis protocol accepted.",
              static_cast<double>(figures.accepted));
  out.counter("rateguard_resp_connections_refused_total",
              "Connections of the Redis protocol closed at once, over connections_max.",
              static_cast<double>(figures.refused));
}

void add_grpc(Families& out, const Sources& sources) {
  if (!sources.grpc_figures) return;
  MetricFamily& calls = out.add(MetricType::Counter, "rateguard_grpc_calls_total",
                                "gRPC calls answered, by RPC and status. Combinations never seen are left out.");
  for (size_t rpc = 0; rpc < sources.grpc_rpcs.size() && rpc < kGrpcRpcsMax; ++rpc) {
    for (size_t code = 0; code < sources.grpc_codes.size() && code < kGrpcCodes; ++code) {
      uint64_t total = 0;
      for (const GrpcMetrics* loop : sources.grpc_loops) total += loop->calls[rpc][code].value();
      if (total == 0) continue;
      Families::sample(
          calls, {{"rpc", std::string(sources.grpc_rpcs[rpc])}, {"status", std::string(sources.grpc_codes[code])}},
          static_cast<double>(total));
    }
  }
  const GrpcFigures figures = sources.grpc_figures();
  out.gauge("rateguard_grpc_connections", "gRPC connections open.", static_cast<double>(figures.connections.open));
  out.counter("rateguard_grpc_connections_accepted_total", "gRPC connections accepted.",
              static_cast<double>(figures.connections.accepted));
  out.counter("rateguard_grpc_connections_refused_total", "gRPC connections closed at once, over connections_max.",
              static_cast<double>(figures.connections.refused));
  out.gauge("rateguard_grpc_streams", "gRPC streams open.", static_cast<double>(figures.streams_open));
  out.counter("rateguard_grpc_streams_reset_total", "gRPC streams that either side ended before they were answered.",
              static_cast<double>(figures.streams_reset));
  out.counter("rateguard_grpc_floods_total", "gRPC connections ended because they flooded the server with frames.",
              static_cast<double>(figures.floods));
}

void add_redis(Families& out, const Sources& sources) {
  if (!sources.redis) return;
  const RedisFigures figures = sources.redis();
  const auto number = [](uint64_t n) { return static_cast<double>(n); };
  out.gauge("rateguard_instances", "Instances that share counters with this one, itself included.",
            number(figures.instances));
  out.gauge("rateguard_redis_loops", "Event loops that keep counters in Redis, once for each store there.",
            number(figures.loops));
  out.gauge("rateguard_redis_connected_loops", "Of those: whose connection is there.", number(figures.connected));
  out.gauge("rateguard_redis_breakers_open", "Of those: that do not ask Redis because it fails.",
            number(figures.breakers_open));
  out.counter("rateguard_redis_breaker_openings_total", "Times that a loop stopped asking Redis.",
              number(figures.breaker_openings));
  out.counter("rateguard_redis_checks_total", "Limits that were asked for.", number(figures.checks));
  out.counter("rateguard_redis_remembered_total", "Of those: refused without a call, since a refusal still held.",
              number(figures.remembered));
  out.counter("rateguard_redis_calls_total", "Scripts sent to Redis.", number(figures.calls));
  out.counter("rateguard_redis_failures_total", "Of those: without a good answer.", number(figures.failures));
  MetricFamily& failing = out.add(MetricType::Gauge, "rateguard_redis_failing_loops",
                                  "Event loops that do not reach a store's Redis, or do not ask it because it fails.");
  for (const auto& [store, of_store] : figures.errors) {
    Families::sample(failing, {{"store", store}}, number(of_store.failing_loops));
  }
  MetricFamily& errors = out.add(MetricType::Counter, "rateguard_redis_errors_total",
                                 "Scripts that Redis answered with an error, by its first word.");
  for (const auto& [store, of_store] : figures.errors) {
    for (const auto& [code, count] : of_store.by_code) {
      Families::sample(errors, {{"store", store}, {"error", code}}, number(count));
    }
  }
  out.counter("rateguard_redis_degraded_total", "Requests decided without Redis, by on_store_failure.",
              number(figures.degraded));
  out.counter("rateguard_lease_checks_total", "Checks decided by units taken ahead.", number(figures.from_leases));
  out.counter("rateguard_lease_calls_total", "Calls that took units ahead.", number(figures.lease_calls));
  out.counter("rateguard_sync_calls_total", "Calls that reconciled counts.", number(figures.sync_calls));
}

void add_stores(Families& out, const Sources& sources) {
  struct Figure {
    MetricType type;
    const char* name;
    const char* help;
    uint64_t StoreStats::* member;
  };
  static constexpr Figure kFigures[] = {
      {MetricType::Gauge, "rateguard_store_keys", "Counters held.", &StoreStats::keys},
      {MetricType::Gauge, "rateguard_store_keys_max", "Counters that may be held (max_keys).", &StoreStats::keys_max},
      {MetricType::Gauge, "rateguard_store_memory_bytes", "Memory that the counters occupy, all told.",
       &StoreStats::memory_bytes},
      {MetricType::Counter, "rateguard_store_expired_total", "Counters dropped because they equalled fresh ones.",
       &StoreStats::expired},
      {MetricType::Counter, "rateguard_store_evicted_total",
       "Counters dropped while alive, because the store was full.", &StoreStats::evicted},
      {MetricType::Counter, "rateguard_store_refused_full_total", "Requests refused because no room could be made.",
       &StoreStats::refused_full},
  };
  std::vector<std::pair<std::string, StoreStats>> stats;
  for (const auto& [name, store] : sources.stores) stats.emplace_back(name, store->stats());
  for (const Figure& figure : kFigures) {
    MetricFamily& family = out.add(figure.type, figure.name, figure.help);
    for (const auto& [name, values] : stats) {
      Families::sample(family, {{"store", name}}, static_cast<double>(values.*figure.member));
    }
  }
}

void add_server(Families& out, const Sources& sources, Instant now) {
  if (sources.connections) {
    const ConnectionFigures figures = sources.connections();
    out.gauge("rateguard_connections", "Connections open.", static_cast<double>(figures.open));
    out.counter("rateguard_connections_accepted_total", "Connections accepted.", static_cast<double>(figures.accepted));
    out.counter("rateguard_connections_refused_total", "Connections closed at once, over connections_max.",
                static_cast<double>(figures.refused));
  }
  if (sources.bodies) {
    const BodyFigures figures = sources.bodies();
    out.gauge("rateguard_waiting_bodies_bytes", "Bytes kept of requests that have not arrived whole.",
              static_cast<double>(figures.waiting_bytes));
    out.counter("rateguard_bodies_refused_total", "Requests refused because too many bodies were arriving at once.",
                static_cast<double>(figures.refused));
  }
  if (sources.snapshot) {
    const SnapshotFigures figures = sources.snapshot();
    // From the start on: an alarm on an age that is absent until the first success could not tell of a disk that has
    // never taken one.
    out.gauge(
        "rateguard_snapshot_age_seconds",
        "Time since counters were last written to disk; before the first time, since the start.",
        static_cast<double>(std::max<int64_t>(0, (now - figures.last_success.value_or(figures.started)).us)) / 1e6);
    out.gauge("rateguard_snapshot_bytes", "Size of the last snapshot.", static_cast<double>(figures.last_bytes));
    out.counter("rateguard_snapshot_failures_total", "Snapshots that could not be written.",
                static_cast<double>(figures.failures));
  }
  if (sources.reloads) {
    const ReloadFigures figures = sources.reloads();
    MetricFamily& family = out.add(MetricType::Counter, "rateguard_reloads_total", "Reloads of the rules, by result.");
    Families::sample(family, {{"result", "success"}}, static_cast<double>(figures.successes));
    Families::sample(family, {{"result", "failure"}}, static_cast<double>(figures.failures));
    if (figures.last_success) {
      out.gauge("rateguard_reload_last_success_timestamp_seconds",
                "When rules were last loaded, in seconds since the Unix epoch.", seconds(*figures.last_success));
    }
    out.gauge("rateguard_config_last_reload_successful",
              "0 while the configuration on disk is not in force because the last reload of it failed, 1 otherwise.",
              figures.last_failed ? 0 : 1);
  }
  if (sources.time_zones) {
    MetricFamily& zones = out.add(MetricType::Gauge, "rateguard_time_zones_info",
                                  "Always 1; the label says which release of the time zone database is in use.");
    Families::sample(zones, {{"version", sources.time_zones()}}, 1);
  }
  MetricFamily& build = out.add(MetricType::Gauge, "rateguard_build_info", "Always 1; the labels say what is running.");
  Families::sample(build, {{"version", sources.version}}, 1);
}

void add_envoy_loads(Families& out, const Sources& sources) {
  if (!sources.envoy_loads) return;
  const ReloadFigures figures = sources.envoy_loads();
  MetricFamily& family = out.add(MetricType::Counter, "rateguard_envoy_config_loads_total",
                                 "Loads of Envoy's rate limit configuration, by result.");
  Families::sample(family, {{"result", "success"}}, static_cast<double>(figures.successes));
  Families::sample(family, {{"result", "failure"}}, static_cast<double>(figures.failures));
}

void add_process(Families& out) {
  const ProcessFigures figures = read_process_figures();
  out.counter("process_cpu_seconds_total", "Processor time used, user and system.", figures.cpu_seconds);
  out.gauge("process_resident_memory_bytes", "Resident memory.", static_cast<double>(figures.resident_bytes));
  out.gauge("process_virtual_memory_bytes", "Virtual memory.", static_cast<double>(figures.virtual_bytes));
  out.gauge("process_open_fds", "Open file descriptors.", static_cast<double>(figures.open_fds));
  out.gauge("process_max_fds", "Most file descriptors that may be open.", static_cast<double>(figures.max_fds));
  out.gauge("process_start_time_seconds", "When the process started, in seconds since the Unix epoch.",
            figures.start_time_seconds);
}

}  // namespace

std::string expose(const Sources& sources, Instant now) {
  Families out;
  add_decisions(out, sources);
  add_descriptors(out, sources);
  add_latency(out, sources);
  add_responses(out, sources);
  add_request_times(out, sources);
  add_resp(out, sources);
  add_grpc(out, sources);
  add_stores(out, sources);
  add_redis(out, sources);
  add_server(out, sources, now);
  add_envoy_loads(out, sources);
  add_process(out);
  return out.text();
}

}  // namespace rateguard::metrics
