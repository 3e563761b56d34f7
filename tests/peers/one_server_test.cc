// Instances that share one Redis.
#include <gtest/gtest.h>
#include <signal.h>

#include <optional>
#include <thread>

#include "instance_for_tests.h"
#include "support/redis/relay.h"

namespace rateguard::peers {
namespace {

using Ids = std::vector<uint64_t>;
using Texts = std::vector<std::string>;

class PeersOfOneServer : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(server_.start()) << server_.log(); }

  std::unique_ptr<InstanceForTests> make(uint64_t id, const PeersOptions& options = quick_options()) {
    return std::make_unique<InstanceForTests>(*loop_, server_at(server_), id, options);
  }
  bool until(const std::function<bool()>& holds) { return run_until(*loop_, holds); }
  bool all_listen() { return all_listen_at(server_, 2); }
  bool all_listen_at(const test::RedisServer& server, int64_t instances) {
    return until([&] { return server.ask({"PUBSUB", "NUMSUB", "rg:e1"}).elements.at(1).integer == instances; });
  }

  test::RedisServer server_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
};

TEST_F(PeersOfOneServer, TwoSeeEachOtherWithTheirDescriptions) {
  const auto one = make(1, {});  // with the usual second between beats
  const auto two = make(2, {});
  EXPECT_EQ(one->peers.alive(), 1U) << "itself, before anybody was asked";
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; })) << one->peers.problem();
  EXPECT_EQ(one->known(), (Ids{1, 2}));
  EXPECT_EQ(two->known(), (Ids{2, 1}));
  const auto all = one->peers.all(loop_->now());
  EXPECT_TRUE(all[0].is_self);
  EXPECT_FALSE(all[1].is_self);
  EXPECT_EQ(all[1].description.host, "host-2");
  EXPECT_LT(all[1].seen_ago, Duration::seconds(60)) << "a span, not a time";
  EXPECT_EQ(one->peers.problem(), "");
}

TEST_F(PeersOfOneServer, OnlyTheSecretIsLeftWhenAllHaveGone) {
  auto one = make(1);
  ASSERT_TRUE(until([this] { return server_.ask({"DBSIZE"}).integer == 4; }));
  for (const char* key : {"rg:i1:{i}seen", "rg:i1:{i}about", "rg:i1:{i}told", "rg:i1:{i}secret"}) {
    EXPECT_GT(server_.ask({"PTTL", key}).integer, 0) << key;
  }
  one.reset();
  EXPECT_TRUE(until([this] { return server_.ask({"DBSIZE"}).integer == 1; }));
  EXPECT_GT(server_.ask({"PTTL", "rg:i1:{i}secret"}).integer, Duration::seconds(3'660).ceil_millis())
      << "as long as what it signs is good";
}

TEST_F(PeersOfOneServer, AllHaveTheSecretOfTheFirst) {
  PeersOptions options = quick_options();
  options.secret = "first";
  const auto one = make(1, options);
  ASSERT_TRUE(until([&] { return one->secrets == Texts{"first"}; }));
  options.secret = "second";
  const auto two = make(2, options);
  ASSERT_TRUE(until([&] { return two->secrets == Texts{"first"}; }));

  // Also when Redis has lost it.
  server_.ask({"FLUSHALL"});
  options.secret = "third";
  EXPECT_TRUE(until([&] { return server_.ask({"GET", "rg:i1:{i}secret"}).text == "first"; }));
  const auto three = make(3, options);
  ASSERT_TRUE(until([&] { return three->secrets == Texts{"first"}; }));
  EXPECT_EQ(one->secrets, Texts{"first"}) << "said once";
}

TEST_F(PeersOfOneServer, ASecretThatAnotherHasReplacedIsTaken) {
  PeersOptions options = quick_options();
  options.secret = "mine";
  const auto one = make(1, options);
  ASSERT_TRUE(until([&] { return one->secrets == Texts{"mine"}; }));
  server_.ask({"SET", "rg:i1:{i}secret", "theirs"});
  EXPECT_TRUE(until([&] { return one->secrets == Texts({"mine", "theirs"}); }));
}

TEST_F(PeersOfOneServer, OneThatDiesIsGoneAndOneThatLeavesAtOnce) {
  const auto one = make(1);
  auto two = make(2);
  auto three = make(3);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 3; }));
  two.reset();  // without a word
  ASSERT_TRUE(until([&] { return one->known() == Ids{1, 3}; }));
  EXPECT_TRUE(until([&] { return one->peers.alive() == 2; }));
  EXPECT_EQ(server_.ask({"HLEN", "rg:i1:{i}about"}).integer, 2);

  bool left = false;
  three->peers.leave([&] { left = true; });
  ASSERT_TRUE(until([&] { return left; }));
  EXPECT_EQ(server_.ask({"ZCARD", "rg:i1:{i}seen"}).integer, 1);
  EXPECT_EQ(server_.ask({"HLEN", "rg:i1:{i}about"}).integer, 1);
  EXPECT_TRUE(until([&] { return one->peers.alive() == 1; }));
  run_for(*loop_, Duration::millis(120));
  EXPECT_EQ(one->known(), Ids{1}) << "who has left says nothing more";
}

TEST_F(PeersOfOneServer, AResetIsPublishedToAllAndAReloadToTheOthers) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  const std::string key("a\0b c\r\n{x}", 10);
  std::thread([&] { one->peers.tell_reset(key); }).join();  // any thread
  ASSERT_TRUE(until([&] { return !one->resets.empty() && !two->resets.empty(); }));
  EXPECT_EQ(one->resets, Texts{key});
  EXPECT_EQ(two->resets, Texts{key});

  one->peers.tell_reload("r2");
  ASSERT_TRUE(until([&] { return !two->revisions.empty(); }));
  EXPECT_EQ(two->revisions, Texts{"r2"});
  EXPECT_TRUE(until([&] { return two->peers.all({})[1].description.rules_revision == "r2"; }));
  EXPECT_EQ(one->revisions, Texts{}) << "its own";
}

TEST_F(PeersOfOneServer, ManyMessagesAreNotTakenForLostOnes) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  constexpr size_t kMany = 300;
  for (size_t i = 0; i < kMany; ++i) {
    one->peers.tell_reset(std::to_string(i));
    run_for(*loop_, Duration::millis(1));
  }
  ASSERT_TRUE(until([&] { return two->resets.size() == kMany && one->resets.size() == kMany; }));
  run_for(*loop_, Duration::millis(200));
  EXPECT_EQ(two->missed, 0);
  EXPECT_EQ(one->missed, 0);
}

TEST_F(PeersOfOneServer, ALostMessageIsMadeUpFor) {
  PeersOptions deaf = quick_options();
  deaf.subscriber.look_period = Duration::seconds(3'600);
  const auto two = make(2, deaf);  // was not connected when it first looked, and so listens to nobody
  ASSERT_TRUE(until([&] { return two->known().size() == 1 && two->peers.problem().empty(); }));
  const auto one = make(1);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  EXPECT_EQ(two->missed, 0);
  one->peers.tell_reset("k");
  ASSERT_TRUE(until([&] { return two->missed > 0; }));
  EXPECT_EQ(two->missed, 1);
  EXPECT_EQ(two->resets, Texts{});
  run_for(*loop_, Duration::millis(200));
  EXPECT_EQ(two->missed, 1) << "once for each";
}

TEST_F(PeersOfOneServer, ARedisThatComesBackEmptyIsFilledAgain) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  server_.kill();
  ASSERT_TRUE(until([&] { return !one->peers.problem().empty(); }));
  EXPECT_EQ(one->peers.alive(), 2U) << "as many as there were last";
  EXPECT_EQ(one->known(), (Ids{1, 2}));
  run_for(*loop_, Duration::millis(100));

  ASSERT_TRUE(server_.start()) << server_.log();
  ASSERT_TRUE(until([&] { return one->peers.problem().empty() && two->peers.problem().empty(); }));
  EXPECT_TRUE(until([&] { return one->missed > 0 && two->missed > 0; })) << "what was told is gone";
  EXPECT_TRUE(until([&] { return server_.ask({"ZCARD", "rg:i1:{i}seen"}).integer == 2; }));
  ASSERT_TRUE(all_listen());
  two->peers.tell_reset("k");
  EXPECT_TRUE(until([&] { return one->resets == Texts{"k"}; }));
  EXPECT_EQ(one->peers.alive(), 2U);
}

TEST_F(PeersOfOneServer, UnpublishedMessagesArePublishedLater) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  server_.ask({"CONFIG", "SET", "maxmemory", "1"});  // scripts that write are refused
  ASSERT_TRUE(until([&] { return !one->peers.problem().empty(); }));
  one->peers.tell_reload("r2");
  one->peers.tell_reset("a");
  one->peers.tell_reset("b");
  run_for(*loop_, Duration::millis(100));
  EXPECT_EQ(two->revisions, Texts{});
  EXPECT_EQ(two->resets, Texts{});
  server_.ask({"CONFIG", "SET", "maxmemory", "0"});
  EXPECT_TRUE(until([&] { return two->revisions == Texts{"r2"}; }));
  EXPECT_EQ(two->resets, (Texts{"a", "b"}));
  EXPECT_EQ(two->missed, 0);
}

TEST_F(PeersOfOneServer, ASubscriberThatIsCutOffListensAgain) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  EXPECT_EQ(server_.ask({"CLIENT", "KILL", "TYPE", "pubsub"}).integer, 2);
  ASSERT_TRUE(all_listen());
  one->peers.tell_reset("k");
  EXPECT_TRUE(until([&] { return two->resets == Texts{"k"}; }));
}

// Connections for questions are made anew and lead to another server, those that listen are still with the one before.
TEST_F(PeersOfOneServer, ASubscriberLeavesAServerWhereNothingIsPublishedAnyMore) {
  test::RedisServer other;
  ASSERT_TRUE(other.start()) << other.log();
  test::Relay relay(server_.port());
  const redis::ServerEndpoint behind = {.target = {.host = "127.0.0.1", .port = relay.port()}};
  InstanceForTests one(*loop_, behind, 1);
  InstanceForTests two(*loop_, behind, 2);
  ASSERT_TRUE(until([&] { return one.peers.alive() == 2 && two.peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  relay.repoint(other.port());
  EXPECT_EQ(server_.ask({"CLIENT", "KILL", "TYPE", "normal"}).kind, redis::ReplyKind::kInteger);
  ASSERT_TRUE(until([&] { return other.ask({"ZCARD", "rg:i1:{i}seen"}).integer == 2; }));
  one.peers.tell_reset("lost");
  EXPECT_TRUE(until([&] { return two.missed > 0; }));
  EXPECT_TRUE(all_listen_at(other, 2));
  one.peers.tell_reset("k");
  EXPECT_TRUE(until([&] { return two.resets == Texts{"k"}; }));
}

// A server that is stopped says nothing and closes nothing.
TEST_F(PeersOfOneServer, ASubscriberLeavesASilentServer) {
  test::RedisServer other;
  ASSERT_TRUE(other.start()) << other.log();
  test::Relay relay(server_.port());
  const redis::ServerEndpoint behind = {.target = {.host = "127.0.0.1", .port = relay.port()}};
  // Without Peers, whose counts of messages would tell it too.
  const auto client = redis::make_client(*loop_, behind, {.backoff_max = Duration::millis(50)});
  Subscriber subscriber(
      *loop_, *client, "rg:e1", [](std::string_view) {},
      {.look_period = Duration::millis(10), .ping_period = Duration::millis(50), .silence_max = Duration::millis(150)});
  client->start();
  subscriber.start();
  ASSERT_TRUE(all_listen_at(server_, 1));
  server_.signal(SIGSTOP);
  relay.repoint(other.port());
  EXPECT_TRUE(all_listen_at(other, 1));
}

TEST_F(PeersOfOneServer, WithoutTheRightToTheChannelABeatTellsThatSomethingWas) {
  const auto one = make(1);
  const auto two = make(2);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2 && two->peers.alive() == 2; }));
  ASSERT_TRUE(all_listen());
  server_.ask({"ACL", "SETUSER", "default", "resetchannels"});
  const auto may_not = [](const InstanceForTests& instance) {
    return !instance.problem.empty() && instance.peers.problem().find("NOPERM") != std::string::npos;
  };
  ASSERT_TRUE(until([&] { return may_not(*one) && may_not(*two); })) << one->peers.problem();
  two->clear();
  one->peers.tell_reset("k");
  EXPECT_TRUE(until([&] { return two->missed == 1; }));
  run_for(*loop_, Duration::millis(200));
  EXPECT_EQ(two->missed, 1) << "told once";
  EXPECT_EQ(two->peers.alive(), 2U);
  server_.ask({"ACL", "SETUSER", "default", "allchannels"});
  EXPECT_TRUE(until([&] { return one->problem.empty() && two->problem.empty(); }));
}

TEST_F(PeersOfOneServer, OthersOfAnotherPrefixAreStrangers) {
  PeersOptions other = quick_options();
  other.prefix = "staging";
  const auto one = make(1);
  const auto two = make(2, other);
  ASSERT_TRUE(until([this] { return server_.ask({"DBSIZE"}).integer == 8; }));
  run_for(*loop_, Duration::millis(150));
  EXPECT_EQ(one->known(), Ids{1});
  EXPECT_EQ(two->known(), Ids{2});
}

TEST_F(PeersOfOneServer, ADescriptionThatCannotBeReadStillCounts) {
  server_.ask({"HSET", "rg:i1:{i}about", "0000000000000007", "not JSON"});
  server_.ask({"ZADD", "rg:i1:{i}seen", std::to_string(clock_.now().us / 1'000), "0000000000000007"});
  const auto one = make(1);
  ASSERT_TRUE(until([&] { return one->peers.alive() == 2; }));
  EXPECT_EQ(one->known(), (Ids{1, 7}));
}

TEST_F(PeersOfOneServer, WhoWasEnteredByAClockFarAheadIsDropped) {
  server_.ask({"ZADD", "rg:i1:{i}seen", std::to_string(clock_.now().us / 1'000 + 3'600'000), "0000000000000007"});
  const auto one = make(1);
  ASSERT_TRUE(until([this] { return server_.ask({"DBSIZE"}).integer == 4; }));
  EXPECT_EQ(server_.ask({"ZCARD", "rg:i1:{i}seen"}).integer, 1);
}

}  // namespace
}  // namespace rateguard::peers
