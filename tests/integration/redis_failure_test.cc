// A Redis that dies, comes back empty or stops, as the clients of the built program see it.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

constexpr const char* kRules = "rules:\n  - {name: open, per: user, limit: 1000000/d}\n";

// Clients that ask again and again, and what they were answered.
class Load {
 public:
  Load(uint16_t port, int clients) {
    for (int i = 0; i < clients; ++i) {
      threads_.emplace_back([this, port, key = std::to_string(i)] {
        HttpConnection connection(port);
        while (!ended_) count(connection.post("/check", check_rule("open", key)));
      });
    }
  }
  ~Load() { end(); }
  void end() {
    ended_ = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }
  int decided() const { return decided_; }
  int degraded() const { return degraded_; }
  int failed() const { return failed_; }
  // Until so many more were answered.
  bool goes_on() const {
    const int before = decided_;
    return eventually([&] { return decided_ > before + 50; });
  }

 private:
  void count(const HttpAnswer& answer) {
    if (answer.status != 200) {
      ++failed_;
    } else {
      ++(is_degraded(answer) ? degraded_ : decided_);
    }
  }

  std::atomic<bool> ended_ = false;
  std::atomic<int> decided_ = 0;
  std::atomic<int> degraded_ = 0;
  std::atomic<int> failed_ = 0;
  std::vector<std::thread> threads_;
};

// Of a metric without labels; -1 where it is not there.
double value_of(HttpConnection& connection, const std::string& metric) {
  const std::string text = connection.get("/metrics").body;
  const size_t at = text.find("\n" + metric + " ");
  return at == std::string::npos ? -1 : std::stod(text.substr(at + metric.size() + 2));
}

TEST(RedisFailureTest, KillsAndRestartsUnderLoadFailNoRequest) {
  const TemporaryFolder folder;
  RedisServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const Service service(
      {"--config", folder.write("rateguard.yaml", config_for(server.port(), ", deadline: 200ms", kRules))});
  Load load(service.port(), 4);
  for (int round = 0; round < 3; ++round) {
    EXPECT_TRUE(load.goes_on()) << service.log();
    const int degraded = load.degraded();
    server.kill();
    EXPECT_TRUE(eventually([&] { return load.degraded() > degraded + 10; }));
    // What lasts is said; later rounds may be over too soon.
    EXPECT_TRUE(eventually([&] { return contains(service.log(), "redis fails"); })) << service.log();
    ASSERT_TRUE(server.start()) << server.log();
  }
  EXPECT_TRUE(load.goes_on()) << service.log();
  load.end();
  EXPECT_EQ(load.failed(), 0);
  EXPECT_TRUE(contains(HttpConnection(service.port()).get("/metrics").body, "rateguard_redis_degraded_total"));
}

TEST(RedisFailureTest, AStoppedRedisSoonDelaysNoRequestPastTheDeadlineAndIsUsedAgain) {
  const TemporaryFolder folder;
  RedisServer server;
  ASSERT_TRUE(server.start()) << server.log();
  const Service service({"--config",
                         folder.write("rateguard.yaml", config_for(server.port(), ", deadline: 100ms", kRules)),
                         "--threads", "2"});
  Load load(service.port(), 2);
  EXPECT_TRUE(load.goes_on());
  server.signal(SIGSTOP);
  // With the breaker open answers come at once: these would take minutes at a deadline each.
  EXPECT_TRUE(eventually([&] { return load.degraded() > 2'000; })) << load.degraded();
  HttpConnection connection(service.port());
  EXPECT_TRUE(eventually([&] { return value_of(connection, "rateguard_redis_breaker_openings_total") > 4; }));
  EXPECT_EQ(count_of(service.log(), "redis fails"), 1u) << "once for both loops\n" << service.log();
  server.signal(SIGCONT);
  EXPECT_TRUE(load.goes_on());
  load.end();
  EXPECT_EQ(load.failed(), 0);
}

// Of what is in flight nothing is left behind, whether its answer comes by its deadline or the grace ends before.
TEST(RedisFailureTest, DrainsWithinTheGraceWhileRedisIsStopped) {
  struct Case {
    const char* deadline;
    const char* grace;
    bool is_answered;
  };
  for (const Case& one : {Case{"500ms", "10s", true}, Case{"10s", "500ms", false}}) {
    const TemporaryFolder folder;
    RedisServer server;
    ASSERT_TRUE(server.start()) << server.log();
    const std::string rest = fmt::format("listen: {{drain_grace: {}}}\n{}", one.grace, kRules);
    Service service(
        {"--config",
         folder.write("rateguard.yaml", config_for(server.port(), fmt::format(", deadline: {}", one.deadline), rest))});
    HttpConnection connection(service.port());
    ASSERT_EQ(connection.post("/check", check_rule("open", "a")).status, 200);
    server.signal(SIGSTOP);
    std::thread asking([&] {
      const HttpAnswer answer = connection.post("/check", check_rule("open", "a"));
      EXPECT_EQ(answer.status, one.is_answered ? 200 : 0) << answer.body << answer.problem;
      EXPECT_EQ(is_degraded(answer), one.is_answered) << answer.body;
    });
    HttpConnection onlooker(service.port());
    EXPECT_TRUE(
        eventually([&] { return contains(onlooker.get("/metrics").body, "rateguard_redis_checks_total 2\n"); }));
    const auto asked_at = std::chrono::steady_clock::now();
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0) << service.log();
    EXPECT_LT(std::chrono::steady_clock::now() - asked_at, std::chrono::seconds(8)) << one.deadline;
    asking.join();
    server.signal(SIGCONT);
  }
}

TEST(RedisFailureTest, FollowsASentinelsSwitchWithoutAFailedRequest) {
  const TemporaryFolder folder;
  RedisSentinels all;
  ASSERT_TRUE(all.start());
  std::string sentinels;
  for (const auto& sentinel : all.sentinels) {
    sentinels += fmt::format("{}\"redis://127.0.0.1:{}\"", sentinels.empty() ? "" : ", ", sentinel->port());
  }
  const Service service(
      {"--config",
       folder.write("rateguard.yaml", fmt::format("stores: {{default: {{type: redis, deadline: 200ms, service: {}, "
                                                  "sentinels: [{}]}}}}\n{}",
                                                  RedisSentinels::kServiceName, sentinels, kRules))});
  Load load(service.port(), 2);
  EXPECT_TRUE(load.goes_on()) << service.log();
  all.servers[0]->kill();
  EXPECT_TRUE(eventually([&] { return load.degraded() > 10; }));
  EXPECT_TRUE(load.goes_on()) << service.log() << all.logs();
  load.end();
  EXPECT_EQ(load.failed(), 0);
}

}  // namespace
}  // namespace rateguard::test
