#include "app/stores/loop_counters.h"

#include <algorithm>
#include <utility>

#include "config/config.h"

namespace rateguard::app {
namespace {

// An immediate answer of a server is seen even if the wait for others took all the time.
constexpr Duration kLookAtLeast = Duration::millis(10);

}  // namespace

Result<std::vector<RedisTarget>> redis_targets(const config::Config& config, Log& log) {
  std::vector<RedisTarget> places;
  const std::vector<std::string> names = config.store_names();
  for (size_t number = 0; number < names.size(); ++number) {
    const StoreSettings& store = config.stores.at(names[number]);
    if (store.type != StoreType::kRedis) continue;
    auto target = redis_target(store.redis);
    if (!target) return std::unexpected(target.error());
    auto health = std::make_unique<server::StoreHealth>(names[number], address_of(*target), log);
    places.push_back({.name = names[number],
                      .number = static_cast<StoreNumber>(number),
                      .target = *std::move(target),
                      .settings = store.redis,
                      .health = std::move(health)});
  }
  return places;
}

LoopCounters::LoopCounters(net::EventLoop& loop, const config::Config& config, Store& memory)
    : loop_(loop), on_failure_(config.store().redis.on_store_failure), memory_(memory) {}

LoopCounters::~LoopCounters() = default;

Result<std::unique_ptr<LoopCounters>> LoopCounters::create(net::EventLoop& loop, const config::Config& config,
                                                           std::span<const RedisTarget> places, Store& memory,
                                                           const LoopCountersHooks& hooks, Log& log) {
  std::unique_ptr<LoopCounters> made(new LoopCounters(loop, config, memory));
  std::vector<StorePart> parts(config.stores.size(), {.store = &made->memory_});
  for (size_t place = 0; place < places.size(); ++place) {
    const RedisTarget& redis = places[place];
    auto counters =
        RedisCounters::create(loop, redis.name, redis.target, redis.settings, memory,
                              {.instances = [ask = hooks.instances, place] { return ask(place); },
                               .on_reset = [tell = hooks.on_reset, place](std::string_view key) { tell(place, key); }},
                              *redis.health, log);
    if (!counters) return std::unexpected(counters.error());
    parts[redis.number] = {.store = &(*counters)->store(), .distance = redis.settings.deadline};
    made->redis_.push_back(*std::move(counters));
  }
  RemoteStore* front = parts.front().store;
  if (parts.size() > 1) {
    made->split_ = std::make_unique<SplitStore>(std::move(parts), [&loop] { return loop.clock().now(); });
    front = made->split_.get();
  }
  made->awaiting_ = std::make_unique<server::AwaitingStore>(*front, *made->tasks_, loop);
  return made;
}

Result<void> LoopCounters::await_connections(Duration patience) {
  const Instant end = loop_.clock().now() + patience;
  for (const auto& redis : redis_) {
    const Duration left = std::max(kLookAtLeast, end - loop_.clock().now());
    if (auto good = redis->await_connection(left); !good) return good;
  }
  return {};
}

void LoopCounters::settle(Duration patience) {
  for (const auto& redis : redis_) redis->settle(patience);
}

void LoopCounters::watch_health() {
  for (const auto& redis : redis_) redis->watch_health();
}

void LoopCounters::forget(std::string_view key) {
  for (const auto& redis : redis_) redis->forget(key);
}

void LoopCounters::forget_refusals() {
  for (const auto& redis : redis_) redis->forget_refusals();
}

}  // namespace rateguard::app
