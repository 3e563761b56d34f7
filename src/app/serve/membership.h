// This instance among those that share its counters: alone if they are in memory, else with the peers (peers/) in each
// Redis.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "model/running_instance.h"
#include "net/event_loop.h"
#include "peers/peers.h"
#include "redis/client.h"
#include "store/settings/redis_settings.h"

namespace rateguard::app {

// Members without a comment about threads may be called on any thread.
class Membership {
 public:
  // At first only the instance's machine, process and version are known.
  Membership();
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  // Before any loop runs: the loop it joins on, which outlives it up to end().
  void set_addresses(std::map<std::string, std::string> addresses);
  void join(net::EventLoop& loop, const redis::Deployment& target, const RedisSettings& settings,
            peers::PeersHandlers handlers);  // each call joins another circle, numbered from 0
  // On that loop's thread. Tells the others that it leaves; `done` is called when they know, or at once if it is
  // alone.
  void leave(std::function<void()> done);
  // Called when no loop runs any more: lets go of the loop.
  void end();

  // The number of instances in a circle, including this one; 1 before it joins.
  uint32_t alive(size_t circle) const;
  // The instances of all circles, each once, as last reported.
  std::vector<RunningInstance> all(Instant now) const;
  void set_rules_revision(const std::string& revision);
  // Does nothing if the instance is alone.
  void tell_reset(size_t circle, std::string_view key);
  void tell_reload(const std::string& revision);
  void tell_catalog(int64_t revision);
  // 16 hexadecimal digits, chosen at random at the start.
  std::string id_text() const;

 private:
  // The instances that share one Redis.
  struct Circle {
    std::unique_ptr<redis::RedisClient> client;
    std::unique_ptr<peers::Peers> peers;
  };

  std::mt19937_64 random_;
  const uint64_t id_;
  mutable Mutex mutex_;
  InstanceDescription self_ RG_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Circle>> circles_;  // empty: alone
};

}  // namespace rateguard::app
