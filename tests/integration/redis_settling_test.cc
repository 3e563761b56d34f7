// Units that are given back, and holds that are released, while the Redis that has them is stopped, killed or back.
#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <thread>
#include <vector>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

// Windows and holds that do not end while a test runs.
constexpr const char* kRules = R"(rules:
  - {name: metered, per: user, limit: 1000000/d, algorithm: fixed_window, anchor: first_request, on_store_failure: deny}
  - {name: small, per: user, limit: 50/d, algorithm: fixed_window, anchor: first_request, on_store_failure: deny}
  - {name: jobs, per: user, algorithm: concurrency, limit: 3, hold: 1h, on_store_failure: deny}
)";

// A figure of an answer; -1: it has none.
int64_t figure_of(const HttpAnswer& answer, const std::string& name) {
  const std::string field = "\"" + name + "\":";
  const size_t at = answer.body.find(field);
  return at == std::string::npos ? -1 : std::stoll("0" + answer.body.substr(at + field.size()));
}

std::string hold_of(const HttpAnswer& answer) {
  const std::string name = R"("hold":")";
  const size_t at = answer.body.find(name);
  return at == std::string::npos ? "" : answer.body.substr(at + name.size(), 40);
}

class RedisSettlingTest : public testing::Test {
 protected:
  void start(const std::string& settings) {
    ASSERT_TRUE(redis_.start()) << redis_.log();
    service_.emplace(std::vector<std::string>{
        "--config", folder_.write("rateguard.yaml", config_for(redis_.port(), settings, kRules)), "--threads", "2"});
    connection_.emplace(service_->port());
  }
  static std::string move(const std::string& rule, int units) {
    return fmt::format(R"({{"rule":"{}","key":"a","cost":{}}})", rule, units);
  }
  HttpAnswer charge(const std::string& rule, int units) { return connection_->post("/check", move(rule, units)); }
  int release(const std::string& hold) {
    return connection_->post("/v1/release", R"({"hold":")" + hold + R"("})").status;
  }
  bool works() {
    return eventually([&] { return charge("metered", 0).status == 200; });
  }

  const TemporaryFolder folder_;
  RedisServer redis_;
  std::optional<Service> service_;
  std::optional<HttpConnection> connection_;
};

// Units that callers took and gave back. What was answered 503 may have been moved, or not.
struct Moved {
  std::atomic<int64_t> taken = 0;
  std::atomic<int64_t> perhaps_taken = 0;
  std::atomic<int64_t> given_back = 0;
  std::atomic<int64_t> perhaps_given_back = 0;
  std::atomic<int> others = 0;

  void count(const HttpAnswer& answer, int units) {
    if (answer.status != 200 && answer.status != 503) ++others;
    if (units > 0) (answer.status == 200 ? taken : perhaps_taken) += units;
    if (units < 0) (answer.status == 200 ? given_back : perhaps_given_back) -= units;
  }
};

TEST_F(RedisSettlingTest, AnsweredChargesMoveOnceHoweverOftenRedisStops) {
  start(", deadline: 50ms");
  Moved moved;
  std::atomic<bool> ended = false;
  std::vector<std::thread> clients;
  for (int i = 0; i < 4; ++i) {
    clients.emplace_back([&] {
      HttpConnection connection(service_->port());
      while (!ended) {
        for (const int units : {5, -3}) moved.count(connection.post("/check", move("metered", units)), units);
      }
    });
  }
  for (int round = 0; round < 4; ++round) {
    const int64_t before = moved.given_back;
    EXPECT_TRUE(eventually([&] { return moved.given_back > before + 100; })) << service_->log();
    const int64_t missing = moved.perhaps_given_back;
    redis_.signal(SIGSTOP);
    EXPECT_TRUE(eventually([&] { return moved.perhaps_given_back > missing; }));
    redis_.signal(SIGCONT);
  }
  ended = true;
  for (std::thread& client : clients) client.join();
  ASSERT_TRUE(works()) << service_->log();
  EXPECT_EQ(moved.others, 0);
  const int64_t used = 1'000'000 - figure_of(charge("metered", 0), "remaining");
  EXPECT_GE(used, moved.taken - moved.given_back - moved.perhaps_given_back);
  EXPECT_LE(used, moved.taken - moved.given_back + moved.perhaps_taken);
}

TEST_F(RedisSettlingTest, ALimitHoldsInARedisThatCameBackEmptyDespiteReturnedUnits) {
  start(", deadline: 1s");
  EXPECT_EQ(charge("small", 30).status, 200);
  redis_.kill();
  EXPECT_EQ(charge("small", -10).status, 503) << "not given back, and said so";
  ASSERT_TRUE(redis_.start()) << redis_.log();
  ASSERT_TRUE(works()) << service_->log();
  EXPECT_EQ(figure_of(charge("small", -20), "remaining"), 50) << "what the other server had counted";
  EXPECT_EQ(charge("small", 50).status, 200);
  EXPECT_EQ(charge("small", 1).status, 429);
  EXPECT_EQ(figure_of(charge("small", -10), "remaining"), 10);
  EXPECT_EQ(charge("small", 11).status, 429);
  EXPECT_EQ(charge("small", 10).status, 200);
}

TEST_F(RedisSettlingTest, AHoldWhoseReleaseWasNotAnsweredCanBeReleasedAgainAndFreesOnePlace) {
  start(", deadline: 1s");
  std::vector<std::string> holds;
  for (int i = 0; i < 3; ++i) holds.push_back(hold_of(charge("jobs", 1)));
  EXPECT_EQ(charge("jobs", 1).status, 429);
  redis_.signal(SIGSTOP);
  EXPECT_EQ(release(holds[0]), 503);
  redis_.signal(SIGCONT);
  ASSERT_TRUE(works()) << service_->log();
  const int again = release(holds[0]);
  EXPECT_TRUE(again == 200 || again == 404) << again;
  EXPECT_EQ(release(holds[0]), 404) << "once";
  const std::string another = hold_of(charge("jobs", 1));
  EXPECT_EQ(another.size(), 40U);
  EXPECT_EQ(charge("jobs", 1).status, 429) << "one place was freed";

  redis_.kill();
  EXPECT_EQ(release(another), 503);
  ASSERT_TRUE(redis_.start()) << redis_.log();
  ASSERT_TRUE(works()) << service_->log();
  EXPECT_EQ(release(another), 404) << "lost with the server";
  int admitted = 0;
  for (int i = 0; i < 10; ++i) admitted += charge("jobs", 1).status == 200 ? 1 : 0;
  EXPECT_EQ(admitted, 3);
}

}  // namespace
}  // namespace rateguard::test
