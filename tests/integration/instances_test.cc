// Several of the built program on one Redis: each shows who shares the counters, and what one is told reaches all.
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <string>

#include "integration/redis_for_tests.h"

namespace rateguard::test {
namespace {

namespace json = boost::json;

class InstancesTest : public testing::Test {
 protected:
  void SetUp() override { ASSERT_TRUE(redis_.start()) << redis_.log(); }

  std::string config(const std::string& name, int limit) const {
    return folder_.write(name, config_for(redis_.port(), kPatient, rule(limit)));
  }
  static std::string rule(int limit) {
    return fmt::format("rules:\n  - {{name: login, per: ip, limit: {}/h, on_store_failure: local}}\n", limit);
  }
  static json::array instances(const Service& service) {
    return json::parse(HttpConnection(service.port()).get("/v1/instances").body).at("instances").as_array();
  }
  static bool sees(const Service& service, size_t count) {
    return eventually([&] { return instances(service).size() == count; });
  }
  static HttpAnswer check(const Service& service) {
    return HttpConnection(service.port()).post("/check", check_rule("login", "192.0.2.1"));
  }

  TemporaryFolder folder_;
  RedisServer redis_;
};

TEST_F(InstancesTest, OneAloneShowsItself) {
  const Service alone({});
  const json::array list = instances(alone);
  ASSERT_EQ(list.size(), 1U);
  const json::object& self = list[0].as_object();
  EXPECT_TRUE(self.at("self").as_bool());
  EXPECT_EQ(self.at("pid").as_int64(), alone.pid());
  EXPECT_EQ(self.at("seen_ms_ago").as_int64(), 0);
  EXPECT_EQ(self.at("addresses").at("http").as_string(), fmt::format("127.0.0.1:{}", alone.port()));
}

TEST_F(InstancesTest, EachShowsAllAndTheirRules) {
  const Service one({"--config", config("one.yaml", 3)});
  Service other({"--config", config("other.yaml", 3)});
  ASSERT_TRUE(sees(one, 2));
  ASSERT_TRUE(sees(other, 2));
  const json::array list = instances(one);
  EXPECT_EQ(list[0].at("pid").as_int64(), one.pid());
  EXPECT_EQ(list[1].at("pid").as_int64(), other.pid());
  EXPECT_FALSE(list[1].at("self").as_bool());
  EXPECT_EQ(list[0].at("rules_revision"), list[1].at("rules_revision"));

  config("other.yaml", 4);
  EXPECT_TRUE(eventually([&] {
    const json::array now = instances(one);
    return now.size() == 2 && now[0].at("rules_revision") != now[1].at("rules_revision");
  }));
  other.signal(SIGTERM);
  EXPECT_EQ(other.wait(), 0);
  EXPECT_TRUE(sees(one, 1));
}

// With `sync` an instance decides by its own count, which nobody but a message takes away.
TEST_F(InstancesTest, AResetOfOneIsHeardByAll) {
  const std::string rules = "rules: [{name: login, per: ip, limit: 1/h, consistency: sync}]\n";
  const Service one(
      {"--config", folder_.write("one.yaml", config_for(redis_.port(), kPatient, rules)), "--threads", "1"});
  const Service other(
      {"--config", folder_.write("other.yaml", config_for(redis_.port(), kPatient, rules)), "--threads", "1"});
  ASSERT_TRUE(sees(one, 2));
  ASSERT_TRUE(sees(other, 2));
  EXPECT_EQ(check(other).status, 200);
  EXPECT_EQ(check(other).status, 429);
  EXPECT_TRUE(eventually([&] { return check(one).status == 429; }));
  EXPECT_EQ(HttpConnection(one.port()).send("DELETE", "/v1/counters/login/192.0.2.1", "").status, 200);
  EXPECT_TRUE(eventually([&] { return check(other).status == 200; }));
}

TEST_F(InstancesTest, WhileRedisIsAwayALocalLimitIsDividedByThoseLastSeen) {
  const Service one({"--config", config("one.yaml", 4)});
  const Service other({"--config", config("other.yaml", 4)});
  ASSERT_TRUE(sees(one, 2));
  ASSERT_TRUE(sees(other, 2));
  redis_.kill();
  int admitted = 0;
  for (int i = 0; i < 6; ++i) admitted += check(one).status == 200 ? 1 : 0;
  EXPECT_EQ(admitted, 2) << "half of the limit";
  EXPECT_EQ(instances(one).size(), 2U) << "as it was";
}

}  // namespace
}  // namespace rateguard::test
