// The counters in one Redis for one event loop, from the connection up: redis/ -> store/redis -> store/fallback ->
// store/lease.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>

#include "app/stores/redis_figures.h"
#include "log/log.h"
#include "net/event_loop.h"
#include "redis/client.h"
#include "server/store_health.h"
#include "store/fallback/fallback_store.h"
#include "store/lease/lease_store.h"
#include "store/memory/memory_store.h"
#include "store/redis/redis_store.h"
#include "store/settings/redis_settings.h"

namespace rateguard::app {

// Where to connect to, with the files of TLS read. Errors: kIo and kInvalid, naming the file.
Result<redis::Deployment> redis_target(const RedisSettings& settings);

// The address for messages: "10.0.0.5:6379", or all given Sentinels or nodes.
std::string address_of(const redis::Deployment& target);

// Calls to the rest of the process, on the loop's thread.
struct RedisCountersHooks {
  // The number of instances that share the limits, by which they are divided while Redis fails.
  std::function<uint32_t()> instances;
  // A counter was reset: everything that remembers it has to forget().
  std::function<void(std::string_view key)> on_reset;
};

// Used on its loop's thread, except for add_figures() and is_connected(). The arguments of create() outlive it.
class RedisCounters {
 public:
  // Connects at once, and reconnects. `name` is the store's, for logs; `local` has the local shares of limits while
  // Redis fails. Errors: no memory.
  static Result<std::unique_ptr<RedisCounters>> create(net::EventLoop& loop, std::string name,
                                                       const redis::Deployment& target, const RedisSettings& settings,
                                                       Store& local, RedisCountersHooks hooks,
                                                       server::StoreHealth& health, Log& log);
  ~RedisCounters();
  RedisCounters(const RedisCounters&) = delete;
  RedisCounters& operator=(const RedisCounters&) = delete;

  // Runs the loop until it is connected, for up to `patience`, and somewhat longer to diagnose TLS. Errors: kInvalid if
  // the settings have to be changed; no error if it is late, since it keeps trying. From then on this object warns, for
  // all loops, if Redis may evict counters early.
  Result<void> await_connection(Duration patience);

  // For a loop that is not the first: runs it until it is connected and has tried to write, for up to `patience`, so
  // that its first checks need not wait for that. Returns at once if earlier loops did not get that far.
  void settle(Duration patience);
  // Reports the state of the Redis to its StoreHealth from now on.
  void watch_health();

  RemoteStore& store() { return leases_; }
  // Called when another instance, or another loop, has reset a counter.
  void forget(std::string_view key);
  // Unknown counters may have been reset, so they are asked again. Local counts stay.
  void forget_refusals();

  void add_figures(RedisFigures& sum) const;
  bool is_connected() const { return connected_.load(std::memory_order_relaxed); }

 private:
  RedisCounters(net::EventLoop& loop, std::string name, const redis::Deployment& target, const RedisSettings& settings,
                Store& local, RedisCountersHooks hooks, server::StoreHealth& health, Log& log,
                std::unique_ptr<MemoryStore> leased);
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
  const redis::ServerEndpoint first_server_;  // the first of the given ones
  server::StoreHealth& health_;
  const size_t number_;  // of this loop, in its StoreHealth
  Log& log_;
  std::mt19937_64 random_;  // for jitter, and for the names of holds
  std::unique_ptr<MemoryStore> leased_;
  std::atomic<bool> connected_ = false;
  bool probing_ = false;
  bool looks_at_eviction_ = false;
  std::string eviction_policy_;  // as last seen; empty: not yet
  std::unique_ptr<redis::RedisClient> client_;
  redis_store::RedisStore redis_;
  FallbackStore fallback_;
  LeaseStore leases_;
  net::Timer tick_;
  net::Timer probe_;
  net::Timer see_health_;
};

}  // namespace rateguard::app
