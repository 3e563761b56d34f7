// A Redis of several servers, one of which goes while it is asked, or hands over what it has.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "distributed/chaos.h"
#include "distributed/shared_redis.h"
#include "redis/slot.h"

namespace rateguard::test {
namespace {

bool is_primary(const RedisServer& server) {
  const redis::Reply role = server.ask({"ROLE"});
  return !role.elements.empty() && role.elements[0].text == "master";
}

class ChaosBehindSentinels : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(servers_.start());
    redis::SentinelSettings settings{.sentinels = {}, .service = RedisSentinels::kServiceName, .primary = {}};
    for (const auto& sentinel : servers_.sentinels) settings.sentinels.push_back(at_port(sentinel->port()));
    instance_.emplace(settings);
  }
  // Where the Sentinels send clients, if that is another server than the first and has agreed; else null.
  const RedisServer* successor() {
    const redis::Reply address =
        servers_.sentinels[0]->ask({"SENTINEL", "get-master-addr-by-name", RedisSentinels::kServiceName});
    if (address.elements.size() != 2) return nullptr;
    for (const auto& server : servers_.servers) {
      if (server == servers_.servers[0] || std::to_string(server->port()) != address.elements[1].text) continue;
      return is_primary(*server) ? server.get() : nullptr;
    }
    return nullptr;
  }
  bool successor_is_used() {
    const RedisServer* const server = successor();
    return server != nullptr && server->ask({"CLIENT", "LIST"}).text.contains(" name=rateguard ");
  }
  void survive(Failure failure) {
    failure.lasts = milliseconds(0);
    failure.data = Data::kMayBeLost;
    expect_survival(*instance_, failure);
    EXPECT_TRUE(within(kRecovers, [&] { return successor_is_used(); })) << instance_->problem();
  }

  RedisSentinels servers_;
  std::optional<ChaosInstance> instance_;
};

TEST_F(ChaosBehindSentinels, ThePrimaryIsKilled) {
  survive({.name = "Sentinel: primary killed",
           .begin = [&] { servers_.servers[0]->kill(); },
           .is_over = [&] { return successor() != nullptr; }});
}

// It comes back as a primary that nobody follows, and what is written to it is lost.
TEST_F(ChaosBehindSentinels, ThePrimaryStopsAndComesBack) {
  const auto come_back = [&] {
    if (successor() == nullptr) return false;
    servers_.servers[0]->signal(SIGCONT);
    return true;
  };
  survive({.name = "Sentinel: primary stopped, another promoted",
           .begin = [&] { servers_.servers[0]->signal(SIGSTOP); },
           .is_over = come_back});
}

TEST_F(ChaosBehindSentinels, ThePrimaryHandsOver) {
  const auto hand_over = [&] {
    return servers_.sentinels[0]->ask({"SENTINEL", "FAILOVER", RedisSentinels::kServiceName}).text == "OK";
  };
  // Asks again, since Sentinels give up what takes longer than their timeout; they refuse while it goes on.
  const auto has_handed_over = [&] {
    if (successor() != nullptr) return true;
    hand_over();
    return false;
  };
  // Not before it has heard of the replicas' states.
  survive({.name = "Sentinel: asked to fail over",
           .begin = [&] { EXPECT_TRUE(within(kPatient, hand_over)); },
           .is_felt = false,
           .is_over = has_handed_over});
}

class ChaosInACluster : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(servers_.start()); }
  void connect(Duration deadline) {
    redis::ClusterSettings settings{.seeds = {}};
    for (const auto& node : servers_.nodes) settings.seeds.push_back(at_port(node->port()));
    instance_.emplace(settings, redis_store::Topology::kCluster, deadline);
  }
  // Between two keys of a slot that moves, so that they are asked for meanwhile.
  static constexpr milliseconds kApart{50};
  RedisServer& node(size_t i) { return *servers_.nodes[i]; }
  // Slots of the counters that a node has.
  static std::vector<std::string> slots_of(const RedisServer& node) {
    std::vector<std::string> slots;
    for (const redis::Reply& key : node.ask({"KEYS", "*"}).elements) {
      const std::string slot = std::to_string(redis::slot_of(key.text));
      if (std::ranges::find(slots, slot) == slots.end()) slots.push_back(slot);
    }
    return slots;
  }
  void move_slot(RedisServer& from, RedisServer& to, const std::string& slot) {
    const std::string from_id = from.ask({"CLUSTER", "MYID"}).text;
    const std::string to_id = to.ask({"CLUSTER", "MYID"}).text;
    EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", slot, "IMPORTING", from_id}).text, "OK");
    EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", slot, "MIGRATING", to_id}).text, "OK");
    std::this_thread::sleep_for(milliseconds(50));
    while (true) {
      const redis::Reply keys = from.ask({"CLUSTER", "GETKEYSINSLOT", slot, "1"});
      if (keys.elements.empty()) break;
      from.ask({"MIGRATE", "127.0.0.1", std::to_string(to.port()), keys.elements[0].text, "0", "5000"});
      std::this_thread::sleep_for(kApart);
    }
    EXPECT_EQ(to.ask({"CLUSTER", "SETSLOT", slot, "NODE", to_id}).text, "OK");
    EXPECT_EQ(from.ask({"CLUSTER", "SETSLOT", slot, "NODE", to_id}).text, "OK");
  }

  RedisCluster servers_;
  std::optional<ChaosInstance> instance_;
};

TEST_F(ChaosInACluster, EverySlotInUseMovesThereAndBack) {
  // A pair is apart for kApart and, on a loaded machine, a few times that.
  connect(Duration::millis(500));
  int moved = 0;
  expect_survival(*instance_, {.name = "Cluster: slots migrate",
                               .begin =
                                   [&] {
                                     for (size_t i = 0; i < 2 * RedisCluster::kPrimaries; ++i) {
                                       RedisServer& from = node(i % RedisCluster::kPrimaries);
                                       RedisServer& to = node((i + 1) % RedisCluster::kPrimaries);
                                       for (const std::string& slot : slots_of(from)) {
                                         move_slot(from, to, slot);
                                         ++moved;
                                       }
                                     }
                                   },
                               .lasts = milliseconds(0),
                               .is_felt = false});
  EXPECT_GT(moved, 4);
  // While one of a pair has moved no node has both: that is waited out, and nobody hears of it.
  for (const Rule rule : kRules) {
    for (const auto& [problem, times] : instance_->tally(rule).problems) {
      EXPECT_FALSE(problem.contains("TRYAGAIN")) << to_string(rule) << ", " << times << " times: " << problem;
    }
  }
}

TEST_F(ChaosInACluster, APrimaryIsKilled) {
  for (size_t i = 0; i < RedisCluster::kPrimaries; ++i) {
    // A replica that has not heard of its primary for a while does not take its place.
    ASSERT_TRUE(within(kPatient, [&] {
      return node(i + RedisCluster::kPrimaries).ask({"INFO", "replication"}).text.contains("master_link_status:up");
    }));
  }
  connect(ChaosInstance::kDeadline);
  ASSERT_TRUE(within(kPatient, [&] { return instance_->is_well(); }));
  size_t used = 0;
  while (slots_of(node(used)).empty()) ++used;
  expect_survival(*instance_, {.name = "Cluster: primary killed",
                               .begin = [&] { node(used).kill(); },
                               .lasts = milliseconds(0),
                               .is_felt = false,
                               .data = Data::kMayBeLost,
                               .is_over = [&] { return is_primary(node(used + RedisCluster::kPrimaries)); }});
}

}  // namespace
}  // namespace rateguard::test
