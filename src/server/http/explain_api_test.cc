// "explain": every limit that was asked, what it was charged, and what is really left of it.
#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

constexpr Duration kHour = Duration::seconds(3'600);

// From "limits" on.
std::string limits_in(const std::string& text) {
  const size_t at = text.find(",\"limits\":");
  return at == std::string::npos ? "none: " + text : text.substr(at + 1);
}

TEST(Explain, ALimitThatAnotherHoldsBackIsShownAsItIsAndNotAsIfItHadBeenTaken) {
  HttpApiHarness server({rule_of("tight", "ip", *Limit::fixed_window(1, kHour)),
                         rule_of("wide", "ip", *Limit::sliding_window_log(10, kHour))});
  const std::string body = R"({"facts":{"ip":"192.0.2.1","cost":1},"explain":true})";
  EXPECT_EQ(server.check(body).code, 200);
  const auto refused = server.check(body);
  EXPECT_EQ(refused.code, 429);
  EXPECT_EQ(limits_in(refused.text),
            R"("limits":[{"allowed":false,"limit":1,"remaining":0,"retry_after_ms":2800000,"reset_after_ms":2800000,)"
            R"("rule":"tight","mode":"enforce","algorithm":"fixed_window","cost":1,"charged":false},)"
            R"({"allowed":true,"limit":10,"remaining":9,"retry_after_ms":0,"reset_after_ms":3600000,)"
            R"("rule":"wide","mode":"enforce","algorithm":"sliding_window_log","cost":1,"charged":false}]})");
  EXPECT_EQ(server.check(body).text, refused.text) << "a refusal changes nothing";
}

TEST(Explain, SoItIsInABatch) {
  HttpApiHarness server({rule_of("tight", "ip", *Limit::fixed_window(1, kHour)),
                         rule_of("wide", "ip", *Limit::token_bucket(10, {.units = 10, .period = kHour}))});
  const std::string entry = R"({"facts":{"ip":"192.0.2.1","cost":2},"explain":true})";
  const auto answer = server.post("/v1/check/batch", R"({"checks":[)" + entry + "]}");
  EXPECT_TRUE(
      answer.text.contains(R"("rule":"tight","mode":"enforce","algorithm":"fixed_window","cost":2,"charged":false)"))
      << answer.text;
  EXPECT_TRUE(
      answer.text.contains(R"({"allowed":true,"limit":10,"remaining":10,"retry_after_ms":0,"reset_after_ms":0,)"))
      << answer.text;
}

TEST(Explain, LimitsThatARefusalDoesNotHoldBackAreCharged) {
  rules::Rule shadow = rule_of("trial", "ip", *Limit::fixed_window(10, kHour));
  shadow.mode = rules::RuleMode::kShadow;
  HttpApiHarness server({rule_of("tight", "ip", *Limit::fixed_window(1, kHour)), shadow,
                         rule_of("debt", "ip", *Limit::fixed_window(10, kHour)->with_overdraft())});
  const auto refused = server.check(R"({"facts":{"ip":"192.0.2.1","cost":3},"explain":true})");
  ASSERT_EQ(refused.code, 429);
  EXPECT_TRUE(refused.text.contains(R"("remaining":7,"retry_after_ms":0,"reset_after_ms":2800000,"rule":"trial",)"
                                    R"("mode":"shadow","algorithm":"fixed_window","cost":3,"charged":true})"))
      << refused.text;
  EXPECT_TRUE(refused.text.contains(R"("remaining":7,"retry_after_ms":0,"reset_after_ms":2800000,"rule":"debt",)"
                                    R"("mode":"enforce","algorithm":"fixed_window","cost":3,"charged":true})"))
      << refused.text;
  EXPECT_TRUE(
      refused.text.contains(R"("rule":"tight","mode":"enforce","algorithm":"fixed_window","cost":3,"charged":false})"))
      << refused.text;
}

TEST(Explain, ARequestWithoutAPartOfTheKeyIsNotCharged) {
  HttpApiHarness server({rule_of("tenants", "header:X-Tenant", *Limit::fixed_window(5, kHour)),
                         rule_of("wide", "ip", *Limit::fixed_window(10, kHour))});
  const auto refused = server.check(R"({"facts":{"ip":"192.0.2.1"},"explain":true})");
  ASSERT_EQ(refused.code, 429);
  EXPECT_TRUE(refused.text.contains(R"("remaining":10,"retry_after_ms":0,"reset_after_ms":0,"rule":"wide",)"
                                    R"("mode":"enforce","algorithm":"fixed_window","cost":1,"charged":false})"))
      << refused.text;
}

TEST(Explain, UnitsGivenBackAreANegativeCost) {
  HttpApiHarness server({rule_of("wide", "ip", *Limit::fixed_window(10, kHour))});
  server.check(R"({"facts":{"ip":"192.0.2.1","cost":4}})");
  const auto answer = server.check(R"({"facts":{"ip":"192.0.2.1","cost":-3},"explain":true})");
  EXPECT_TRUE(answer.text.contains(R"("remaining":9,)")) << answer.text;
  EXPECT_TRUE(answer.text.contains(R"("cost":-3,"charged":true})")) << answer.text;
}

// A hold is released by its id; a negative cost of what else the request asks for does not touch it.
TEST(Explain, UnitsGivenBackReleaseNoHold) {
  HttpApiHarness server({rule_of("jobs", "ip", *Limit::concurrency(3, kHour))});
  server.check(R"({"facts":{"ip":"192.0.2.1"}})");
  const auto answer = server.check(R"({"facts":{"ip":"192.0.2.1","cost":-1},"explain":true})");
  EXPECT_TRUE(answer.text.contains(R"("remaining":2,)")) << answer.text;
  EXPECT_TRUE(answer.text.contains(R"("cost":-1,"charged":false)")) << answer.text;
}

}  // namespace
}  // namespace rateguard::http_api
