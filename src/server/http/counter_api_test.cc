// GET and DELETE /v1/counters/{rule}/{key...}
#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

HttpApiHarness with_rules() {
  rules::Rule pair = rule_of("by two", "user", *Limit::token_bucket(5, {}));
  pair.per.push_back(*rules::Part::parse("header:X-T"));
  rules::Rule plans = rule_of("plans", "user", *Limit::token_bucket(1, {}));
  plans.limit.reset();
  plans.by_plan = {{"free", *Limit::token_bucket(3, {})}, {"big", std::nullopt}};
  rules::Rule global = rule_of("global", "global", *Limit::fixed_window(9, Duration::seconds(60)));
  return HttpApiHarness({rule_of("login", "ip", *Limit::token_bucket(5, {})), pair, plans, global});
}

TEST(Counters, LookingTakesNothing) {
  HttpApiHarness server = with_rules();
  EXPECT_EQ(server.check(R"({"rule":"login","key":"2001:db8::1","cost":2})").code, 200);
  for (int i = 0; i < 3; ++i) {
    const auto answer = server.get("/v1/counters/login/2001:db8::ffff");  // one /64
    EXPECT_EQ(answer.code, 200);
    EXPECT_EQ(answer.text,
              R"({"rule":"login","key":["2001:db8::ffff"],"algorithm":"token_bucket","limit":5,"remaining":3,)"
              R"("reset_after_ms":2000})");
    EXPECT_EQ(answer["Cache-Control"], "no-store");
  }
}

TEST(Counters, EverySegmentIsAPart) {
  HttpApiHarness server = with_rules();
  EXPECT_EQ(server.check(R"({"rule":"by two","key":["a/b","c d"],"cost":4})").code, 200);
  EXPECT_NE(server.get("/v1/counters/by%20two/a%2Fb/c%20d").text.find("\"remaining\":1,"), std::string::npos);
  EXPECT_EQ(server.get("/v1/counters/by%20two/a%2Fb").code, 400);
  EXPECT_EQ(server.get("/v1/counters/by%20two/a/b/c/d/e/f/g/h/i").code, 400);
  EXPECT_EQ(server.get("/v1/counters/login/").code, 400);
  EXPECT_EQ(server.get("/v1/counters/global").code, 200);
  EXPECT_EQ(server.get("/v1/counters/login/%zz").code, 400);
  EXPECT_EQ(server.get("/v1/counters/nope/x").code, 404);
  EXPECT_EQ(server.get("/v1/counters/").code, 404);
}

TEST(Counters, ThePlanComesWithTheQuery) {
  HttpApiHarness server = with_rules();
  EXPECT_NE(server.get("/v1/counters/plans/u?plan=free").text.find("\"limit\":3,"), std::string::npos);
  EXPECT_EQ(server.get("/v1/counters/plans/u?plan=big").text,
            R"({"rule":"plans","key":["u"],"algorithm":null,"limit":null,"remaining":null,"reset_after_ms":0})");
  EXPECT_EQ(server.get("/v1/counters/plans/u?plan=x").code, 400);
  EXPECT_EQ(server.get("/v1/counters/plans/u?plam=free").code, 400);
}

TEST(Counters, AResetCounterIsFresh) {
  HttpApiHarness server = with_rules();
  const FakeRequest reset = {.method = "DELETE", .target = "/v1/counters/login/1.2.3.4"};
  EXPECT_EQ(server.ask(reset).text, R"({"rule":"login","key":["1.2.3.4"],"existed":false})");
  EXPECT_EQ(server.check(R"({"rule":"login","key":"1.2.3.4","cost":5})").code, 200);
  EXPECT_EQ(server.check(R"({"rule":"login","key":"1.2.3.4"})").code, 429);
  EXPECT_EQ(server.ask(reset).text, R"({"rule":"login","key":["1.2.3.4"],"existed":true})");
  EXPECT_EQ(server.check(R"({"rule":"login","key":"1.2.3.4"})").code, 200);
}

TEST(Counters, OnlyAnAdminResets) {
  HttpApiHarness server = with_rules();
  FakeRequest reset = {.method = "DELETE", .target = "/v1/counters/login/1.2.3.4", .peer = "10.0.0.1"};
  EXPECT_EQ(server.ask(reset).code, 403);
  reset.peer = "127.0.0.1";
  reset.headers = {{"X-Forwarded-For", "10.0.0.1"}};
  EXPECT_EQ(server.ask(reset).code, 403);
  reset.headers = {{"Origin", "https://evil.example"}};
  EXPECT_EQ(server.ask(reset).code, 403);
  reset.headers = {};
  EXPECT_EQ(server.ask(reset).code, 200);
}

}  // namespace
}  // namespace rateguard::http_api
