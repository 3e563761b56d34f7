// The counters of one event loop as one store: those of this process and those in one or several Redis.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/stores/redis_counters.h"
#include "log/log.h"
#include "net/event_loop.h"
#include "net/tasks.h"
#include "redis/client.h"
#include "server/awaiting_store.h"
#include "server/service.h"
#include "server/store_health.h"
#include "store/answers_at_once.h"
#include "store/settings/redis_settings.h"
#include "store/split/split_store.h"

namespace rateguard::config {
struct Config;
}

namespace rateguard::app {

// A Redis store of the configuration.
struct RedisTarget {
  std::string name;
  StoreNumber number = 0;
  redis::Deployment target;
  RedisSettings settings;
  std::unique_ptr<server::StoreHealth> health;  // as seen by all loops
};

// All Redis stores, in the order of their numbers. `log` outlives them. Errors: as redis_target().
Result<std::vector<RedisTarget>> redis_targets(const config::Config& config, Log& log);

// Calls to the rest of the process, on the loop's thread; `place` is an index of redis_targets().
struct LoopCountersHooks {
  std::function<uint32_t(size_t place)> instances;
  std::function<void(size_t place, std::string_view key)> on_reset;
};

// Used on its loop's thread, except for the figures of redis(). The arguments of create() outlive it; tasks that wait
// when it is destroyed are unwound.
class LoopCounters {
 public:
  // Connects at once. `memory` has the counters of this process and the local shares of limits while a Redis fails.
  // REQUIRES: at least one place. Errors: no memory.
  static Result<std::unique_ptr<LoopCounters>> create(net::EventLoop& loop, const config::Config& config,
                                                      std::span<const RedisTarget> places, Store& memory,
                                                      const LoopCountersHooks& hooks, Log& log);
  ~LoopCounters();
  LoopCounters(const LoopCounters&) = delete;
  LoopCounters& operator=(const LoopCounters&) = delete;

  // As RedisCounters::await_connection(); `patience` is for all of them together.
  Result<void> await_connections(Duration patience);
  // As RedisCounters::settle(), for one after the other.
  void settle(Duration patience);
  // As RedisCounters::watch_health(), for all of them.
  void watch_health();

  server::LoopStore loop_store() { return {.store = *awaiting_, .tasks = tasks_.get(), .on_failure = on_failure_}; }
  // Those that ask these counters.
  const net::Tasks& tasks() const { return *tasks_; }
  // The counters at a place.
  const RedisCounters& redis(size_t place) const { return *redis_[place]; }

  // Called when another instance, or another loop, has reset a counter.
  void forget(std::string_view key);
  // Unknown counters may have been reset, so they are asked again. Local counts stay.
  void forget_refusals();
  // Unwinds waiting tasks. REQUIRES: nothing is asked afterwards.
  void abandon_tasks() { tasks_.reset(); }

 private:
  LoopCounters(net::EventLoop& loop, const config::Config& config, Store& memory);

  net::EventLoop& loop_;
  OnStoreFailure on_failure_;
  AnswersAtOnce memory_;
  std::vector<std::unique_ptr<RedisCounters>> redis_;
  std::unique_ptr<SplitStore> split_;  // null: there is only one store
  std::unique_ptr<net::Tasks> tasks_ = std::make_unique<net::Tasks>(loop_);
  std::unique_ptr<server::AwaitingStore> awaiting_;
};

}  // namespace rateguard::app
