// Counters in one Redis as one event loop asks for them, from the connection up: redis/ -> store/redis ->
// store/fallback -> store/lease.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "app/redis_figures.h"
#include "config/config.h"
#include "log/log.h"
#include "net/event_loop.h"
#include "redis/client.h"
#include "server/store_health.h"
#include "store/fallback/fallback_store.h"
#include "store/lease/lease_store.h"
#include "store/memory/memory_store.h"
#include "store/redis/redis_store.h"

namespace rateguard::app {

// Where to connect to, with the files of TLS read. Errors: kIo and kInvalid, naming the file.
Result<redis::Target> redis_target(const config::RedisSettings& settings);

// Where its counters are, for people: "10.0.0.5:6379", or all the Sentinels or nodes that were given.
std::string address_of(const redis::Target& target);

// What it asks of the process and tells it, on its loop's thread.
struct RedisCountersHooks {
  // How many instances share the limits: by so many they are divided while Redis fails.
  std::function<uint32_t()> instances;
  // A counter has been reset: all that remember anything of it are to forget().
  std::function<void(std::string_view key)> on_reset;
};

// On its loop's thread, but add_figures() and is_connected(). What it is given outlives it.
class RedisCounters {
 public:
  // Connects at once, and keeps connected. `name` is that of the store, for logs; `local` has the shares that limits
  // have here while Redis fails. Errors: no memory.
  static Result<std::unique_ptr<RedisCounters>> create(net::EventLoop& loop, std::string name,
                                                       const redis::Target& target,
                                                       const config::RedisSettings& settings, Store& local,
                                                       RedisCountersHooks hooks, server::StoreHealth& health, Log& log);
  ~RedisCounters();
  RedisCounters(const RedisCounters&) = delete;
  RedisCounters& operator=(const RedisCounters&) = delete;

  // Runs the loop until it is connected, for up to `patience`, and somewhat longer where it looks for what is wrong
  // with TLS. Errors: kInvalid where nothing will help until somebody changes the settings; being late is none, it goes
  // on trying. From then on this one warns for all where Redis may throw counters away before their time.
  Result<void> await_connection(Duration patience);

  // For a loop that is not the first: runs it until it is connected and has tried to write, for up to `patience`, so
  // that its first checks need not wait for that. At once where the loops before it did not get so far.
  void settle(Duration patience);
  // From now on tells its StoreHealth how it finds the Redis.
  void watch_health();

  RemoteStore& store() { return leases_; }
  // Another instance, or another loop, has reset a counter.
  void forget(std::string_view key);
  // Counters may have been reset, nobody knows which: they are asked again. What was counted here stays.
  void forget_refusals();

  void add_figures(RedisFigures& sum) const;
  bool is_connected() const { return connected_.load(std::memory_order_relaxed); }

 private:
  RedisCounters(net::EventLoop& loop, std::string name, const redis::Target& target,
                const config::RedisSettings& settings, Store& local, RedisCountersHooks hooks,
                server::StoreHealth& health, Log& log, std::unique_ptr<MemoryStore> leased);
  void on_client_change();
  void run_until_settled(Duration patience);
  void look_at_eviction();
  bool speaks_without_tls();
  void probe();
  void probe_what_fails();
  Result<void> node_of_a_cluster(std::string_view problem) const;
  void see_health();

  net::EventLoop& loop_;
  const std::string name_;
  const redis::Server first_server_;  // of those that were given
  server::StoreHealth& health_;
  const size_t number_;  // of this loop, there
  Log& log_;
  std::mt19937_64 random_;  // jitter, and names of holds
  std::unique_ptr<MemoryStore> leased_;
  std::atomic<bool> connected_ = false;
  bool probing_ = false;
  bool looks_at_eviction_ = false;
  std::string eviction_policy_;  // as it was last seen; empty: not yet
  std::unique_ptr<redis::Client> client_;
  redis_store::RedisStore redis_;
  FallbackStore fallback_;
  LeaseStore leases_;
  net::Timer tick_;
  net::Timer probe_;
  net::Timer see_health_;
};

}  // namespace rateguard::app
