// The metrics of a running service, and the states of its dependencies.
#include <fmt/format.h>

#include <algorithm>

#include "app/build/build.h"
#include "app/serve/instance.h"

namespace rateguard::app {
namespace {

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
  // The counters of this process are kept with their hash key, so a charge outlives a restart as they do. The secrets
  // of other stores come from there (join_others).
  const auto key = store_->hash_key().bytes;
  for (size_t number = 0; number < config_.stores.size(); ++number) {
    const bool is_redis =
        std::ranges::find(places_, static_cast<StoreNumber>(number), &RedisTarget::number) != places_.end();
    if (!is_redis) service_.charge_secrets.set(static_cast<StoreNumber>(number), {key});
  }
  register_sources();
}

void Instance::register_sources() {
  for (const auto& worker : workers_) {
    service_.decisions.add(worker->rate_limits->rule_metrics());
    descriptors_.add(worker->rate_limits->metrics());
    if (worker->counters != nullptr) waiting_source_.add(worker->counters->tasks());
  }
  metrics::Registry& all = service_.metrics;
  all.add(service_.decisions);
  all.add(descriptors_);
  all.add(decision_times_);
  for (const auto& named : front_ends_) named.front_end->report_to(all);
  all.add(store_source_);
  all.add(waiting_source_);
  if (!places_.empty()) all.add(redis_source_);
  if (catalog_ != nullptr) catalog_->report_to(all);
  if (snapshots_ != nullptr) all.add(snapshots_->metrics());
  all.add(reloads_);
  all.add(build_source_);
  if (!config_.envoy.config.empty()) all.add(envoy_loads_);
  all.add(process_);
}

// The stores in the order of their numbers, then the other dependencies.
std::vector<server::Dependency> Instance::store_states() const {
  std::vector<server::Dependency> states;
  for (size_t place = 0; place < places_.size(); ++place) states.push_back(redis_state(place));
  const std::vector<std::string> names = config_.store_names();
  if (states.size() != names.size()) {
    const auto at = std::ranges::find(names, config_.memory_store_name()) - names.begin();
    states.insert(states.begin() + at, memory_state());
  }
  if (catalog_ != nullptr) states.push_back(catalog_->state(net::SystemClock().now()));
  if (snapshots_ != nullptr) states.push_back(snapshots_->state(net::SystemClock().read().wall()));
  if (has_configuration()) states.push_back(configuration_state());
  return states;
}

server::Dependency Instance::memory_state() const {
  const StoreStats stats = store_->stats();
  return {.name = "store " + config_.memory_store_name(),
          .detail = fmt::format("memory, {} of {} keys", stats.keys, stats.keys_max)};
}

// Redis is not vital: while it fails, rules follow their on_store_failure, on this instance as on all others.
server::Dependency Instance::redis_state(size_t place) const {
  RedisFigures figures;
  add_redis_figures(place, figures);
  server::Dependency state{.name = "store " + places_[place].name, .detail = {}, .vital = false};
  state.ready = figures.connected == figures.loops && figures.breakers_open == 0;
  const server::StoreHealth& health = *places_[place].health;
  state.detail = fmt::format("redis at {}, {} of {} loops connected, breaker open on {}", health.address(),
                             figures.connected, figures.loops, figures.breakers_open);
  if (const std::string words = health.words(net::SystemClock().now()); !words.empty()) state.detail += ", " + words;
  return state;
}

void Instance::add_redis_figures(size_t place, RedisFigures& sum) const {
  for (const auto& worker : workers_) worker->counters->redis(place).add_figures(sum);
}

RedisFigures Instance::redis_figures() const {
  RedisFigures sum;
  for (size_t place = 0; place < places_.size(); ++place) add_redis_figures(place, sum);
  sum.instances = membership_.all(net::SystemClock().now()).size();
  return sum;
}

}  // namespace rateguard::app
