// For tests: an instance as its peers see it, which notes what it hears.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/event_loop.h"
#include "peers/peers.h"
#include "redis/client.h"
#include "redis/fake_redis_testing.h"
#include "support/redis/redis_servers.h"

namespace rateguard::peers {

using redis::run_for;
using redis::run_until;

// Beats of 50 ms, and gone after 2 s, so that a loaded machine misses none.
inline PeersOptions quick_options() {
  return {.beat_period = Duration::millis(50),
          .gone_after = Duration::seconds(2),
          .subscriber = {.look_period = Duration::millis(10)}};
}

inline redis::ServerEndpoint server_at(const test::RedisServer& server) {
  return {.target = {.host = "127.0.0.1", .port = server.port()}};
}

class InstanceForTests {
 public:
  InstanceForTests(net::EventLoop& loop, const redis::Deployment& target, uint64_t id,
                   const PeersOptions& options = quick_options())
      : client_(redis::make_client(loop, target, {.backoff_max = Duration::millis(50)})),
        peers(loop, *client_, id, {.host = "host-" + std::to_string(id), .rules_revision = "r1"}, handlers(), options) {
    client_->start();
    peers.start();
  }

  // The ids of all it knows, its own first.
  std::vector<uint64_t> known(Instant now = {}) const {
    std::vector<uint64_t> ids;
    for (const RunningInstance& instance : peers.all(now)) ids.push_back(instance.id);
    return ids;
  }
  // Forgets what it has heard.
  void clear() {
    resets.clear();
    revisions.clear();
    missed = 0;
  }

  std::vector<std::string> resets;
  std::vector<std::string> revisions;
  int missed = 0;
  std::string problem;
  std::vector<std::string> secrets;

 private:
  PeersHandlers handlers() {
    return {.on_reset = [this](std::string_view key) { resets.emplace_back(key); },
            .on_reload = [this](std::string_view revision) { revisions.emplace_back(revision); },
            .on_missed = [this] { ++missed; },
            .on_secret = [this](std::string_view secret) { secrets.emplace_back(secret); },
            .on_problem = [this](std::string_view text) { problem = text; }};
  }

  std::unique_ptr<redis::RedisClient> client_;

 public:
  Peers peers;
};

}  // namespace rateguard::peers
