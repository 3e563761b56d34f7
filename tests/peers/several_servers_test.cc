// Instances that share a primary behind Sentinels, or a Cluster.
#include <gtest/gtest.h>

#include <algorithm>

#include "instance_for_tests.h"

namespace rateguard::peers {
namespace {

TEST(PeersBehindSentinels, FollowThePrimary) {
  test::RedisSentinels servers;
  ASSERT_TRUE(servers.start());
  net::SystemClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  redis::SentinelSettings settings{.sentinels = {}, .service = test::RedisSentinels::kServiceName, .primary = {}};
  for (const auto& sentinel : servers.sentinels) settings.sentinels.push_back(server_at(*sentinel));
  InstanceForTests one(*loop, settings, 1);
  InstanceForTests two(*loop, settings, 2);
  const auto both_hear = [&](const std::string& key) {
    return run_until(*loop, [&, last = Instant{}]() mutable {
      if (loop->now() - last > Duration::millis(200)) {
        last = loop->now();
        one.peers.tell_reset(key);
      }
      return !one.resets.empty() && one.resets.back() == key && !two.resets.empty() && two.resets.back() == key;
    });
  };
  ASSERT_TRUE(run_until(*loop, [&] { return one.peers.alive() == 2 && two.peers.alive() == 2; }));
  ASSERT_TRUE(both_hear("before"));

  servers.servers[0]->kill();
  ASSERT_TRUE(run_until(*loop, [&] { return !one.peers.problem().empty(); }));
  ASSERT_TRUE(run_until(*loop, [&] { return one.peers.problem().empty() && two.peers.problem().empty(); }));
  EXPECT_EQ(one.peers.alive(), 2U);
  EXPECT_TRUE(both_hear("after"));
}

TEST(PeersOfACluster, HearEachOtherWhereverTheyListen) {
  test::RedisCluster servers;
  ASSERT_TRUE(servers.start(test::Failover::kIsNone));
  net::SystemClock clock;
  const auto loop = net::EventLoop::create(clock).value();
  InstanceForTests one(*loop, redis::ClusterSettings{.seeds = {server_at(*servers.nodes[0])}}, 1);
  InstanceForTests two(*loop, redis::ClusterSettings{.seeds = {server_at(*servers.nodes[2])}}, 2);
  ASSERT_TRUE(run_until(*loop, [&] { return one.peers.alive() == 2 && two.peers.alive() == 2; }))
      << one.peers.problem();
  ASSERT_TRUE(run_until(*loop, [&] { return one.peers.problem().empty() && two.peers.problem().empty(); }));
  one.peers.tell_reset("a");
  two.peers.tell_reset("b");
  const auto heard = [](const InstanceForTests& instance) {
    // One whose answer was late is told twice.
    return std::ranges::find(instance.resets, "a") != instance.resets.end() &&
           std::ranges::find(instance.resets, "b") != instance.resets.end();
  };
  EXPECT_TRUE(run_until(*loop, [&] { return heard(one) && heard(two); }));
}

}  // namespace
}  // namespace rateguard::peers
