// A connection to the current primary of a service, as Redis Sentinel reports it. The method is the one of "Guidelines
// for Redis clients with support for Redis Sentinel" (redis.io): ask the Sentinels in turn, check the server's ROLE,
// and follow +switch-master; also ask at intervals, since messages can be lost.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "net/event_loop.h"
#include "redis/connection.h"
#include "redis/session.h"

namespace rateguard::redis {

struct SentinelSettings {
  std::vector<ServerEndpoint> sentinels;  // at least one
  std::string service;                    // as `sentinel monitor` names it
  ServerEndpoint primary;                 // how to log in at the data servers; its target is ignored
  // How often a Sentinel is asked without a reason: a switch without a message goes unnoticed for half of it on
  // average.
  Duration refresh_period = Duration::seconds(1);
  // Between one Sentinel that fails and the next.
  Duration pause = Duration::millis(50);
  Duration patience = Duration::seconds(1);  // for a Sentinel's answer
};

// On the loop's thread. It is not destroyed from within a handler of its commands.
class SentinelConnection final : private SessionOwner {
 public:
  // `loop` outlives it. `options` are those of the connection to the primary; its on_change is called too when what
  // problem() says about the Sentinels changes.
  SentinelConnection(net::EventLoop& loop, SentinelSettings settings, ConnectionOptions options);
  SentinelConnection(const SentinelConnection&) = delete;
  SentinelConnection& operator=(const SentinelConnection&) = delete;

  void start();
  void stop();

  // Commands go here; while no primary is known they fail at once.
  RedisConnection& primary() { return primary_; }
  const RedisConnection& primary() const { return primary_; }
  // Why the Sentinels do not name a primary; empty while one does. A known primary stays connected.
  const std::string& problem() const { return problem_; }
  // Whether every Sentinel has refused this client or does not know the service, which will last until the settings
  // change.
  bool is_refused() const { return refusals_ >= settings_.sentinels.size(); }

 private:
  void ask_current_sentinel();
  void on_address(const CommandResult& answer);
  void set_problem(std::string problem);
  void on_sentinel_change();
  void on_primary_change();
  void try_next_later();
  void try_next();
  void listen();
  void found(std::string_view host, std::string_view port);
  void on_open() override;
  void on_reply(const Reply& reply) override;
  void on_closed(const Error& error) override;

  net::EventLoop& loop_;
  SentinelSettings settings_;
  std::function<void()> on_change_;
  size_t current_ = 0;  // of settings_.sentinels
  std::string problem_ = "no Sentinel has been asked yet";
  size_t refusals_ = 0;  // by Sentinels, in a row
  bool started_ = false;
  bool primary_started_ = false;
  bool asking_ = false;
  RedisConnection primary_;
  RedisConnection sentinel_;  // questions; a connection that listens can take none
  Session listener_;
  net::Timer refresh_;
  net::Timer next_;
  net::Timer listen_again_;
};

}  // namespace rateguard::redis
