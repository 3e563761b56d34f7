// This instance among those that share its counters: alone where they are in memory, else with those in each Redis, as
// peers/ has them.
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
#include "config/config.h"
#include "model/running_instance.h"
#include "net/event_loop.h"
#include "peers/peers.h"
#include "redis/client.h"

namespace rateguard::app {

// Members without another word may be called on any thread.
class Membership {
 public:
  // Nothing is known of this instance yet but its machine, process and version.
  Membership();
  ~Membership();
  Membership(const Membership&) = delete;
  Membership& operator=(const Membership&) = delete;

  // Before any loop runs: the loop it joins on, which outlives it up to end().
  void set_addresses(std::map<std::string, std::string> addresses);
  void join(net::EventLoop& loop, const redis::Target& target, const config::RedisSettings& settings,
            peers::PeersHandlers handlers);  // each time another circle, numbered from 0
  // On that loop's thread. Takes its leave from the others; `done` is called when they know, or at once where it is
  // alone.
  void leave(std::function<void()> done);
  // When no loop runs any more: lets go of the loop.
  void end();

  // How many there are in a circle, this one included; 1 before it is joined.
  uint32_t alive(size_t circle) const;
  // Those of all circles, each once, as it was last heard of.
  std::vector<RunningInstance> all(Instant now) const;
  void set_rules_revision(const std::string& revision);
  // Nobody is there to be told where it is alone.
  void tell_reset(size_t circle, std::string_view key);
  void tell_reload(const std::string& revision);

 private:
  // Those who share one Redis.
  struct Circle {
    std::unique_ptr<redis::Client> client;
    std::unique_ptr<peers::Peers> peers;
  };

  std::mt19937_64 random_;
  const uint64_t id_;
  mutable Mutex mutex_;
  InstanceDescription self_ RG_GUARDED_BY(mutex_);
  std::vector<std::unique_ptr<Circle>> circles_;  // none: alone
};

}  // namespace rateguard::app
