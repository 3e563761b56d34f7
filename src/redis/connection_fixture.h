// For tests of RedisConnection: a connection and a server that answers as it is told.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "net/clock.h"
#include "redis/connection.h"
#include "redis/fake_redis_testing.h"

namespace rateguard::redis {

inline constexpr Duration kPatient = Duration::seconds(10);

// The outcome of one command.
struct Heard {
  int times = 0;
  Reply reply = {};
  std::optional<Error> failure = {};
};

class ConnectionTest : public testing::Test {
 protected:
  void connect(ConnectionOptions options = {}) {
    connection_.emplace(*loop_, ServerEndpoint{.target = {.host = "127.0.0.1", .port = server_.port()}},
                        std::move(options));
    connection_->start();
  }
  void connect_and_wait(ConnectionOptions options = {}) {
    connect(std::move(options));
    ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_open(); })) << connection_->problem().message;
  }
  ResultHandler into(Heard& heard) {
    return [&heard](const CommandResult& answer) {
      ++heard.times;
      if (answer) {
        heard.reply = **answer;
      } else {
        heard.failure = answer.error();
      }
    };
  }
  void call(const std::string& word, Heard& heard, Duration patience = kPatient) {
    connection_->call({word}, patience, into(heard));
  }
  // Answers every command with its first word.
  void echo() {
    server_.on_command = [](FakeRedis::Peer& peer, const Words& words) { peer.send("+" + words[0] + "\r\n"); };
  }
  void say_nothing() {
    server_.on_command = [](FakeRedis::Peer&, const Words&) {};
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  FakeRedis server_{*loop_};
  std::optional<RedisConnection> connection_;
};

}  // namespace rateguard::redis
