// Limits in more than one store: of a region and of all regions, of one process and of all, by configuration alone.
#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <thread>
#include <vector>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

// Windows that do not end while a test runs.
constexpr const char* kRules = R"(rules:
  - {name: per_region, match: {path: /both}, per: ip, limit: 4/d, algorithm: fixed_window, anchor: first_request, store: region}
  - {name: worldwide, match: {path: [/both, /world]}, per: ip, limit: 6/d, algorithm: fixed_window, anchor: first_request, store: global}
  - {name: quick, match: {path: /quick}, per: ip, limit: 600/d, algorithm: fixed_window, anchor: first_request, store: global, consistency: lease}
  - {name: strict, match: {path: /strict}, per: ip, limit: 6/d, store: global, on_store_failure: deny}
)";

std::string facts(const std::string& path, const std::string& ip) {
  return fmt::format(R"({{"facts":{{"path":"{}","ip":"{}"}}}})", path, ip);
}

// Two regions, each with a Redis of its own and one instance, and a Redis for both.
class TwoStoresTest : public testing::Test {
 protected:
  static constexpr int kLoops = 2;

  void SetUp() override {
    for (RedisServer* server : {&east_redis_, &west_redis_, &global_redis_}) {
      ASSERT_TRUE(server->start()) << server->log();
    }
    east_ = start("east.yaml", east_redis_);
    west_ = start("west.yaml", west_redis_);
  }
  std::unique_ptr<Service> start(const std::string& name, const RedisServer& region) {
    return std::make_unique<Service>(std::vector<std::string>{"--config", folder_.write(name, config(region, kRules)),
                                                              "--resp", "off", "--threads", std::to_string(kLoops)});
  }
  std::string config(const RedisServer& region, const std::string& rules) const {
    return fmt::format(
        "stores:\n"
        "  region: {{type: redis, url: \"redis://127.0.0.1:{}\", deadline: 5s}}\n"
        "  global: {{type: redis, url: \"redis://127.0.0.1:{}\", deadline: {}}}\n{}",
        region.port(), global_redis_.port(), global_deadline_, rules);
  }
  static HttpAnswer ask(const Service& service, const std::string& path, const std::string& ip = "192.0.2.1") {
    return HttpConnection(service.port()).post("/check", facts(path, ip));
  }
  // How many of ten are admitted.
  static int admitted(const Service& service, const std::string& path, const std::string& ip = "192.0.2.1") {
    HttpConnection connection(service.port());
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += connection.post("/check", facts(path, ip)).status == 200 ? 1 : 0;
    return admitted;
  }

  TemporaryFolder folder_;
  std::string global_deadline_ = "10s";
  RedisServer east_redis_;
  RedisServer west_redis_;
  RedisServer global_redis_;
  std::unique_ptr<Service> east_;
  std::unique_ptr<Service> west_;
};

TEST_F(TwoStoresTest, SoItIsOfEnvoysDescriptors) {
  const std::string limits = folder_.write("limits.yaml", R"(
domain: edge
descriptors:
  - {key: per_region, rate_limit: {unit: day, requests_per_unit: 4, store: region}}
  - {key: worldwide, rate_limit: {unit: day, requests_per_unit: 6, store: global}}
)");
  const std::string rules = "envoy: {config: " + limits + "}\n";
  const Service east({"--config", folder_.write("east_envoy.yaml", config(east_redis_, rules))});
  const Service west({"--config", folder_.write("west_envoy.yaml", config(west_redis_, rules))});
  const auto admitted_of_ten = [](const Service& service, const std::string& key, const std::string& more = "") {
    HttpConnection connection(service.port());
    int admitted = 0;
    for (int i = 0; i < 10; ++i) {
      const std::string descriptor = R"({"entries":[{"key":")" + key + R"(","value":""}])" + more + "}";
      const std::string body = R"({"domain":"edge","descriptors":[)" + descriptor + "]}";
      admitted += connection.post("/json", body).status == 200 ? 1 : 0;
    }
    return admitted;
  };
  EXPECT_EQ(admitted_of_ten(east, "per_region"), 4);
  EXPECT_EQ(admitted_of_ten(west, "per_region"), 4) << "its own region's";
  EXPECT_EQ(admitted_of_ten(east, "worldwide"), 6);
  EXPECT_EQ(admitted_of_ten(west, "worldwide"), 0) << "the world's";
  const std::string own_limit = R"(,"limit":{"requestsPerUnit":3,"unit":"HOUR"})";
  EXPECT_EQ(admitted_of_ten(east, "worldwide", own_limit), 3) << "a request's own limit is where the configured one is";
  EXPECT_EQ(admitted_of_ten(west, "worldwide", own_limit), 0);
}

TEST_F(TwoStoresTest, EachLimitIsHeldByItsStore) {
  EXPECT_EQ(admitted(*east_, "/both"), 4) << "its region's";
  EXPECT_EQ(admitted(*west_, "/both"), 2) << "what is left of the world's";
  const HttpAnswer by_region = ask(*east_, "/both");
  EXPECT_EQ(by_region.status, 429);
  EXPECT_TRUE(contains(by_region.body, "per_region")) << by_region.body;
  EXPECT_FALSE(contains(by_region.body, "worldwide")) << "not asked: " << by_region.body;
  const HttpAnswer by_all = ask(*west_, "/both");
  EXPECT_EQ(by_all.status, 429);
  EXPECT_TRUE(contains(by_all.body, "worldwide")) << by_all.body;
  EXPECT_EQ(admitted(*east_, "/world"), 0);
  EXPECT_EQ(admitted(*east_, "/world", "192.0.2.2"), 6);
  EXPECT_EQ(admitted(*west_, "/both", "192.0.2.2"), 0);
}

// Those under way while a limit comes to its end may be counted where they passed; the others are not.
TEST_F(TwoStoresTest, WhatOneStoreRefusesIsHardlyCountedInTheOther) {
  for (int i = 0; i < 6; ++i) ask(*west_, "/world");
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask(*east_, "/both").status, 429);
  EXPECT_EQ(HttpConnection(west_->port()).send("DELETE", "/v1/counters/worldwide/192.0.2.1", "").status, 200);
  // Each event loop of the other region hears of it in its own time. From then on the region's limit is what it was,
  // but for the first request at each loop: the units that are left all pass, however long that takes.
  int passed = 0;
  EXPECT_TRUE(eventually([&] { return (passed += admitted(*east_, "/both")) >= 4 - kLoops; })) << passed;
  EXPECT_LE(passed, 4);
}

TEST_F(TwoStoresTest, TogetherTheyNeverAdmitMoreThanEitherLimit) {
  std::atomic<int> east = 0;
  std::atomic<int> west = 0;
  {
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
      const bool is_east = i % 2 == 0;
      clients.emplace_back(
          [&, is_east] { (is_east ? east : west) += admitted(is_east ? *east_ : *west_, "/both", "192.0.2.3"); });
    }
  }
  EXPECT_LE(east, 4);
  EXPECT_LE(west, 4);
  EXPECT_LE(east + west, 6);
  EXPECT_GE(east + west, 4) << "one region at least has used up one of the limits";
}

TEST_F(TwoStoresTest, AFarLimitOnLeaseIsHeldToo) {
  std::atomic<int> passed = 0;
  {
    std::vector<std::jthread> clients;
    for (const Service* service : {east_.get(), west_.get()}) {
      clients.emplace_back([&, service] {
        HttpConnection connection(service->port());
        for (int i = 0; i < 500; ++i) passed += connection.post("/check", facts("/quick", "192.0.2.1")).status == 200;
      });
    }
  }
  EXPECT_GT(passed, 100);
  EXPECT_LE(passed, 600);
}

TEST_F(TwoStoresTest, ReadyNamesEachStoreAndTheInstancesAreSeenOnce) {
  const std::string ready = HttpConnection(east_->port()).get("/ready").body;
  EXPECT_TRUE(contains(ready, "store region")) << ready;
  EXPECT_TRUE(contains(ready, "store global")) << ready;
  EXPECT_TRUE(eventually([&] {
    const std::string list = HttpConnection(east_->port()).get("/v1/instances").body;
    return count_of(list, "\"pid\"") == 2;
  }));
}

TEST_F(TwoStoresTest, AReloadCannotNameAStoreThatIsNotThere) {
  const std::string file = folder_.write(
      "east.yaml", config(east_redis_, "  other: {type: redis, url: \"redis://127.0.0.1:1\"}\n" + std::string(kRules)));
  east_->signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return contains(east_->log(), "expected those of the start (global, region)"); }))
      << east_->log();
  EXPECT_EQ(ask(*east_, "/both").status, 200);
}

class GoneStoreTest : public TwoStoresTest {
 protected:
  GoneStoreTest() { global_deadline_ = "100ms"; }
};

TEST_F(GoneStoreTest, OneStoreThatIsGoneLeavesTheOtherAsItWas) {
  global_redis_.kill();
  const HttpAnswer degraded = ask(*east_, "/both");
  EXPECT_EQ(degraded.status, 200);
  EXPECT_TRUE(is_degraded(degraded)) << degraded.body;
  EXPECT_EQ(admitted(*east_, "/both"), 3) << "by the region's limit";
  EXPECT_EQ(ask(*east_, "/strict").status, 503);
  EXPECT_TRUE(eventually([&] {
    const std::string ready = HttpConnection(east_->port()).get("/ready").body;
    return contains(ready, "breaker open on 1") || contains(ready, "breaker open on 2") || contains(ready, "0 of");
  }));
  ASSERT_TRUE(global_redis_.start()) << global_redis_.log();
  EXPECT_TRUE(eventually([&] { return !is_degraded(ask(*east_, "/world", "192.0.2.9")); }));
}

// What is in memory is each process's own, what is in Redis is everybody's.
TEST(MemoryAndRedisTest, LimitsOfOneProcessStandBesideSharedOnes) {
  const TemporaryFolder folder;
  RedisServer redis;
  ASSERT_TRUE(redis.start()) << redis.log();
  const std::string file = folder.write(
      "rateguard.yaml", fmt::format("stores:\n"
                                    "  default: {{type: memory}}\n"
                                    "  shared: {{type: redis, url: \"redis://127.0.0.1:{}\", deadline: 10s}}\n"
                                    "rules:\n"
                                    "  - {{name: mine, match: {{path: /a}}, per: ip, limit: 3/d}}\n"
                                    "  - {{name: ours, match: {{path: /a}}, per: ip, limit: 5/d, store: shared}}\n",
                                    redis.port()));
  const Service one({"--config", file});
  const Service other({"--config", file});
  const auto admitted_of = [](const Service& service, const std::string& check) {
    HttpConnection connection(service.port());
    int admitted = 0;
    for (int i = 0; i < 10; ++i) admitted += connection.post("/check", check).status == 200 ? 1 : 0;
    return admitted;
  };
  EXPECT_EQ(admitted_of(one, facts("/a", "192.0.2.1")), 3);
  EXPECT_EQ(admitted_of(other, facts("/a", "192.0.2.1")), 2);
  EXPECT_EQ(admitted_of(one, check_of("direct", 4)), 4) << "limits of no rule are in the default store";
  EXPECT_EQ(admitted_of(other, check_of("direct", 4)), 4);
  const std::string ready = HttpConnection(one.port()).get("/ready").body;
  EXPECT_TRUE(contains(ready, "store default")) << ready;
  EXPECT_TRUE(contains(ready, "store shared")) << ready;
}

}  // namespace
}  // namespace rateguard::test
