// What a running service says of itself: its metrics, and the states of what it depends on.
#include <fmt/format.h>

#include <algorithm>

#include "app/build.h"
#include "app/instance.h"
#include "app/time_zones.h"

namespace rateguard::app {
namespace {

metrics::ConnectionFigures& operator+=(metrics::ConnectionFigures& sum, const net::ConnectionStats& stats) {
  sum.open += stats.connections_open;
  sum.accepted += stats.connections_accepted;
  sum.refused += stats.connections_refused;
  return sum;
}

server::ServiceSettings service_settings(const config::Config& config) {
  return {.headers = config.headers,
          .tokens = config.listen.tokens,
          .admin_tokens = config.listen.admin_tokens,
          .access_log = config.log.access,
          .version = std::string(version_number()),
          .commit = std::string(commit())};
}

}  // namespace

void Instance::fill_service() {
  service_.settings = service_settings(config_);
  service_.log = &log_;
  service_.reload = [this](std::string_view by) { return reload(by); };
  service_.config_state = [this] { return config_state(); };
  service_.instances = [this](Instant now) { return membership_.all(now); };
  service_.dependencies = [this] { return store_states(); };
  metrics::Sources& figures = service_.metrics;
  figures.version = std::string(version_number());
  for (const auto& worker : workers_) {
    figures.loops.push_back(&worker->api->metrics());
    figures.loops.push_back(&worker->rate_limits->rule_metrics());
    figures.descriptors.push_back(&worker->rate_limits->metrics());
  }
  figures.stores = {{config_.memory_store_name(), store_.get()}};
  if (!places_.empty()) {
    figures.redis = [this] {
      metrics::RedisFigures sum;
      for (size_t place = 0; place < places_.size(); ++place) add_redis_figures(place, sum);
      sum.instances = membership_.all(net::SystemClock().now()).size();
      return sum;
    };
  }
  figures.connections = [this] {
    metrics::ConnectionFigures sum;
    for (const auto& worker : workers_) sum += worker->server->stats();
    return sum;
  };
  figures.bodies = [this] {
    return metrics::BodyFigures{.waiting_bytes = bodies_->bytes(), .refused = bodies_->refusals()};
  };
  if (resp_) {
    for (const auto& worker : workers_) {
      figures.loops.push_back(&worker->resp_api->metrics());
      figures.resp_loops.push_back(&worker->resp_api->resp_metrics());
    }
    figures.resp_connections = [this] {
      metrics::ConnectionFigures sum;
      for (const auto& worker : workers_) sum += worker->resp_server->stats();
      return sum;
    };
  }
  if (grpc_) {
    for (const auto& worker : workers_) figures.grpc_loops.push_back(&worker->grpc->metrics());
    figures.grpc_figures = [this] {
      metrics::GrpcFigures sum;
      for (const auto& worker : workers_) worker->grpc->add_figures(sum);
      return sum;
    };
  }
  if (snapshots_ != nullptr) figures.snapshot = [this] { return snapshots_->figures(); };
  figures.time_zones = time_zones_version;
  figures.reloads = [this] {
    const HeldLock lock(state_mutex_);
    return reloads_;
  };
  if (config_.envoy.config.empty()) return;
  figures.envoy_loads = [this] {
    const HeldLock lock(state_mutex_);
    return envoy_loads_;
  };
}

// The stores in the order of their numbers, then what else may fail.
std::vector<server::Dependency> Instance::store_states() const {
  std::vector<server::Dependency> states;
  for (size_t place = 0; place < places_.size(); ++place) states.push_back(redis_state(place));
  const std::vector<std::string> names = config_.store_names();
  if (states.size() != names.size()) {
    const auto at = std::ranges::find(names, config_.memory_store_name()) - names.begin();
    states.insert(states.begin() + at, memory_state());
  }
  if (snapshots_ != nullptr) states.push_back(snapshots_->state(net::SystemClock().read().wall()));
  if (has_configuration()) states.push_back(configuration_state());
  return states;
}

server::Dependency Instance::memory_state() const {
  const StoreStats stats = store_->stats();
  return {.name = "store " + config_.memory_store_name(),
          .detail = fmt::format("memory, {} of {} keys", stats.keys, stats.keys_max)};
}

// Redis is not vital: while it fails, rules go by their on_store_failure, here as on any other instance.
server::Dependency Instance::redis_state(size_t place) const {
  metrics::RedisFigures figures;
  add_redis_figures(place, figures);
  server::Dependency state{.name = "store " + places_[place].name, .detail = {}, .vital = false};
  state.ready = figures.connected == figures.loops && figures.breakers_open == 0;
  const server::StoreHealth& health = *places_[place].health;
  state.detail = fmt::format("redis at {}, {} of {} loops connected, breaker open on {}", health.address(),
                             figures.connected, figures.loops, figures.breakers_open);
  if (const std::string words = health.words(net::SystemClock().now()); !words.empty()) state.detail += ", " + words;
  return state;
}

void Instance::add_redis_figures(size_t place, metrics::RedisFigures& sum) const {
  for (const auto& worker : workers_) worker->counters->redis(place).add_figures(sum);
}

}  // namespace rateguard::app
