// A real Cluster that tells where its nodes are in each of the ways that it knows, while slots move.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "redis/cluster.h"
#include "redis/fake_redis_testing.h"
#include "support/redis/redis_servers.h"

namespace rateguard::redis {
namespace {

constexpr Duration kPatient = Duration::seconds(10);
constexpr int kKeys = 40;

// cluster-preferred-endpoint-type. Nobody announces a host name, so that for `hostname` each node says '?'.
class ClusterEndpointTest : public testing::Test {
 protected:
  void connect(std::string_view endpoint_type) {
    for (const auto& node : servers_.nodes) {
      ASSERT_EQ(node->ask({"CONFIG", "SET", "cluster-preferred-endpoint-type", endpoint_type}).text, "OK");
    }
    ClusterSettings settings{.seeds = {{.target = {.host = "127.0.0.1", .port = servers_.nodes[0]->port()}}},
                             .look_period = Duration::seconds(3'600)};  // redirections alone tell of what has moved
    cluster_.emplace(*loop_, settings, ConnectionOptions{});
    cluster_->start();
    ASSERT_TRUE(run_until(*loop_, [&] { return cluster_->is_ready(); })) << cluster_->problem();
  }
  // What was wrong; empty: nothing.
  std::string increment_all() {
    std::string problem;
    int answered = 0;
    for (int i = 0; i < kKeys; ++i) {
      const std::string key = "k" + std::to_string(i);
      ++expected_[key];
      cluster_->call(key, {"INCR", key}, kPatient, [&, key](const CommandResult& answer) {
        ++answered;
        if (!answer) {
          problem = answer.error().message;
        } else if ((*answer)->integer != expected_[key]) {
          problem = key + ": " + std::to_string((*answer)->integer) + " " + (*answer)->text;
        }
      });
    }
    EXPECT_TRUE(run_until(*loop_, [&] { return answered == kKeys; }));
    return problem;
  }
  std::vector<std::string> slots_of(size_t node) {
    std::vector<std::string> slots;
    for (const Reply& key : servers_.nodes[node]->ask({"KEYS", "*"}).elements) {
      slots.push_back(std::to_string(slot_of(key.text)));
    }
    return slots;
  }
  void begin_to_move(const std::string& slot, size_t from, size_t to) {
    EXPECT_EQ(servers_.nodes[to]->ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", id_of(from)}).text, "OK");
    EXPECT_EQ(servers_.nodes[from]->ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", id_of(to)}).text, "OK");
    for (const Reply& key : servers_.nodes[from]->ask({"CLUSTER", "GETKEYSINSLOT", slot, "100"}).elements) {
      const std::string port = std::to_string(servers_.nodes[to]->port());
      EXPECT_EQ(servers_.nodes[from]->ask({"MIGRATE", "127.0.0.1", port, key.text, "0", "5000"}).text, "OK");
    }
  }
  // Every node is told, as redis-cli does: one that is not would contradict the new owner, whose epoch may be no higher
  // than the one in which it heard of the old one, and take the slot from it.
  void end_move(const std::string& slot, size_t from, size_t to) {
    const size_t third = 3 - from - to;
    for (const size_t node : {to, from, third}) {
      EXPECT_EQ(servers_.nodes[node]->ask({"CLUSTER", "SETSLOT", slot, "NODE", id_of(to)}).text, "OK");
    }
  }
  std::string id_of(size_t node) const { return servers_.nodes[node]->ask({"CLUSTER", "MYID"}).text; }

  test::RedisCluster servers_;
  net::SystemClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::map<std::string, int64_t> expected_;
  std::optional<Cluster> cluster_;
};

TEST_F(ClusterEndpointTest, NothingFailsWhileSlotsMove) {
  ASSERT_TRUE(servers_.start(test::Failover::kIsNone));
  for (const char* const type : {"ip", "hostname", "unknown-endpoint"}) {
    SCOPED_TRACE(type);
    connect(type);
    ASSERT_EQ(increment_all(), "");
    for (const auto& [from, to] : {std::pair<size_t, size_t>{0, 1}, {1, 2}, {2, 0}}) {
      const std::vector<std::string> slots = slots_of(from);
      ASSERT_GT(slots.size(), 5u);
      for (const std::string& slot : slots) begin_to_move(slot, from, to);
      EXPECT_EQ(increment_all(), "") << "each key has moved already: ASK";
      for (const std::string& slot : slots) end_move(slot, from, to);
      EXPECT_EQ(increment_all(), "") << "MOVED";
    }
    cluster_->stop();
  }
}

}  // namespace
}  // namespace rateguard::redis
