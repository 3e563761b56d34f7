// The built program with its counters in a real Redis: several of it are one limiter, and leave the rest of the Redis
// alone.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

// "hold":"..." of an answer; empty where there is none.
std::string hold_of(const HttpAnswer& answer) {
  const std::string name = R"("hold":")";
  const size_t at = answer.body.find(name);
  return at == std::string::npos ? "" : answer.body.substr(at + name.size(), 40);
}

// What RG.CHECK says after a field's name.
redis::Reply field_of(const redis::Reply& reply, std::string_view name) {
  for (size_t i = 0; i + 1 < reply.elements.size(); i += 2) {
    if (reply.elements[i].text == name) return reply.elements[i + 1];
  }
  return {};
}

class RedisTest : public testing::Test {
 protected:
  void start_redis(std::vector<std::string> arguments = {}) {
    redis_.emplace(std::move(arguments));
    ASSERT_TRUE(redis_->start()) << redis_->log();
  }
  std::string config(const std::string& settings = kPatient, const std::string& rest = {}) {
    return folder_.write("rateguard.yaml", config_for(redis_->port(), settings, rest));
  }
  std::set<std::string> keys(const char* database = "0") const {
    std::set<std::string> names;
    const redis::Reply reply =
        redis_->ask({"EVAL", "redis.call('SELECT', ARGV[1]); return redis.call('KEYS', '*')", "0", database});
    for (const redis::Reply& name : reply.elements) names.insert(name.text);
    return names;
  }

  TemporaryFolder folder_;
  std::optional<RedisServer> redis_;
};

// Clients of several instances that ask for one thing, and what they were answered.
struct Crowd {
  std::atomic<int> admitted = 0;
  std::atomic<int> refused = 0;
  std::atomic<int> others = 0;  // failed, or not decided by the counter

  Crowd(const std::vector<uint16_t>& ports, int clients, int requests, const std::string& check) {
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i) {
      threads.emplace_back([&, port = ports[static_cast<size_t>(i) % ports.size()]] {
        HttpConnection connection(port);
        for (int n = 0; n < requests; ++n) {
          const HttpAnswer answer = connection.post("/check", check);
          const bool is_decided = !is_degraded(answer) && (answer.status == 200 || answer.status == 429);
          ++(!is_decided ? others : answer.status == 200 ? admitted : refused);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
};

TEST_F(RedisTest, InstancesHoldOneLimitTogetherExactly) {
  start_redis();
  const std::string file = config();
  const Service one({"--config", file});
  const Service other({"--config", file});
  const Crowd crowd({one.port(), other.port()}, 6, 100, check_of("shared", 300));
  EXPECT_EQ(crowd.admitted, 300);
  EXPECT_EQ(crowd.refused, 300);
  EXPECT_EQ(crowd.others, 0);
}

TEST_F(RedisTest, ALeasedLimitIsNotExceededAndASyncedOneIsUsedUp) {
  start_redis();
  const std::string file = config(kPatient,
                                  "rules:\n"
                                  "  - {name: leased, per: user, limit: 300/d, algorithm: fixed_window, anchor: "
                                  "first_request, consistency: lease}\n"
                                  "  - {name: synced, per: user, limit: 300/d, algorithm: fixed_window, anchor: "
                                  "first_request, consistency: sync}\n");
  const Service one({"--config", file});
  const Service other({"--config", file});
  const Crowd leased({one.port(), other.port()}, 6, 100, check_rule("leased", "a"));
  EXPECT_GT(leased.admitted, 0);
  EXPECT_LE(leased.admitted, 300);
  EXPECT_EQ(leased.others, 0);
  const Crowd synced({one.port(), other.port()}, 6, 100, check_rule("synced", "a"));
  EXPECT_GE(synced.admitted, 300);
  EXPECT_EQ(synced.others, 0);
  HttpConnection connection(one.port());
  EXPECT_FALSE(contains(connection.get("/metrics").body, "\nrateguard_lease_calls_total 0\n"));
  EXPECT_TRUE(
      eventually([&] { return !contains(connection.get("/metrics").body, "\nrateguard_sync_calls_total 0\n"); }));
}

TEST_F(RedisTest, ABatchIsDecidedInOrderAndSeenByTheOtherInstance) {
  start_redis();
  const std::string file = config(kPatient, "rules:\n  - {name: login, per: user, limit: 3/d}\n");
  const Service one({"--config", file});
  const Service other({"--config", file});
  const std::string single = check_rule("login", "a");
  std::string batch = R"({"checks":[)" + single;
  for (int i = 0; i < 4; ++i) batch += "," + single;
  batch += "," + check_of("b", 1) + "," + check_of("b", 1) + "]}";
  const HttpAnswer answer = HttpConnection(one.port()).post("/v1/check/batch", batch);
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(count_of(answer.body, R"("allowed":true)"), 4u) << answer.body;
  EXPECT_EQ(count_of(answer.body, R"("allowed":false)"), 3u) << answer.body;
  EXPECT_EQ(count_of(answer.body, R"("degraded":true)"), 0u) << answer.body;
  EXPECT_LT(answer.body.find(R"("remaining":2)"), answer.body.find(R"("remaining":1)")) << answer.body;
  HttpConnection connection(other.port());
  EXPECT_EQ(connection.post("/check", single).status, 429);
  EXPECT_EQ(connection.post("/check", check_of("b", 1)).status, 429);
}

TEST_F(RedisTest, AHoldIsGivenBackAtAnyInstanceOnceOverHttpAndTheRedisProtocol) {
  start_redis();
  const std::string file = config(std::string(kPatient) + ", secret: s",
                                  "rules:\n  - {name: jobs, per: user, algorithm: concurrency, limit: 2, hold: 1h}\n");
  const Service one({"--config", file, "--resp", "127.0.0.1:0"});
  const Service other({"--config", file, "--resp", "127.0.0.1:0"});
  HttpConnection at_one(one.port());
  HttpConnection at_other(other.port());
  const std::string check = check_rule("jobs", "a");
  const std::string first = hold_of(at_one.post("/check", check));
  ASSERT_EQ(first.size(), 40u);
  const std::string second = field_of(ask_port(one.resp_port(), {"RG.CHECK", "jobs", "a"}), "hold").text;
  ASSERT_EQ(second.size(), 40u);
  EXPECT_EQ(at_other.post("/check", check).status, 429);

  const auto release = [&](const std::string& hold) {
    return at_other.post("/v1/release", R"({"hold":")" + hold + R"("})").status;
  };
  EXPECT_EQ(release(first), 200);
  EXPECT_EQ(release(first), 404) << "once";
  EXPECT_EQ(at_other.post("/check", check).status, 200);
  EXPECT_EQ(at_one.post("/check", check).status, 429);
  EXPECT_EQ(ask_port(other.resp_port(), {"RG.RELEASE", second}).integer, 1);
  EXPECT_EQ(ask_port(one.resp_port(), {"RG.RELEASE", second}).integer, 0);
  EXPECT_EQ(at_one.post("/check", check).status, 200);
}

TEST_F(RedisTest, AChargeIsSettledAtAnyInstanceOnce) {
  start_redis();
  const std::string file =
      config(kPatient, "rules:\n  - {name: tokens, per: user, limit: 1000/d, algorithm: fixed_window}\n");
  const Service one({"--config", file});
  const Service other({"--config", file});
  HttpConnection at_one(one.port());
  HttpConnection at_other(other.port());
  const std::string who = R"("rule":"tokens","key":"a")";
  const std::string name = R"("charge":")";
  // The secret that signs charges arrives soon after the start; until then nothing can be settled.
  for (HttpConnection* const connection : {&at_one, &at_other}) {
    ASSERT_TRUE(eventually(
        [&] { return contains(connection->post("/check", "{" + who + R"(,"cost":0,"settle":true})").body, name); }));
  }
  const HttpAnswer charged = at_one.post("/check", "{" + who + R"(,"cost":400,"settle":true})");
  const size_t at = charged.body.find(name);
  ASSERT_NE(at, std::string::npos) << charged.body;
  const std::string charge = charged.body.substr(at + name.size(), 112);
  const std::string settle = "{" + who + R"(,"actual":150,"charge":")" + charge + "\"}";
  const std::string other_key = R"({"rule":"tokens","key":"b","actual":0,"charge":")" + charge + "\"}";
  EXPECT_EQ(at_other.post("/v1/settle", other_key).status, 404);

  const HttpAnswer first = at_other.post("/v1/settle", settle);
  EXPECT_EQ(first.status, 200) << first.body;
  EXPECT_TRUE(contains(first.body, R"("repeated":false,"limit":1000,"remaining":850)")) << first.body;
  const HttpAnswer again = at_one.post("/v1/settle", settle);
  EXPECT_EQ(again.status, 200) << again.body;
  EXPECT_TRUE(contains(again.body, R"("repeated":true,"limit":1000,"remaining":850)")) << again.body;
  EXPECT_TRUE(contains(at_one.get("/v1/counters/tokens/a").body, R"("remaining":850)"));
}

TEST_F(RedisTest, AResetLetsACallerGoOn) {
  start_redis();
  const std::string file = config(kPatient, "rules:\n  - {name: login, per: user, limit: 1/d}\n");
  const Service one({"--config", file, "--resp", "127.0.0.1:0"});
  const Service other({"--config", file});
  HttpConnection connection(one.port());
  const auto check = [&] { return connection.post("/check", check_rule("login", "a")).status; };
  EXPECT_EQ(check(), 200);
  EXPECT_EQ(check(), 429);
  EXPECT_TRUE(contains(connection.get("/v1/counters/login/a").body, R"("remaining":0)"));
  EXPECT_EQ(connection.send("DELETE", "/v1/counters/login/a", "").status, 200);
  EXPECT_EQ(check(), 200) << "what one instance remembers of a refusal it forgets";
  EXPECT_EQ(check(), 429);
  EXPECT_EQ(ask_port(one.resp_port(), {"RG.RESET", "login", "a"}).integer, 1);
  EXPECT_EQ(HttpConnection(other.port()).post("/check", check_rule("login", "a")).status, 200);
}

TEST_F(RedisTest, KeysHaveThePrefixAndNothingElseIsTouched) {
  start_redis();
  redis_->ask({"SET", "theirs", "1"});
  redis_->ask({"SET", "rg:c1:theirs", "2"});
  const std::string file = config(std::string(kPatient) + ", prefix: \"shop:\", database: 3",
                                  "rules:\n"
                                  "  - {name: jobs, per: user, algorithm: concurrency, limit: 2, hold: 1h}\n"
                                  "  - {name: log, per: user, algorithm: sliding_window_log, limit: 2/d}\n");
  const std::set<std::string> before = keys();
  {
    Service service({"--config", file});
    HttpConnection connection(service.port());
    for (const char* const rule : {"jobs", "log"}) {
      EXPECT_EQ(connection.post("/check", check_rule(rule, "a")).status, 200);
    }
    EXPECT_EQ(connection.post("/check", check_of("k", 5)).status, 200);
    EXPECT_EQ(connection.send("DELETE", "/v1/counters/log/a", "").status, 200);
    service.signal(SIGTERM);
    EXPECT_EQ(service.wait(), 0);
  }
  EXPECT_EQ(keys(), before) << "another database";
  EXPECT_EQ(redis_->ask({"GET", "rg:c1:theirs"}).text, "2");
  const std::set<std::string> ours = keys("3");
  EXPECT_GE(ours.size(), 2u);
  for (const std::string& name : ours) EXPECT_TRUE(name.starts_with("shop::")) << name;
}

TEST_F(RedisTest, EveryCounterExpiresByItself) {
  start_redis();
  const std::string file = config(kPatient,
                                  "rules:\n"
                                  "  - {name: jobs, per: user, algorithm: concurrency, limit: 2, hold: 1h}\n"
                                  "  - {name: log, per: user, algorithm: sliding_window_log, limit: 2/d}\n"
                                  "  - {name: day, per: user, algorithm: fixed_window, limit: 2, anchor: day}\n");
  const Service service({"--config", file});
  HttpConnection connection(service.port());
  for (const char* const rule : {"jobs", "log", "day"}) {
    EXPECT_EQ(connection.post("/check", check_rule(rule, "a")).status, 200);
  }
  EXPECT_EQ(connection.post("/check", check_of("k", 5)).status, 200);
  for (const std::string& name : keys()) EXPECT_GT(redis_->ask({"PTTL", name}).integer, 0) << name;
}

// The page's own line is what the server is told.
TEST_F(RedisTest, AUserNeedsNoMorePermissionsThanThePageSays) {
  const std::string page = read_file(std::filesystem::path(RATEGUARD_SOURCE_DIR) / "docs/distributed.md");
  const size_t at = page.find("user rateguard on ");
  ASSERT_NE(at, std::string::npos);
  const std::string users = page.substr(at, page.find('\n', at) - at) + "\nuser default on nopass ~* &* +@all\n";
  start_redis({"--aclfile", folder_.write("users.acl", users)});

  std::string rules = "rules:\n";
  for (const char* const algorithm :
       {"token_bucket", "gcra", "leaky_bucket", "sliding_window_counter", "fixed_window", "sliding_window_log"}) {
    rules += fmt::format("  - {{name: {0}, match: {{path: /a}}, per: ip, limit: 200/d, algorithm: {0}}}\n", algorithm);
  }
  rules +=
      "  - {name: day, per: ip, match: {path: /a}, limit: 200, anchor: day, algorithm: fixed_window}\n"
      "  - {name: jobs, per: ip, algorithm: concurrency, limit: 200, hold: 1h}\n"
      "  - {name: leased, per: ip, limit: 200/s, consistency: lease}\n"
      "  - {name: synced, per: ip, limit: 200/s, consistency: sync}\n";
  Service service({"--config", config(std::string(kPatient) + ", user: rateguard, password: secret", rules)});
  HttpConnection connection(service.port());
  for (int i = 0; i < 100; ++i) {  // more than a log's first piece
    const HttpAnswer all = connection.post("/check", R"({"facts":{"path":"/a","ip":"192.0.2.1"}})");
    ASSERT_EQ(all.status, 200) << all.body;
    ASSERT_FALSE(is_degraded(all)) << service.log();
  }
  for (const char* const rule : {"sliding_window_log", "day", "jobs", "leased", "synced"}) {
    const HttpAnswer one = connection.post("/check", check_rule(rule, "192.0.2.1"));
    EXPECT_EQ(one.status, 200) << one.body;
    EXPECT_FALSE(is_degraded(one)) << service.log();
    if (const std::string hold = hold_of(one); !hold.empty()) {
      EXPECT_EQ(connection.post("/v1/release", R"({"hold":")" + hold + R"("})").status, 200);
    }
    EXPECT_EQ(connection.send("DELETE", std::string("/v1/counters/") + rule + "/192.0.2.1", "").status, 200);
  }
  std::string batch = R"({"checks":[)" + check_of("k", 5);  // many in one call
  for (int i = 0; i < 50; ++i) batch += "," + check_of("k" + std::to_string(i), 5);
  const HttpAnswer many = connection.post("/v1/check/batch", batch + "]}");
  EXPECT_EQ(count_of(many.body, R"("degraded":false)"), 51u) << many.body;
  EXPECT_FALSE(contains(connection.get("/ready").body, R"("ready":false)"));
  EXPECT_TRUE(eventually([&] { return redis_->ask({"PUBSUB", "NUMSUB", "rg:e1"}).elements.at(1).integer == 1; }));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0);
  EXPECT_FALSE(contains(service.log(), "NOPERM")) << service.log();
  const redis::Reply denied = redis_->ask({"ACL", "LOG"});
  EXPECT_TRUE(denied.is_array() && denied.elements.empty())
      << "the first: " << denied.elements.at(0).elements.at(5).text;
}

TEST_F(RedisTest, AnEvictionPolicyThatDropsCountersIsWarnedOf) {
  start_redis({"--maxmemory-policy", "allkeys-lru"});
  const Service service({"--config", config()});
  EXPECT_TRUE(eventually([&] { return contains(service.log(), "maxmemory-policy noeviction"); })) << service.log();
  EXPECT_TRUE(contains(service.log(), "allkeys-lru")) << service.log();
  EXPECT_EQ(HttpConnection(service.port()).post("/check", check_of("k", 5)).status, 200);
}

}  // namespace
}  // namespace rateguard::test
