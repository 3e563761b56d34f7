// POST /v1/settle, and the charges that checks answer for it.
#include <gtest/gtest.h>

#include <string>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

constexpr Duration kHour = Duration::seconds(3'600);

// What a member of an answer holds, without its quotes; empty: it is not there.
std::string member(const std::string& text, const std::string& name) {
  const std::string begin = "\"" + name + "\":";
  const size_t at = text.find(begin);
  if (at == std::string::npos) return {};
  const std::string rest = text.substr(at + begin.size());
  return rest.starts_with('"') ? rest.substr(1, rest.find('"', 1) - 1) : rest.substr(0, rest.find_first_of(",}"));
}

struct SettleApi : testing::Test {
  // Charges an estimate of a limit of tokens, and gives the charge.
  std::string charge(int estimate, std::string_view key = "acme") {
    const auto answer = server.check(R"({"rule":"tokens","key":")" + std::string(key) + R"(","settle":true,"cost":)" +
                                     std::to_string(estimate) + "}");
    return member(answer.text, "charge");
  }
  FakeResponse settle(const std::string& charge, int actual, std::string_view key = "acme") {
    return server.post("/v1/settle", R"({"rule":"tokens","key":")" + std::string(key) + R"(","charge":")" + charge +
                                         R"(","actual":)" + std::to_string(actual) + "}");
  }
  std::string left() { return member(server.get("/v1/counters/tokens/acme").text, "remaining"); }

  HttpApiHarness server{{rule_of("tokens", "user", *Limit::fixed_window(1'000, kHour))}};
};

TEST_F(SettleApi, LessIsGivenBackAndMoreIsTaken) {
  const std::string first = charge(400);
  EXPECT_EQ(first.size(), 112u);
  const auto less = settle(first, 150);
  EXPECT_EQ(less.code, 200);
  EXPECT_EQ(less.text, R"({"settled":true,"repeated":false,"limit":1000,"remaining":850,"reset_after_ms":)" +
                           member(less.text, "reset_after_ms") + "}");
  EXPECT_EQ(left(), "850");
  EXPECT_EQ(settle(charge(100), 300).code, 200);
  EXPECT_EQ(left(), "550");
}

TEST_F(SettleApi, ASecondTimeChangesNothing) {
  const std::string once = charge(400);
  settle(once, 150);
  const auto again = settle(once, 0);
  EXPECT_EQ(again.code, 200);
  EXPECT_EQ(member(again.text, "repeated"), "true");
  EXPECT_EQ(member(again.text, "remaining"), "850");
  EXPECT_EQ(left(), "850");
}

TEST_F(SettleApi, ALimitThatCameWithTheCheckIsSettledByTheSameFields) {
  const std::string limit = R"("key":"k","algorithm":"token_bucket","capacity":100,"refill_rate":"1/1h")";
  const std::string made = member(server.check("{" + limit + R"(,"cost":60,"settle":true})").text, "charge");
  const auto answer = server.post("/v1/settle", "{" + limit + R"(,"charge":")" + made + R"(","actual":10})");
  EXPECT_EQ(member(answer.text, "remaining"), "90") << answer.text;
}

TEST_F(SettleApi, ChecksOfABatchAreSettledEachOnItsOwn) {
  const std::string entry = R"({"rule":"tokens","key":"acme","cost":100,"settle":true})";
  const auto answer = server.post("/v1/check/batch", R"({"checks":[)" + entry + "," + entry + "]}");
  const size_t second = answer.text.rfind("\"charge\":\"");
  ASSERT_NE(second, std::string::npos) << answer.text;
  settle(member(answer.text, "charge"), 10);
  EXPECT_EQ(left(), "890");
  settle(answer.text.substr(second + 10, 112), 20);
  EXPECT_EQ(left(), "970");
}

TEST_F(SettleApi, OnlyWhoeverAsksIsGivenACharge) {
  EXPECT_EQ(member(server.check(R"({"rule":"tokens","key":"acme","cost":5})").text, "charge"), "");
  EXPECT_EQ(member(server.check(R"({"rule":"tokens","key":"acme","cost":5,"settle":false})").text, "charge"), "");
}

TEST_F(SettleApi, NothingIsToBeSettledWhereNothingWasTaken) {
  EXPECT_EQ(charge(1'001), "");
  const auto given_back = server.check(R"({"rule":"tokens","key":"acme","cost":-5,"settle":true})");
  EXPECT_EQ(given_back.code, 200);
  EXPECT_EQ(member(given_back.text, "charge"), "");
}

TEST_F(SettleApi, AHoldIsSettledByBeingReleased) {
  const std::string held =
      member(server.check(R"({"key":"k","algorithm":"concurrency","limit":1,"hold":"1m","settle":true})").text, "hold");
  ASSERT_EQ(held.size(), 40u);
  EXPECT_EQ(server.post("/v1/settle", R"({"hold":")" + held + R"(","actual":7})").text,
            R"({"settled":true,"repeated":false})");
  EXPECT_EQ(server.post("/v1/settle", R"({"hold":")" + held + "\"}").code, 404);
  EXPECT_EQ(server.check(R"({"key":"k","algorithm":"concurrency","limit":1,"hold":"1m"})").code, 200);
}

TEST_F(SettleApi, ItIsTooLateAfterAnHour) {
  const std::string made = charge(400);
  server.now = Instant(server.now) + kHour;
  const auto late = settle(made, 1);
  EXPECT_EQ(late.code, 410);
  EXPECT_EQ(member(late.text, "field"), "charge");
}

TEST_F(SettleApi, AChargeIsNotSettledUnderAnotherKey) {
  const std::string made = charge(400);
  const auto other = settle(made, 1, "umbrella");
  EXPECT_EQ(other.code, 404);
  EXPECT_EQ(member(other.text, "field"), "charge");
  EXPECT_TRUE(other.text.contains("this check has made no such charge")) << other.text;
  EXPECT_EQ(left(), "600");
}

// Charges are numbered in order: a client that has one knows the next one's number.
TEST_F(SettleApi, NobodyCanSettleTheNextChargeInPlaceOfItsOwner) {
  std::string guessed = charge(1, "umbrella");
  const std::string made = charge(400);
  guessed.replace(0, 32, made.substr(0, 32));
  const auto forged = settle(guessed, 0, "umbrella");
  EXPECT_EQ(forged.code, 404);
  EXPECT_EQ(member(forged.text, "field"), "charge");
  EXPECT_EQ(member(settle(made, 150).text, "repeated"), "false");
  EXPECT_EQ(left(), "850");
}

TEST_F(SettleApi, AnAlteredChargeChangesNothing) {
  const std::string made = charge(400);
  std::string altered = made;
  altered[32] = altered[32] == '0' ? '1' : '0';  // of the units
  EXPECT_EQ(settle(altered, 0).code, 404);
  EXPECT_EQ(left(), "600");
  EXPECT_EQ(member(settle(made, 150).text, "repeated"), "false");
}

TEST_F(SettleApi, AChargeOfOtherCountersIsUnknownHere) {
  const std::string made = charge(400);
  server.service.charge_secrets.set(0, {{1, 2, 3}});
  EXPECT_EQ(settle(made, 150).code, 404);
  EXPECT_EQ(left(), "600");
}

TEST_F(SettleApi, NothingIsSettledBeforeTheSecretOfAStoreIsKnown) {
  const std::string made = charge(400);
  rules::Rule remote = rule_of("tokens", "user", *Limit::fixed_window(1'000, kHour));
  remote.store_number = 1;
  server.set_rules({remote});
  EXPECT_EQ(charge(1), "");
  const auto answer = settle(made, 150);
  EXPECT_EQ(answer.code, 503);
  EXPECT_EQ(answer["Retry-After"], "1");
}

TEST_F(SettleApi, UnderAnUnlimitedPlanNothingIsSettled) {
  rules::Rule plans = rule_of("tokens", "user", *Limit::fixed_window(1'000, kHour));
  plans.by_plan = {{"free", plans.limit}, {"all", std::nullopt}};
  plans.limit.reset();
  server.set_rules({plans});
  const std::string who = R"({"rule":"tokens","key":"acme","plan":)";
  const std::string made = member(server.check(who + R"("free","settle":true,"cost":400})").text, "charge");
  const std::string charge = R"(,"charge":")" + made + R"(","actual":150})";
  const auto other = server.post("/v1/settle", who + R"("all")" + charge);
  EXPECT_EQ(other.code, 200);
  EXPECT_EQ(other.text, R"({"settled":false,"repeated":false,"reason":"unlimited"})");
  EXPECT_EQ(server.post("/v1/settle", who + R"("all","charge":"xyz","actual":1})").code, 400);
  const auto settled = server.post("/v1/settle", who + R"("free")" + charge);
  EXPECT_EQ(member(settled.text, "repeated"), "false") << settled.text;
  EXPECT_EQ(member(settled.text, "remaining"), "850") << settled.text;
}

TEST_F(SettleApi, ARuleThatIsUnlimitedByNowHasNothingToCorrect) {
  const std::string made = charge(400);
  rules::Rule unlimited = rule_of("tokens", "user", *Limit::fixed_window(1, kHour));
  unlimited.limit.reset();
  unlimited.unlimited = true;
  unlimited.match = {.paths = {"/free"}};
  server.set_rules({unlimited});
  EXPECT_EQ(settle(made, 1).text, R"({"settled":false,"repeated":false,"reason":"unlimited"})");
}

TEST_F(SettleApi, SaysWhatIsWrongWithARequest) {
  const std::string made = charge(400);
  const std::string rule = R"("rule":"tokens","key":"acme")";
  const auto field_of = [&](const std::string& fields) {
    const auto answer = server.post("/v1/settle", "{" + fields + "}");
    return std::to_string(answer.code) + " " + member(answer.text, "field");
  };
  EXPECT_EQ(field_of(rule + R"(,"actual":1)"), "400 charge");
  EXPECT_EQ(field_of(rule + R"(,"charge":")" + made + "\""), "400 actual");
  EXPECT_EQ(field_of(rule + R"(,"actual":-1,"charge":")" + made + "\""), "400 actual");
  EXPECT_EQ(field_of(rule + R"(,"actual":1,"charge":"xyz")"), "400 charge");
  EXPECT_EQ(field_of(rule + R"(,"actual":1,"cost":1,"charge":")" + made + "\""), "400 cost");
  EXPECT_EQ(field_of(R"("facts":{},"actual":1,"charge":")" + made + "\""), "400 facts");
  EXPECT_EQ(field_of(R"("rule":"nope","key":"acme","actual":1,"charge":")" + made + "\""), "404 rule");
  EXPECT_EQ(field_of(R"("hold":"00")"), "400 hold");
  EXPECT_EQ(field_of(R"("hold":5)"), "400 hold");
  EXPECT_EQ(field_of(R"("hold":"00","rule":"tokens")"), "400 rule");
  // And a check takes none of these fields.
  const auto check = server.check("{" + rule + R"(,"actual":1})");
  EXPECT_EQ(check.code, 400);
  EXPECT_EQ(member(check.text, "field"), "actual");
  EXPECT_EQ(server.check(R"({"facts":{},"settle":true})").code, 400);
  EXPECT_EQ(left(), "600");
}

}  // namespace
}  // namespace rateguard::http_api
