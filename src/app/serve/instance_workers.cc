// The event loops of a running service, each with its counters and a listener of each front end.
#include <utility>

#include "app/serve/instance.h"

namespace rateguard::app {
namespace {

// How long a start waits for Redis, which may be starting too.
constexpr Duration kRedisPatience = Duration::seconds(2);
// How long it then waits for the connection of each further loop, if the first has one: usually a millisecond or two,
// more on a busy machine.
constexpr Duration kLoopPatience = Duration::millis(200);

}  // namespace

Result<void> Instance::add_workers() {
  log_key_warnings(at_start_.policy);
  auto places = redis_targets(config_, log_);
  if (!places) return std::unexpected(places.error());
  places_ = *std::move(places);
  for (size_t i = 0; i < loops_of(config_); ++i) {
    auto worker = std::make_unique<LoopWorker>();
    auto loop = net::EventLoop::create(worker->clock);
    if (!loop) return std::unexpected(loop.error());
    worker->loop = std::move(*loop);
    if (!places_.empty()) {
      if (auto good = add_counters(*worker); !good) return good;
    }
    if (catalog_ != nullptr) worker->keys = catalog_->make_finder(*worker->loop);
    const server::LoopStore store = store_of(*worker);
    worker->rate_limits = std::make_unique<rls::RateLimitService>(service_, store, descriptors_.labels());
    worker->rate_limits->set_policy(at_start_.envoy);
    worker->rate_limits->set_rules(at_start_.policy);
    for (const auto& named : front_ends_) {
      auto listener = named.front_end->start({.loop = *worker->loop,
                                              .store = store,
                                              .rate_limits = *worker->rate_limits,
                                              .blocking = blocking_,
                                              .keys = worker->keys.get()});
      if (!listener) return std::unexpected(listener.error());
      worker->listeners.push_back(*std::move(listener));
    }
    workers_.push_back(std::move(worker));
  }
  return {};
}

void Instance::add_front_ends(std::span<const FrontEndKind* const> kinds) {
  const FrontEndParts parts{.service = service_,
                            .config = config_,
                            .at_start = at_start_,
                            .turned_away = turned_away_,
                            .bodies = std::make_shared<http::BodyBudget>(config_.listen.waiting_bodies_bytes_max),
                            .catalog = catalog_ != nullptr ? &catalog_->store() : nullptr};
  for (const FrontEndKind* const kind : kinds) {
    if (kind->endpoint(config_)) front_ends_.push_back({.name = kind->name, .front_end = kind->make(parts)});
  }
}

server::LoopStore Instance::store_of(LoopWorker& worker) {
  return worker.counters != nullptr ? worker.counters->loop_store() : server::LoopStore{.store = *store_};
}

// The first worker finds out whether each Redis can be used at all.
Result<void> Instance::add_counters(LoopWorker& worker) {
  const bool is_first = workers_.empty();
  auto made = LoopCounters::create(
      *worker.loop, config_, places_, *store_,
      {.instances = [this](size_t place) { return membership_.alive(place); },
       .on_reset = [this](size_t place, std::string_view key) { membership_.tell_reset(place, key); }},
      log_);
  if (!made) return std::unexpected(made.error());
  worker.counters = *std::move(made);
  if (is_first) {
    if (auto good = worker.counters->await_connections(kRedisPatience); !good) return good;
  } else {
    worker.counters->settle(kLoopPatience);
  }
  worker.counters->watch_health();
  return {};
}

}  // namespace rateguard::app
