// POST /check from end to end, without a socket.
#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

constexpr const char* kBucket = R"({"key":"u","algorithm":"token_bucket","capacity":2,"refill_rate":1)";

std::string bucket(std::string more = "") {
  return kBucket + more + "}";
}

TEST(PostCheck, AdmitsThenRefusesAndSaysHowLong) {
  HttpApiHarness server;
  const auto first = server.check(bucket());
  EXPECT_EQ(first.code, 200);
  EXPECT_EQ(first.content_type, "application/json");
  EXPECT_EQ(first.text,
            R"({"allowed":true,"limit":2,"remaining":1,"retry_after_ms":0,"reset_after_ms":1000,"rule":null,)"
            R"("degraded":false})");
  EXPECT_EQ(server.check(bucket()).code, 200);
  const auto refused = server.check(bucket());
  EXPECT_EQ(refused.code, 429);
  EXPECT_EQ(refused.text, R"({"allowed":false,"limit":2,"remaining":0,"retry_after_ms":1000,"reset_after_ms":2000,)"
                          R"("rule":null,"degraded":false})");
  EXPECT_EQ(refused["Retry-After"], "1");
  EXPECT_EQ(refused["RateLimit-Policy"], R"("ad_hoc";q=2;w=2)");
  EXPECT_EQ(refused["RateLimit"], R"("ad_hoc";r=0;t=1)");
  server.now = server.now + Duration::millis(999);
  EXPECT_EQ(server.check(bucket()).code, 429);
  server.now = server.now + Duration::millis(1);
  EXPECT_EQ(server.check(bucket()).code, 200);
}

TEST(PostCheck, AFractionOfATokenPerSecondIsExact) {
  HttpApiHarness server;
  const std::string slow = R"({"key":"s","algorithm":"token_bucket","capacity":1,"refill_rate":0.1})";
  EXPECT_EQ(server.check(slow).code, 200);
  EXPECT_NE(server.check(slow).text.find("\"retry_after_ms\":10000,"), std::string::npos);
  const std::string text =
      R"({"key":"t","algorithm":"token_bucket","capacity":100,"refill_rate":"100/10s","cost":100})";
  EXPECT_EQ(server.check(text).code, 200);
  EXPECT_NE(server.check(text).text.find("\"retry_after_ms\":10000,"), std::string::npos);
}

TEST(PostCheck, CostAboveTheLimitNeverFits) {
  HttpApiHarness server;
  const auto never = server.check(bucket(",\"cost\":3"));
  EXPECT_EQ(never.code, 429);
  EXPECT_NE(never.text.find("\"retry_after_ms\":null"), std::string::npos);
  EXPECT_FALSE(never.has("Retry-After"));
  EXPECT_EQ(never["RateLimit"], R"("ad_hoc";r=2)");
}

TEST(PostCheck, CostZeroLooksAndTouchesNothing) {
  HttpApiHarness server;
  EXPECT_NE(server.check(bucket(",\"cost\":0")).text.find("\"remaining\":2,"), std::string::npos);
  EXPECT_EQ(server.store->stats().keys, 0U);
}

struct AlgorithmCase {
  const char* name;
  const char* body;
  int admitted;  // of many at one instant
};

class EveryAlgorithm : public testing::TestWithParam<AlgorithmCase> {};

TEST_P(EveryAlgorithm, AdmitsItsLimitAtOneInstant) {
  HttpApiHarness server;
  int admitted = 0;
  for (int i = 0; i < 20; ++i) {
    const auto answer =
        server.check(std::string("{\"key\":\"k\",\"algorithm\":\"") + GetParam().name + "\"," + GetParam().body + "}");
    ASSERT_TRUE(answer.code == 200 || answer.code == 429) << answer.text;
    admitted += answer.code == 200 ? 1 : 0;
  }
  EXPECT_EQ(admitted, GetParam().admitted);
}

INSTANTIATE_TEST_SUITE_P(
    Http, EveryAlgorithm,
    testing::Values(AlgorithmCase{"token_bucket", R"("capacity":7,"refill_rate":1)", 7},
                    AlgorithmCase{"gcra", R"("limit":6,"window":"1m")", 6},
                    AlgorithmCase{"gcra", R"("limit":6,"window":"1m","burst":3)", 3},
                    AlgorithmCase{"gcra", R"("rate":"6/m","burst":4)", 4},
                    AlgorithmCase{"leaky_bucket", R"("rate":5,"queue":8)", 8},
                    AlgorithmCase{"fixed_window", R"("limit":5,"window":60)", 5},
                    AlgorithmCase{"fixed_window", R"("limit":5,"window":"60s","anchor":"first_request")", 5},
                    AlgorithmCase{"fixed_window", R"("limit":5,"window":"60s","anchor":"epoch")", 5},
                    AlgorithmCase{"fixed_window", R"("limit":4,"anchor":"month")", 4},
                    AlgorithmCase{"fixed_window", R"("limit":4,"anchor":"day","time_zone":"UTC")", 4},
                    AlgorithmCase{"sliding_window", R"("limit":9,"window":"250ms")", 9},
                    AlgorithmCase{"sliding_window_log", R"("limit":9,"window":0.5)", 9},
                    AlgorithmCase{"sliding_window_counter", R"("limit":3,"window":"1h")", 3},
                    AlgorithmCase{"concurrency", R"("limit":2,"hold":"30s")", 2}));

TEST(PostCheck, ALeakyBucketSaysHowLongToWaitForItsTurn) {
  HttpApiHarness server;
  const std::string body = R"({"key":"q","algorithm":"leaky_bucket","rate":10,"queue":5})";
  EXPECT_NE(server.check(body).text.find("\"delay_ms\":0}"), std::string::npos);
  EXPECT_NE(server.check(body).text.find("\"delay_ms\":100}"), std::string::npos);
}

TEST(PostCheck, AHoldIsGivenBackOnce) {
  HttpApiHarness server;
  const std::string body = R"({"key":"c","algorithm":"concurrency","limit":1,"hold":"30s"})";
  const auto held = server.check(body);
  const size_t at = held.text.find("\"hold\":\"");
  ASSERT_NE(at, std::string::npos) << held.text;
  const std::string hold = held.text.substr(at + 8, 40);
  EXPECT_EQ(held["RateLimit-Policy"], R"("ad_hoc";q=1;qu="concurrent-requests")");
  EXPECT_EQ(server.check(body).code, 429);
  const auto released = server.post("/v1/release", "{\"hold\":\"" + hold + "\"}");
  EXPECT_EQ(released.code, 200);
  EXPECT_EQ(released.text, "{\"released\":true}");
  EXPECT_EQ(server.post("/v1/release", "{\"hold\":\"" + hold + "\"}").code, 404);
  EXPECT_EQ(server.check(body).code, 200);
  EXPECT_EQ(server.post("/v1/release", "{\"hold\":\"xyz\"}").code, 400);
}

HttpApiHarness with_login() {
  rules::Rule login = rule_of("login", "ip", *Limit::sliding_window_log(1, Duration::seconds(60)));
  login.match = {.methods = {"POST"}, .paths = {"/login"}};
  rules::Rule tenants = rule_of("tenants", "header:X-Tenant", *Limit::token_bucket(5, {.units = 5}));
  tenants.per.push_back(*rules::Part::parse("ip"));
  tenants.match = {.paths = {"/api/*"}};
  rules::Rule plans = rule_of("plans", "api_key", *Limit::token_bucket(1, {}));
  plans.match = {.paths = {"/plans"}};
  plans.limit.reset();
  plans.by_plan = {{"free", *Limit::token_bucket(3, {})}, {"big", std::nullopt}};
  rules::Rule shadow = rule_of("shadow", "global", *Limit::fixed_window(1, Duration::seconds(60)));
  shadow.per.clear();
  shadow.per.push_back(*rules::Part::parse("global"));
  shadow.mode = rules::RuleMode::kShadow;
  shadow.match = {.paths = {"/login", "/shadow"}};
  return HttpApiHarness({login, tenants, plans, shadow});
}

TEST(PostCheck, DecidesAConfiguredRuleByItsKey) {
  HttpApiHarness server = with_login();
  const std::string body = R"({"rule":"login","key":"203.0.113.9"})";
  const auto admitted = server.check(body);
  EXPECT_EQ(admitted.text, R"({"allowed":true,"limit":1,"remaining":0,"retry_after_ms":0,"reset_after_ms":60000,)"
                           R"("rule":"login","degraded":false})");
  const auto refused = server.check(body);
  EXPECT_EQ(refused.code, 429);
  EXPECT_EQ(refused["RateLimit-Policy"], R"("login";q=1;w=60)");
  EXPECT_EQ(refused["RateLimit"], R"("login";r=0;t=60)");
  EXPECT_EQ(refused["Retry-After"], "60");
  EXPECT_EQ(server.check(R"({"rule":"tenants","key":["acme","::1"]})").code, 200);
  EXPECT_EQ(server.check(R"({"rule":"plans","key":"k","plan":"free"})").code, 200);
}

TEST(PostCheck, ARuleAndItsFactsShareACounter) {
  HttpApiHarness server = with_login();
  EXPECT_EQ(server.check(R"({"rule":"login","key":"203.0.113.9"})").code, 200);
  EXPECT_EQ(server.check(R"({"facts":{"method":"POST","path":"/login","ip":"203.0.113.9"}})").code, 429);
}

TEST(PostCheck, AnUnlimitedPlanHasNoFigures) {
  HttpApiHarness server = with_login();
  const auto answer = server.check(R"({"rule":"plans","key":"k","plan":"big"})");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(answer.text,
            R"({"allowed":true,"limit":null,"remaining":null,"retry_after_ms":0,"reset_after_ms":0,"rule":null,)"
            R"("degraded":false})");
}

TEST(PostCheck, NamesTheErrorInARuleOrItsKey) {
  HttpApiHarness server = with_login();
  const auto unknown = server.check(R"({"rule":"nope","key":"k"})");
  EXPECT_EQ(unknown.code, 404);
  EXPECT_EQ(unknown.content_type, "application/problem+json");
  EXPECT_NE(unknown.text.find("\"field\":\"rule\""), std::string::npos);
  const auto no_ip = server.check(R"({"rule":"login","key":"bob"})");
  EXPECT_EQ(no_ip.code, 400);
  EXPECT_NE(no_ip.text.find("\"field\":\"key\""), std::string::npos);
  EXPECT_EQ(server.check(R"({"rule":"login","key":["1.2.3.4","b"]})").code, 400);
  EXPECT_EQ(server.check(R"({"rule":"login"})").code, 400);
  EXPECT_EQ(server.check(R"({"rule":"login","key":""})").code, 400);
  const auto plan = server.check(R"({"rule":"plans","key":"k","plan":"nope"})");
  EXPECT_EQ(plan.code, 400);
  EXPECT_NE(plan.text.find("\"field\":\"plan\""), std::string::npos);
}

TEST(PostCheck, FactsMeetEveryRuleThatMatches) {
  HttpApiHarness server = with_login();
  const auto answer = server.check(R"({"facts":{"method":"POST","path":"/login","ip":"203.0.113.9"},"explain":true})");
  EXPECT_EQ(answer.text, R"({"allowed":true,"limit":1,"remaining":0,"retry_after_ms":0,"reset_after_ms":60000,)"
                         R"("rule":"login","degraded":false,"limits":[)"
                         R"({"allowed":true,"limit":1,"remaining":0,"retry_after_ms":0,"reset_after_ms":60000,)"
                         R"("rule":"login","mode":"enforce","algorithm":"sliding_window_log","cost":1,"charged":true},)"
                         R"({"allowed":true,"limit":1,"remaining":0,"retry_after_ms":0,"reset_after_ms":40000,)"
                         R"("rule":"shadow","mode":"shadow","algorithm":"fixed_window","cost":1,"charged":true}]})");
  EXPECT_EQ(answer["RateLimit-Policy"], R"("login";q=1;w=60)");
}

TEST(PostCheck, AShadowRuleNeverChangesTheAnswer) {
  HttpApiHarness server = with_login();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server.check(R"({"facts":{"path":"/shadow"}})").code, 200);
  EXPECT_EQ(server.check(R"({"rule":"shadow"})").code, 200);
  EXPECT_NE(server.get("/metrics").text.find("rateguard_requests_shadow_blocked_total{rule=\"shadow\"} 3"),
            std::string::npos);
}

TEST(PostCheck, WithoutAMatchingRuleEverythingIsAdmitted) {
  HttpApiHarness server = with_login();
  const auto answer = server.check(R"({"facts":{"path":"/elsewhere"},"explain":true})");
  EXPECT_EQ(answer.text,
            R"({"allowed":true,"limit":null,"remaining":null,"retry_after_ms":0,"reset_after_ms":0,"rule":null,)"
            R"("degraded":false,"limits":[]})");
  EXPECT_FALSE(answer.has("RateLimit"));
}

TEST(PostCheck, SaysWhichIdentityIsMissing) {
  HttpApiHarness server = with_login();
  const auto answer = server.check(R"({"facts":{"path":"/api/x","ip":"1.2.3.4"}})");
  EXPECT_EQ(answer.code, 429);
  EXPECT_EQ(answer.text,
            R"({"allowed":false,"limit":null,"remaining":null,"retry_after_ms":null,"reset_after_ms":0,)"
            R"("rule":"tenants","degraded":false,"reason":"missing_identity","missing":"header:X-Tenant"})");
  EXPECT_EQ(server.check(R"({"facts":{"path":"/api/x","ip":"1.2.3.4","headers":{"x-tenant":"a"}}})").code, 200);
}

TEST(PostCheck, TakesEverySpellingOfANumber) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("algorithm":"token_bucket","capacity":1E3,"refill_rate":1e-05)", R"("limit":1000,"remaining":999)"},
      {R"("algorithm":"token_bucket","capacity":1000.0,"refill_rate":1E-5)", R"("limit":1000,"remaining":999)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1.0)", R"("remaining":9)"},
      {R"("algorithm":"gcra","rate":1e1,"burst":20e-1)", R"("limit":2,"remaining":1)"},
      {R"("algorithm":"leaky_bucket","rate":0.1,"queue":5.0)", R"("limit":5)"},
      {R"("algorithm":"fixed_window","limit":1e2,"window":6e1)", R"("limit":100,"remaining":99)"},
      {R"("algorithm":"sliding_window","limit":5.0e0,"window":1e-3)", R"("limit":5,"remaining":4)"},
      {R"("algorithm":"concurrency","limit":3.00,"hold":1E1)", R"("limit":3,"remaining":2)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":4.0)", R"("remaining":6)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":4e0)", R"("remaining":6)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":-0)", R"("remaining":10)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":0e9)", R"("remaining":10)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":-1.0)", R"("remaining":10)"},
      {R"("algorithm":"token_bucket","capacity":10,"refill_rate":1,"cost":-2e0)", R"("remaining":10)"},
  };
  for (const auto& [fields, expected] : cases) {
    HttpApiHarness server;
    const auto answer = server.check(R"({"key":"a",)" + fields + "}");
    EXPECT_EQ(answer.code, 200) << fields << answer.text;
    EXPECT_NE(answer.text.find(expected), std::string::npos) << fields << answer.text;
    const auto batch = server.post("/v1/check/batch", R"({"checks":[{"key":"b",)" + fields + "}]}");
    EXPECT_NE(batch.text.find(expected), std::string::npos) << fields << batch.text;
  }
}

TEST(PostCheck, ASpellingChangesNoFigure) {
  HttpApiHarness server;
  const auto once = [&](std::string key, const char* rate) {
    return server
        .check(R"({"key":")" + key + R"(","algorithm":"token_bucket","capacity":1,"refill_rate":)" + rate + "}")
        .text;
  };
  // One unit in 100,000 s, to the microsecond, however it is written.
  EXPECT_NE(once("a", "0.00001").find(R"("reset_after_ms":100000000)"), std::string::npos);
  EXPECT_EQ(once("b", "1e-05"), once("c", "0.00001"));
  EXPECT_EQ(once("d", "10E-6"), once("e", "0.000010"));
}

TEST(PostCheck, FactsTakeEverySpellingOfACost) {
  HttpApiHarness server = with_login();
  const auto answer = server.check(R"({"facts":{"path":"/shadow","cost":1.0},"explain":true})");
  EXPECT_EQ(answer.code, 200) << answer.text;
  EXPECT_NE(answer.text.find(R"("rule":"shadow")"), std::string::npos);
}

struct BadCase {
  const char* body;
  const char* field;
  const char* expected;  // part of the detail
};

class BadCheck : public testing::TestWithParam<BadCase> {};

TEST_P(BadCheck, IsRefusedByName) {
  HttpApiHarness server;
  const auto answer = server.check(GetParam().body);
  EXPECT_EQ(answer.code, 400) << GetParam().body;
  EXPECT_EQ(answer.content_type, "application/problem+json");
  EXPECT_TRUE(answer.text.starts_with(R"({"type":"about:blank","title":"Bad Request","status":400,"detail":")"))
      << answer.text;
  EXPECT_NE(answer.text.find(std::string("\"field\":\"") + GetParam().field + "\""), std::string::npos) << answer.text;
  EXPECT_NE(answer.text.find(GetParam().expected), std::string::npos) << answer.text;
  EXPECT_EQ(answer["X-Request-Id"].size(), 32U);
  EXPECT_EQ(server.store->stats().keys, 0U);
}

INSTANTIATE_TEST_SUITE_P(
    Http, BadCheck,
    testing::Values(
        BadCase{R"({"key":"a","algorithm":"sliding_window_log","limit":4294967296,"window":60})", "limit",
                "limit must be from 1 to 4294967295"},
        BadCase{R"({"key":"a","algorithm":"sliding_window_counter","limit":4294967296,"window":60})", "limit",
                "limit must be from 1 to 4294967295"},
        BadCase{R"({"key":"a","algorithm":"concurrency","limit":4294967296,"hold":60})", "limit",
                "limit must be from 1 to 4294967295"},
        BadCase{R"({"key":"a","algorithm":"gcra","limit":9007199254740991,"window":60,"burst":5})", "limit",
                "the rate must be from 1 to"},
        BadCase{R"({"key":"a","algorithm":"concurrency","limit":5,"hold":0})", "hold", "hold must be from 1ms"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":5,"window":0})", "window", "window must be from 1ms"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":9007199254740992,"window":60})", "limit",
                "a whole number from 1 to 9007199254740991"},
        BadCase{"{}", "algorithm", "missing"}, BadCase{R"({"key":"a"})", "algorithm", "missing"},
        BadCase{R"({"algorithm":"gcra"})", "key", "missing"},
        BadCase{R"({"key":["a"],"algorithm":"gcra","rate":1,"burst":1})", "key", "expected a string"},
        BadCase{R"({"key":"","algorithm":"gcra","rate":1,"burst":1})", "key", "1 to 1024 bytes, not 0"},
        BadCase{R"({"key":"a","algorithm":"bucket"})", "algorithm", "token_bucket, gcra"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":1})", "refill_rate", "missing"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","refill_rate":1})", "capacity", "missing"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":1,"refill_rate":1,"window":5})", "window",
                "does not belong to token_bucket, which takes capacity and refill_rate"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":0,"refill_rate":1})", "capacity", "not 0"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":-1,"refill_rate":1})", "capacity", "not -1"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":9007199254740992,"refill_rate":1})", "capacity",
                "from 1 to 9007199254740991, not 9007199254740992"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":1.5,"refill_rate":1})", "capacity", "not 1.5"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":99999999999999999999,"refill_rate":1})", "capacity",
                "not 99999999999999999999"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":1,"refill_rate":0})", "refill_rate", "not 0"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":1,"refill_rate":"soon"})", "refill_rate", "soon"},
        BadCase{R"({"key":"a","algorithm":"token_bucket","capacity":4294967295,"refill_rate":"1/366d"})", "refill_rate",
                "35 years"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"window":"1 parsec"})", "window", "parsec"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"window":"400d"})", "window", "366d"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"window":0})", "window", "1ms"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"window":0.0001})", "window", "millisecond"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"anchor":"fortnight"})", "anchor", "fortnight"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"anchor":"day","window":5})", "window",
                "does not belong"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"anchor":"day","time_zone":"Mars/Base"})",
                "time_zone", "Mars/Base"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":1,"cost":-9007199254740992})", "cost",
                "from -9007199254740991, which gives back, to 9007199254740991, not -9007199254740992"},
        BadCase{R"({"key":"a","algorithm":"concurrency","limit":5,"hold":"1m","cost":-1})", "cost",
                "a hold is released by its id"},
        BadCase{R"({"key":"a","algorithm":"leaky_bucket","rate":1,"queue":1,"overdraft":true})", "overdraft",
                "overdraft does not go with leaky_bucket"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":1,"rule":"x"})", "algorithm", "does not go with"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":1,"plan":"x"})", "plan", "does not belong"},
        BadCase{R"({"facts":{},"key":"a"})", "key", "does not go with"},
        BadCase{R"({"facts":{"ip":"300.1.1.1"}})", "facts.ip", "300.1.1.1"},
        BadCase{R"({"facts":{"cost":1},"cost":1})", "cost", "twice"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":1e-1})", "burst", "a whole number from 1 to"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":1E16})", "burst", "not 1E16"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1,"burst":5,"cost":1.5e0})", "cost", "not 1.5e0"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":1e-30,"burst":5})", "rate", "1e-30"},
        BadCase{R"({"key":"a","algorithm":"gcra","rate":-1e-5,"burst":5})", "rate", "-0.00001"},
        BadCase{R"({"key":"a","algorithm":"fixed_window","limit":1,"window":1e-4})", "window", "millisecond"},
        BadCase{R"({"facts":{"cost":1.5}})", "facts.cost", "not 1.5"}));

TEST(PostCheck, ANegativeCostGivesBack) {
  HttpApiHarness server;
  const auto check = [&](int cost) {
    return server.check(R"({"key":"a","algorithm":"fixed_window","limit":10,"window":"1h","cost":)" +
                        std::to_string(cost) + "}");
  };
  EXPECT_NE(check(4).text.find(R"("remaining":6)"), std::string::npos);
  EXPECT_NE(check(-3).text.find(R"("allowed":true,"limit":10,"remaining":9)"), std::string::npos) << check(0).text;
  EXPECT_NE(check(-3).text.find(R"("remaining":10)"), std::string::npos);
  EXPECT_EQ(check(11).code, 429);
}

TEST(PostCheck, ALimitThatTakesDebtIsAskedAtNoCostAndChargedWhole) {
  HttpApiHarness server;
  const auto check = [&](int cost) {
    return server.check(R"({"key":"a","algorithm":"fixed_window","limit":10,"window":"1h","overdraft":true,"cost":)" +
                        std::to_string(cost) + "}");
  };
  EXPECT_EQ(check(0).code, 200);
  EXPECT_EQ(check(25).code, 200);
  EXPECT_EQ(check(0).code, 429);
  EXPECT_EQ(check(5).code, 429) << "charged, and nothing was left before it";
  EXPECT_EQ(check(-20).code, 200);
  EXPECT_EQ(check(0).code, 429) << "10 of 10 are used";
  EXPECT_EQ(check(-1).code, 200);
  EXPECT_EQ(check(0).code, 200);
}

TEST(PostCheck, NamesEveryMistakeAtOnce) {
  HttpApiHarness server;
  const auto answer = server.check(R"({"keey":"a","capacity":"x"})");
  EXPECT_NE(answer.text.find(R"("errors":[{"field":"keey","detail":"unknown field"},{"field":"capacity")"),
            std::string::npos)
      << answer.text;
}

TEST(PostCheck, TakesJsonAndNothingElse) {
  HttpApiHarness server;
  const auto ask = [&](const std::string& type, const std::string& origin = "") {
    FakeRequest request = {.method = "POST", .target = "/check", .body = bucket(",\"cost\":0")};
    if (!type.empty()) request.headers.emplace_back("Content-Type", type);
    if (!origin.empty()) request.headers.emplace_back("Origin", origin);
    return server.ask(request);
  };
  EXPECT_EQ(ask("application/json").code, 200);
  EXPECT_EQ(ask("Application/JSON; charset=utf-8").code, 200);
  EXPECT_EQ(ask("").code, 200);
  EXPECT_EQ(ask("application/x-www-form-urlencoded").code, 200);  // curl -d
  const auto text = ask("text/plain");
  EXPECT_EQ(text.code, 415);
  EXPECT_EQ(text["Accept"], "application/json");
  EXPECT_NE(text.text.find("not \\\"text/plain\\\""), std::string::npos) << text.text;
  EXPECT_EQ(ask("application/jsonp").code, 415);
  // A page in a browser.
  EXPECT_EQ(ask("application/json", "https://a.example").code, 200);
  EXPECT_EQ(ask("application/x-www-form-urlencoded", "https://a.example").code, 415);
  EXPECT_EQ(ask("", "null").code, 415);
}

TEST(PostCheck, HeadersComeInTheStyleThatWasChosen) {
  HttpApiHarness server = with_login();
  const std::string body = R"({"rule":"login","key":"9.9.9.9"})";
  EXPECT_EQ(server.check(body).code, 200);
  server.service.settings.headers = HeaderStyle::kDraft6;
  auto answer = server.check(body);
  EXPECT_EQ(answer["RateLimit-Policy"], "1;w=60");
  EXPECT_EQ(answer["RateLimit-Limit"], "1");
  EXPECT_EQ(answer["RateLimit-Remaining"], "0");
  EXPECT_EQ(answer["RateLimit-Reset"], "60");
  EXPECT_EQ(answer["Retry-After"], "60");
  server.service.settings.headers = HeaderStyle::kLegacy;
  answer = server.check(body);
  EXPECT_EQ(answer["X-RateLimit-Limit"], "1");
  EXPECT_EQ(answer["X-RateLimit-Remaining"], "0");
  EXPECT_EQ(answer["X-RateLimit-Reset"], "60");
  EXPECT_FALSE(answer.has("RateLimit-Policy"));
  server.service.settings.headers = HeaderStyle::kOff;
  answer = server.check(body);
  ASSERT_EQ(answer.headers.size(), 1U);
  EXPECT_EQ(answer["Retry-After"], "60");
}

}  // namespace
}  // namespace rateguard::http_api
