#include "redis/cluster.h"

#include <gtest/gtest.h>

#include <optional>

#include "redis/fake_redis_testing.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);
constexpr uint16_t kHalf = kSlotCount / 2;

std::string bulk(const std::string& text) {
  return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// One primary and the slots it serves, as CLUSTER SLOTS has it.
std::string range(int from, int to, const FakeRedis& server, const std::string& host = "127.0.0.1") {
  return "*3\r\n:" + std::to_string(from) + "\r\n:" + std::to_string(to) + "\r\n*3\r\n" + bulk(host) + ":" +
         std::to_string(server.port()) + "\r\n" + bulk("id");
}

struct Heard {
  int times = 0;
  Reply reply = {};
  std::optional<Error> failure = {};
};

class ClusterTest : public testing::Test {
 protected:
  ClusterTest() {
    map_ = "*2\r\n" + range(0, kHalf - 1, low_) + range(kHalf, kSlotCount - 1, high_);
    for (FakeRedis* const server : {&low_, &high_}) {
      server->on_command = [this, server](FakeRedis::Peer& peer, const Words& words) {
        if (words[0] == "CLUSTER") {
          server->commands.pop_back();
          ++maps_asked_;
          return peer.send(map_);
        }
        peer.send(server->commands.size() <= answers_.size() ? answers_[server->commands.size() - 1] : ":7\r\n");
      };
    }
  }
  void start(Duration look_period = kPatient) {
    cluster_.emplace(
        *loop_,
        ClusterSettings{.seeds = {{.target = {.host = "127.0.0.1", .port = low_.port()}}}, .look_period = look_period},
        ConnectionOptions{.random = [this] {
          ++pauses_;
          return uint64_t{0};
        }});
    cluster_->start();
    ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_ready(); })) << cluster_->problem();
    low_.commands.clear();
    high_.commands.clear();
    pauses_ = 0;
  }
  // Runs the loop until `holds`. Time passes while a command pauses, and never while one is under way.
  bool run_until_in_pauses(const std::function<bool()>& holds) {
    const net::Timer passing = loop_->every(Duration::micros(100), [this] {
      if (pauses_ == low_.commands.size()) clock_.advance(Duration::micros(100));
    });
    return run_until(*loop_, holds);
  }
  ResultHandler into(Heard& heard) {
    return [&heard](const CommandResult& answer) {
      ++heard.times;
      if (answer) heard.reply = **answer;
      if (!answer) heard.failure = answer.error();
    };
  }
  Heard get(const std::string& key) {
    Heard heard;
    cluster_->call(key, {"GET", key}, kPatient, into(heard));
    EXPECT_TRUE(run_until_in_pauses([&] { return heard.times > 0; }));
    return heard;
  }
  static std::string at(const FakeRedis& server) { return "127.0.0.1:" + std::to_string(server.port()); }

  net::ManualClock clock_;  // no patience ends but where a test lets time pass
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  FakeRedis low_{*loop_};
  FakeRedis high_{*loop_};
  std::string map_;
  int maps_asked_ = 0;
  size_t pauses_ = 0;                 // each draws a random number
  std::vector<std::string> answers_;  // of each server, to its first commands
  std::optional<Cluster> cluster_;
};

// slot_of("bar") is 5061, slot_of("foo") 12182.
TEST_F(ClusterTest, SendsEachKeyToTheNodeOfItsSlot) {
  start();
  EXPECT_EQ(get("bar").reply.integer, 7);
  EXPECT_EQ(get("foo").reply.integer, 7);
  EXPECT_EQ(low_.commands, (std::vector<Words>{{"GET", "bar"}}));
  EXPECT_EQ(high_.commands, (std::vector<Words>{{"GET", "foo"}}));
  EXPECT_EQ(low_.peers.size(), 1u);
}

TEST_F(ClusterTest, CommandsBeforeTheSlotsAreKnownWaitForThem) {
  cluster_.emplace(*loop_, ClusterSettings{.seeds = {{.target = {.host = "127.0.0.1", .port = low_.port()}}}},
                   ConnectionOptions{});
  cluster_->start();
  EXPECT_EQ(get("foo").reply.integer, 7);
  EXPECT_EQ(high_.commands, (std::vector<Words>{{"GET", "foo"}}));
}

TEST_F(ClusterTest, FollowsMovedAndRemembersIt) {
  start(Duration::millis(20));
  answers_ = {"-MOVED 5061 " + at(high_) + "\r\n"};
  low_.commands.clear();
  high_.commands = {{"a command before"}};
  const int asked = maps_asked_;
  EXPECT_EQ(get("bar").reply.integer, 7);
  EXPECT_EQ(high_.commands.back(), (Words{"GET", "bar"}));
  EXPECT_EQ(get("bar").reply.integer, 7);
  EXPECT_EQ(low_.commands.size(), 1u) << "the second went to the right node at once";
  ASSERT_TRUE(run_until(*loop_, [&] { return maps_asked_ > asked; })) << "the map is asked for again";
}

// What a node says that does not know the other's name, or is not to say any address: it is at its own host.
TEST_F(ClusterTest, FollowsARedirectionThatNamesNoHost) {
  start();
  for (const std::string host : {"", "?"}) {
    answers_ = {"-ASK 5061 " + host + ":" + std::to_string(high_.port()) + "\r\n"};
    low_.commands.clear();
    high_.commands = {{"a command before"}};
    EXPECT_EQ(get("bar").reply.integer, 7) << host;
    answers_ = {"-MOVED 5061 " + host + ":" + std::to_string(high_.port()) + "\r\n"};
    low_.commands.clear();
    EXPECT_EQ(get("bar").reply.integer, 7) << host;
    EXPECT_EQ(high_.commands.size(), 4u) << "ASKING, and GET twice";
    cluster_.reset();
    start();
  }
}

TEST_F(ClusterTest, FollowsAskOnceAndAsksForAScriptWithItsSource) {
  start();
  answers_ = {"-ASK 5061 " + at(high_) + "\r\n"};
  high_.commands = {{"a command before"}};
  const Script script({"return 7"}, ReplyKind::kInteger);
  const std::string_view keys[] = {"bar"};
  Heard heard;
  cluster_->eval(script, keys, {}, kPatient, into(heard));
  ASSERT_TRUE(run_until(*loop_, [&] { return heard.times > 0; }));
  EXPECT_EQ(heard.reply.integer, 7);
  EXPECT_EQ(low_.commands, (std::vector<Words>{{"EVALSHA", script.sha(), "1", "bar"}}));
  EXPECT_EQ(high_.commands, (std::vector<Words>{{"a command before"}, {"ASKING"}, {"EVAL", "return 7", "1", "bar"}}));
  get("bar");
  EXPECT_EQ(low_.commands.size(), 2u) << "the slot is still the old node's";
}

const std::string kTryAgain = "-TRYAGAIN Multiple keys request during rehashing of slot\r\n";

TEST_F(ClusterTest, AsksAgainWhatNoNodeHasAllKeysOf) {
  start();
  // More often than a circle may be long.
  const size_t times = 7;
  answers_.assign(times, kTryAgain);
  Heard heard;
  const Script script({"return 7"}, ReplyKind::kInteger);
  const std::string_view keys[] = {"{bar}1", "{bar}2"};
  cluster_->eval(script, keys, {}, kPatient, into(heard));
  ASSERT_TRUE(run_until_in_pauses([&] { return heard.times > 0; }));
  EXPECT_EQ(heard.reply.integer, 7);
  EXPECT_EQ(low_.commands, (std::vector<Words>(times + 1, {"EVALSHA", script.sha(), "2", "{bar}1", "{bar}2"})));
}

// Where the slot goes to has not all of the keys yet: by the next time they may be there, or the slot be the one's.
TEST_F(ClusterTest, AsksAgainWhereTheSlotStillIs) {
  start();
  int asked = 0;
  low_.on_command = [&](FakeRedis::Peer& peer, const Words&) {
    peer.send(++asked <= 2 ? "-ASK 5061 " + at(high_) + "\r\n" : "-MOVED 5061 " + at(high_) + "\r\n");
  };
  high_.on_command = [&](FakeRedis::Peer& peer, const Words& words) {
    peer.send(words[0] == "ASKING" ? "+OK\r\n" : asked <= 2 ? kTryAgain : ":7\r\n");
  };
  EXPECT_EQ(get("bar").reply.integer, 7);
  EXPECT_EQ(asked, 3);
  const Words asking = {"ASKING"};
  const Words command = {"GET", "bar"};
  EXPECT_EQ(high_.commands, (std::vector<Words>{asking, command, asking, command, command}));
}

TEST_F(ClusterTest, AskingAgainEndsWithThePatience) {
  start();
  answers_.assign(1'000, kTryAgain);
  Heard heard;
  const Instant since = clock_.now();
  cluster_->call("bar", {"GET", "bar"}, Duration::millis(45), into(heard));
  ASSERT_TRUE(run_until_in_pauses([&] { return heard.times > 0; }));
  EXPECT_TRUE(heard.reply.is_error("TRYAGAIN"));
  EXPECT_LT(clock_.now() - since, Duration::millis(45));
  // After 0.25, 0.5, 1, 2, 4 ms and four times 8 ms; another 8 would end too late.
  EXPECT_EQ(low_.commands.size(), 10u);
}

TEST_F(ClusterTest, WhatPausesFailsUnsentWhenItIsStopped) {
  start();
  answers_.assign(1'000, kTryAgain);
  Heard heard;
  cluster_->call("bar", {"GET", "bar"}, kPatient, into(heard));
  ASSERT_TRUE(run_until_in_pauses([&] { return pauses_ > 8; }));
  cluster_->stop();
  ASSERT_EQ(heard.times, 1);
  EXPECT_EQ(heard.failure->retry, Retry::kAlways);
}

TEST_F(ClusterTest, ACircleOfRedirectionsEnds) {
  start();
  answers_.assign(100, "-MOVED 5061 " + at(low_) + "\r\n");
  EXPECT_TRUE(get("bar").reply.is_error("MOVED"));
  EXPECT_LT(low_.commands.size(), 10u);
}

TEST_F(ClusterTest, AMapWithHolesOrNonsenseServesWhatItCan) {
  map_ = "*4\r\n" + range(0, kHalf - 1, low_, "") + range(-1, 3, high_) + range(5, 16'384, high_) + ":1\r\n";
  cluster_.emplace(*loop_, ClusterSettings{.seeds = {{.target = {.host = "127.0.0.1", .port = low_.port()}}}},
                   ConnectionOptions{});
  Heard early;
  cluster_->call("bar", {"GET", "bar"}, kPatient, into(early));
  EXPECT_EQ(early.failure->retry, Retry::kAlways);
  cluster_->start();
  ASSERT_TRUE(run_until(*loop_, [&] { return maps_asked_ == 1 && cluster_->problem().contains("slot 8192"); }));
  EXPECT_EQ(get("bar").reply.integer, 7);
  const Heard hole = get("foo");
  ASSERT_TRUE(hole.failure.has_value());
  EXPECT_EQ(hole.failure->retry, Retry::kAlways);
  EXPECT_EQ(high_.peers.size(), 0u);
}

TEST_F(ClusterTest, AServerThatIsNoClusterSaysSo) {
  map_ = "-ERR This instance has cluster support disabled\r\n";
  cluster_.emplace(*loop_, ClusterSettings{.seeds = {{.target = {.host = "127.0.0.1", .port = low_.port()}}}},
                   ConnectionOptions{});
  cluster_->start();
  ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->problem().contains("cluster support disabled"); }));
  EXPECT_FALSE(cluster_->is_ready());
  EXPECT_TRUE(cluster_->is_hopeless());
}

TEST_F(ClusterTest, ANodeThatLosesItsSlotsIsLeft) {
  start(Duration::millis(10));
  map_ = "*1\r\n" + range(0, kSlotCount - 1, low_);
  for (const auto& peer : high_.peers) peer->close();
  high_.stop_listening();
  const int asked = maps_asked_;
  ASSERT_TRUE(run_until(*loop_, [&] { return maps_asked_ > asked && cluster_->is_ready(); }));
  EXPECT_EQ(get("foo").reply.integer, 7);
  EXPECT_EQ(low_.commands.back(), (Words{"GET", "foo"}));
}

}  // namespace
}  // namespace rateguard::redis
