// A Redis of one of the three kinds, and how an instance is to reach it.
#pragma once

#include <memory>
#include <string>

#include "redis/client.h"
#include "store/redis/redis_store.h"
#include "support/redis/redis_servers.h"

namespace rateguard::test {

enum class RedisShape : uint8_t { kOne, kSentinels, kCluster };

inline std::string to_string(RedisShape shape) {
  return shape == RedisShape::kOne ? "One" : shape == RedisShape::kSentinels ? "Sentinels" : "Cluster";
}

inline redis::ServerEndpoint at_port(uint16_t port) {
  return {.target = {.host = "127.0.0.1", .port = port}};
}

class SharedRedis {
 public:
  explicit SharedRedis(RedisShape shape) : shape_(shape) {}

  // False: something did not start.
  bool start() {
    switch (shape_) {
      case RedisShape::kOne:
        one_ = std::make_unique<RedisServer>();
        return one_->start();
      case RedisShape::kSentinels:
        return sentinels_.start(Failover::kIsNone);
      case RedisShape::kCluster:
        return cluster_.start(Failover::kIsNone);
    }
    return false;
  }

  redis::Deployment target() const {
    switch (shape_) {
      case RedisShape::kOne:
        return at_port(one_->port());
      case RedisShape::kSentinels: {
        redis::SentinelSettings settings{.sentinels = {}, .service = RedisSentinels::kServiceName, .primary = {}};
        for (const auto& sentinel : sentinels_.sentinels) settings.sentinels.push_back(at_port(sentinel->port()));
        return settings;
      }
      case RedisShape::kCluster:
        break;
    }
    redis::ClusterSettings settings{.seeds = {}};
    for (const auto& node : cluster_.nodes) settings.seeds.push_back(at_port(node->port()));
    return settings;
  }

  redis_store::Topology topology() const {
    return shape_ == RedisShape::kCluster ? redis_store::Topology::kCluster : redis_store::Topology::kOnePrimary;
  }

 private:
  RedisShape shape_;
  std::unique_ptr<RedisServer> one_;  // kOne only
  RedisSentinels sentinels_;
  RedisCluster cluster_;
};

}  // namespace rateguard::test
