// One server, a primary behind Sentinels, or a Cluster: behind one interface.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "net/event_loop.h"
#include "redis/cluster.h"
#include "redis/connection.h"
#include "redis/sentinel.h"

namespace rateguard::redis {

// On its loop's thread. It is not destroyed from within a handler of its commands.
class RedisClient {
 public:
  virtual ~RedisClient() = default;
  virtual void start() = 0;
  virtual void stop() = 0;
  // As Connection's; all keys of a call are in one slot, and `key` is in the slot of those in `words`.
  virtual void eval(const Script& script, std::span<const std::string_view> keys,
                    std::span<const std::string_view> arguments, Duration patience, ResultHandler done) = 0;
  virtual void call(std::string_view key, std::span<const std::string_view> words, Duration patience,
                    ResultHandler done) = 0;
  // A server that is connected now, for the caller's own sessions: the primary, or any node of a cluster. Null if none
  // is.
  virtual const ServerEndpoint* open_server() const = 0;
  // Whether commands can be answered.
  virtual bool is_ready() const = 0;
  // Why not, or what is wrong nevertheless; empty if nothing is.
  virtual std::string problem() const = 0;
  // Whether that will last until the settings change: a wrong password, database, certificate or version.
  virtual bool is_hopeless() const = 0;
};

// What to connect to.
using Deployment = std::variant<ServerEndpoint, SentinelSettings, ClusterSettings>;

// `loop` outlives it.
std::unique_ptr<RedisClient> make_client(net::EventLoop& loop, Deployment target, ConnectionOptions options);

}  // namespace rateguard::redis
