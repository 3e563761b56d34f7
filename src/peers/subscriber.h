// Receives what is published on one channel, over its own connection to the server that a client is connected to.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "net/event_loop.h"
#include "redis/client.h"
#include "redis/session.h"

namespace rateguard::peers {

struct SubscriberOptions {
  Duration look_period = Duration::millis(100);  // how soon it follows a client that has connected elsewhere
  Duration ping_period = Duration::seconds(1);
  // A connection that has been pinged and has received nothing for this long is given up: three pings.
  Duration silence_max = Duration::seconds(3);
};

// Runs on its loop's thread. Messages are lost while it is not connected: a user that needs all of them has to count.
class Subscriber final : private redis::SessionOwner {
 public:
  using Handler = std::function<void(std::string_view message)>;

  // `loop` and `client` outlive it. `on_message` must not destroy it.
  Subscriber(net::EventLoop& loop, const redis::RedisClient& client, std::string channel, Handler on_message,
             SubscriberOptions options = {});
  Subscriber(const Subscriber&) = delete;
  Subscriber& operator=(const Subscriber&) = delete;

  void start();
  void stop();
  // To be called when something published did not arrive: this connection may lead to another server than the client's,
  // although both were reached by one address. Connects again.
  void listen_anew();
  // Reads messages that have arrived, without waiting for an event.
  void read_now() { session_.read_now(); }
  // Whether messages published now will arrive.
  bool is_listening() const { return subscribed_; }
  // Why not; empty if no reason is known.
  const std::string& problem() const { return problem_; }

 private:
  void follow_client();
  void close_session();
  void listen(const redis::ServerEndpoint& server);
  void subscribe();
  void on_open() override;
  void on_reply(const redis::Reply& reply) override;
  void on_closed(const Error& error) override;

  net::EventLoop& loop_;
  const redis::RedisClient& client_;
  std::string channel_;
  Handler on_message_;
  SubscriberOptions options_;
  net::ConnectTarget target_;  // what session_ connects to
  bool subscribed_ = false;
  std::string problem_;
  Instant asked_at_;  // when it last said something to the server
  redis::Session session_;
  net::Timer look_;
};

}  // namespace rateguard::peers
