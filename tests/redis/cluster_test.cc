// A real cluster whose slots move under load and whose nodes die and come back.
#include "redis/cluster.h"

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "redis/fake_redis_testing.h"
#include "support/redis/redis_servers.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);

class RedisClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(servers_.start());
    ClusterSettings settings{.seeds = {}};
    for (const auto& node : servers_.nodes) {
      settings.seeds.push_back({.target = {.host = "127.0.0.1", .port = node->port()}});
    }
    cluster_.emplace(*loop_, settings, ConnectionOptions{});
    cluster_->start();
    ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_ready(); })) << cluster_->problem();
  }
  // 0 where there is no reply.
  int64_t increment(std::string_view key) {
    std::optional<int64_t> value;
    const std::string_view keys[] = {key};
    cluster_->eval(script_, keys, {}, kPatient, [&](const CommandResult& answer) {
      value = answer ? (*answer)->integer : 0;
      if (answer && (*answer)->is_error()) last_error_ = (*answer)->text;
    });
    EXPECT_TRUE(run_until(*loop_, [&] { return value.has_value(); }));
    return *value;
  }

  test::RedisCluster servers_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  const Script script_{{"return redis.call('INCR', KEYS[1])"}, ReplyKind::kInteger};
  std::string last_error_;
  std::optional<Cluster> cluster_;
};

TEST_F(RedisClusterTest, CountsExactlyWhileSlotsMoveAndANodeDies) {
  // Everywhere: the slots of these keys are spread over all three.
  for (int i = 0; i < 300; ++i) ASSERT_EQ(increment("spread" + std::to_string(i)), 1) << last_error_;

  // One slot moves from the third node to the first, key by key, while it is counted in.
  const uint16_t slot = slot_of("{foo}");  // 12182
  const std::string number = std::to_string(slot);
  test::RedisServer& from = *servers_.nodes[2];
  test::RedisServer& to = *servers_.nodes[0];
  const std::string to_id = to.ask({"CLUSTER", "MYID"}).text;
  const std::string from_id = from.ask({"CLUSTER", "MYID"}).text;
  int64_t here = 0;
  int64_t there = 0;
  EXPECT_EQ(increment("{foo}here"), ++here);
  EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", number, "IMPORTING", from_id}).text, "OK");
  EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", number, "MIGRATING", to_id}).text, "OK");
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(increment("{foo}here"), ++here) << last_error_;
    EXPECT_EQ(increment("{foo}there"), ++there) << last_error_;  // a new key: ASK
  }
  EXPECT_EQ(from.ask({"MIGRATE", "127.0.0.1", std::to_string(to.port()), "{foo}here", "0", "5000"}).text, "OK");
  EXPECT_EQ(increment("{foo}here"), ++here) << last_error_;  // ASK
  EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", number, "NODE", to_id}).text, "OK");
  EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", number, "NODE", to_id}).text, "OK");
  EXPECT_EQ(increment("{foo}here"), ++here) << last_error_;  // MOVED
  EXPECT_EQ(increment("{foo}there"), ++there) << last_error_;

  // The second primary dies; its replica takes over, and it comes back as a replica.
  std::string key;
  for (int i = 0; key.empty(); ++i) {
    const std::string candidate = "k" + std::to_string(i);
    if (slot_of(candidate) >= 6'000 && slot_of(candidate) < 10'000) key = candidate;
  }
  EXPECT_EQ(increment(key), 1);
  ASSERT_TRUE(run_until(*loop_, [&] {
    return servers_.nodes[4]->ask({"INFO", "replication"}).text.contains("master_link_status:up") &&
           servers_.nodes[1]->ask({"INFO", "replication"}).text.contains("lag=0");
  }));
  servers_.nodes[1]->kill();
  ASSERT_TRUE(run_until(*loop_, [&] { return !cluster_->is_ready(); }));
  ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_ready(); })) << cluster_->problem();
  EXPECT_EQ(increment(key), 2) << last_error_;
  ASSERT_TRUE(servers_.nodes[1]->start());
  EXPECT_EQ(increment(key), 3) << last_error_;
  cluster_->stop();
}

}  // namespace
}  // namespace rateguard::redis
