// The counters as one event loop asks for them: those of this process and those in one or several Redis as one store.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/redis_counters.h"
#include "config/config.h"
#include "log/log.h"
#include "net/event_loop.h"
#include "net/tasks.h"
#include "redis/client.h"
#include "server/awaiting_store.h"
#include "server/service.h"
#include "server/store_health.h"
#include "store/answers_at_once.h"
#include "store/split/split_store.h"

namespace rateguard::app {

// A store of the configuration that is a Redis.
struct RedisTarget {
  std::string name;
  StoreNumber number = 0;
  redis::Target target;
  config::RedisSettings settings;
  std::unique_ptr<server::StoreHealth> health;  // as all loops find it
};

// All of them, in the order of their numbers. `log` outlives them. Errors: as redis_target().
Result<std::vector<RedisTarget>> redis_targets(const config::Config& config, Log& log);

// What they ask of the process and tell it, on their loop's thread; `place` counts in redis_targets().
struct LoopCountersHooks {
  std::function<uint32_t(size_t place)> instances;
  std::function<void(size_t place, std::string_view key)> on_reset;
};

// On its loop's thread, but the figures of redis(). What it is given outlives it; tasks that wait at its end are
// unwound.
class LoopCounters {
 public:
  // Connects at once. `memory` has the counters of this process and the shares that limits have here while a Redis
  // fails. REQUIRES: there is a place. Errors: no memory.
  static Result<std::unique_ptr<LoopCounters>> create(net::EventLoop& loop, const config::Config& config,
                                                      std::span<const RedisTarget> places, Store& memory,
                                                      const LoopCountersHooks& hooks, Log& log);
  ~LoopCounters();
  LoopCounters(const LoopCounters&) = delete;
  LoopCounters& operator=(const LoopCounters&) = delete;

  // As RedisCounters::await_connection(), with so much patience for all of them together.
  Result<void> await_connections(Duration patience);
  // As RedisCounters::settle(), one after the other.
  void settle(Duration patience);
  // As RedisCounters::watch_health(), all of them.
  void watch_health();

  server::LoopStore loop_store() { return {.store = *awaiting_, .tasks = tasks_.get(), .on_failure = on_failure_}; }
  // By their place.
  const RedisCounters& redis(size_t place) const { return *redis_[place]; }

  // Another instance, or another loop, has reset a counter.
  void forget(std::string_view key);
  // Counters may have been reset, nobody knows which: they are asked again. What was counted here stays.
  void forget_refusals();
  // What waits is unwound; nothing may be asked any more.
  void abandon_tasks() { tasks_.reset(); }

 private:
  LoopCounters(net::EventLoop& loop, const config::Config& config, Store& memory);

  net::EventLoop& loop_;
  OnStoreFailure on_failure_;
  AnswersAtOnce memory_;
  std::vector<std::unique_ptr<RedisCounters>> redis_;
  std::unique_ptr<SplitStore> split_;  // none: there is one store
  std::unique_ptr<net::Tasks> tasks_ = std::make_unique<net::Tasks>(loop_);
  std::unique_ptr<server::AwaitingStore> awaiting_;
};

}  // namespace rateguard::app
