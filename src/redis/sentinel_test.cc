#include "redis/sentinel.h"

#include <gtest/gtest.h>

#include <optional>

#include "redis/fake_redis_testing.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);

std::string address(uint16_t port) {
  const std::string text = std::to_string(port);
  return "*2\r\n$9\r\n127.0.0.1\r\n$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// A data server that knows its role.
struct FakeData {
  explicit FakeData(net::EventLoop& loop) : server(loop) {
    server.greet = [this, usual = server.greet](const Words& words) {
      return words[0] == "ROLE" ? "*1\r\n$" + std::to_string(role.size()) + "\r\n" + role + "\r\n" : usual(words);
    };
    server.on_command = [](FakeRedis::Peer& peer, const Words& words) { peer.send("+" + words[0] + "\r\n"); };
  }
  FakeRedis server;
  std::string role = "master";
};

class SentinelTest : public testing::Test {
 protected:
  SentinelTest() {
    for (FakeRedis* const sentinel : {&first_, &second_}) {
      sentinel->on_command = [this](FakeRedis::Peer& peer, const Words& words) {
        if (words[0] == "SENTINEL") return peer.send(answer_);
        listeners_.push_back(&peer);
        peer.send("*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n");
      };
    }
    answer_ = address(old_.server.port());
  }
  static ServerEndpoint at(const FakeRedis& server) { return {.target = {.host = "127.0.0.1", .port = server.port()}}; }
  void start(Duration refresh_period = kPatient) {
    connection_.emplace(*loop_,
                        SentinelSettings{.sentinels = {at(first_), at(second_)},
                                         .service = "svc",
                                         .primary = {.target = {}, .database = 3},
                                         .refresh_period = refresh_period,
                                         .pause = Duration::millis(1)},
                        ConnectionOptions{});
    connection_->start();
  }
  bool open_at(const FakeData& data) {
    return run_until(*loop_, [&] {
      return connection_->primary().is_open() && connection_->primary().server().target.port == data.server.port();
    });
  }

  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  FakeRedis first_{*loop_};
  FakeRedis second_{*loop_};
  FakeData old_{*loop_};
  FakeData new_{*loop_};
  std::string answer_;
  std::vector<FakeRedis::Peer*> listeners_;
  std::optional<SentinelConnection> connection_;
};

TEST_F(SentinelTest, AsksForThePrimaryAndLogsInThere) {
  start();
  std::string problem;
  connection_->primary().call({"X"}, kPatient, [&](const CommandResult& answer) { problem = answer.error().message; });
  EXPECT_NE(problem, "") << "no primary is known yet";
  ASSERT_TRUE(open_at(old_));
  EXPECT_EQ(connection_->problem(), "");
  EXPECT_EQ(first_.commands[0], (Words{"SENTINEL", "get-master-addr-by-name", "svc"}));
  EXPECT_EQ(old_.server.greetings[2], (Words{"SELECT", "3"}));
  EXPECT_EQ(second_.peers.size(), 0u);
}

TEST_F(SentinelTest, FollowsOnlyAnnouncedSwitchesOfItsService) {
  start();
  ASSERT_TRUE(open_at(old_));
  ASSERT_TRUE(run_until(*loop_, [&] { return listeners_.size() == 1; }));
  const auto tell = [&](const std::string& service) {
    const std::string text = service + " 127.0.0.1 " + std::to_string(old_.server.port()) + " 127.0.0.1 " +
                             std::to_string(new_.server.port());
    listeners_[0]->send("*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$" + std::to_string(text.size()) + "\r\n" +
                        text + "\r\n");
  };
  tell("other");
  run_for(*loop_, Duration::millis(20));
  EXPECT_EQ(connection_->primary().server().target.port, old_.server.port());
  tell("svc");
  ASSERT_TRUE(open_at(new_));
}

TEST_F(SentinelTest, FollowsASwitchThatNoMessageTellsOf) {
  start(Duration::millis(10));
  ASSERT_TRUE(open_at(old_));
  answer_ = address(new_.server.port());
  ASSERT_TRUE(open_at(new_));
}

TEST_F(SentinelTest, AServerThatIsNoPrimaryIsNotUsed) {
  old_.role = "slave";
  start(Duration::millis(10));
  ASSERT_TRUE(run_until(*loop_, [&] {
    return connection_->primary().problem().message.find("it is not a primary") != std::string::npos;
  }));
  EXPECT_FALSE(connection_->primary().is_open());
  answer_ = address(new_.server.port());
  ASSERT_TRUE(open_at(new_));
}

TEST_F(SentinelTest, GoesOnWithTheNextSentinelAndKeepsThePrimary) {
  start();
  ASSERT_TRUE(open_at(old_));
  ASSERT_TRUE(run_until(*loop_, [&] { return listeners_.size() == 1; }));
  first_.stop_listening();
  for (const auto& peer : first_.peers) peer->close();
  ASSERT_TRUE(run_until(*loop_, [&] { return listeners_.size() == 2 && connection_->problem().empty(); }));
  EXPECT_EQ(second_.peers.size(), 2u);
  EXPECT_TRUE(connection_->primary().is_open());
  EXPECT_EQ(old_.server.peers.size(), 1u) << "the connection to the primary was not made again";
}

TEST_F(SentinelTest, ASentinelThatDoesNotKnowTheServiceIsLeft) {
  first_.on_command = [](FakeRedis::Peer& peer, const Words&) { peer.send("*-1\r\n"); };
  start();
  ASSERT_TRUE(open_at(old_));
  EXPECT_GE(second_.commands.size(), 1u);
}

TEST_F(SentinelTest, ServersThatAreNoSentinelsRefuse) {
  for (FakeRedis* const sentinel : {&first_, &second_}) {
    sentinel->on_command = [](FakeRedis::Peer& peer, const Words&) {
      peer.send("-ERR unknown command 'SENTINEL', with args beginning with: 'get-master-addr-by-name'\r\n");
    };
  }
  start();
  ASSERT_TRUE(run_until(*loop_, [&] { return connection_->is_refused(); }));
  EXPECT_TRUE(connection_->problem().contains("name a server with data as url")) << connection_->problem();
}

}  // namespace
}  // namespace rateguard::redis
