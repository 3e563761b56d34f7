// POST /v1/check/batch
#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

constexpr const char* kOnce = R"({"key":"k","algorithm":"fixed_window","limit":1,"window":"1m"})";

rules::Rule everything() {
  rules::Rule rule = rule_of("all", "ip", *Limit::fixed_window(2, Duration::seconds(60)));
  rule.match = {.paths = {"/*"}};
  return rule;
}

TEST(PostBatch, DecidesInOrderAndKeepsMistakesToTheirEntries) {
  HttpApiHarness server({everything()});
  const auto answer = server.post("/v1/check/batch", std::string("{\"checks\":[") + kOnce + "," + kOnce +
                                                         R"(,{"key":"k"},{"rule":"nope","key":"x"},7]})");
  EXPECT_EQ(answer.code, 200);
  EXPECT_EQ(
      answer.text,
      R"({"results":[)"
      R"({"allowed":true,"limit":1,"remaining":0,"retry_after_ms":0,"reset_after_ms":40000,"rule":null,"degraded":false},)"
      R"({"allowed":false,"limit":1,"remaining":0,"retry_after_ms":40000,"reset_after_ms":40000,"rule":null,"degraded":false},)"
      R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"algorithm: missing; a check has an \"algorithm\" )"
      R"(with its parameters, a \"rule\", or \"facts\"","field":"algorithm"},)"
      R"({"type":"about:blank","title":"Not Found","status":404,"detail":"there is no rule 'nope' in force","field":"rule"},)"
      R"({"type":"about:blank","title":"Bad Request","status":400,"detail":"check: expected an object, not 7","field":"check"}]})");
}

TEST(PostBatch, FactsAndKeysOfOneCounterTakeTheirTurns) {
  HttpApiHarness server({everything()});
  const std::string facts = R"({"facts":{"path":"/","ip":"1.2.3.4"}})";
  const std::string direct = R"({"rule":"all","key":"1.2.3.4"})";
  const auto answer =
      server.post("/v1/check/batch", "{\"checks\":[" + direct + "," + facts + "," + direct + "," + facts + "]}");
  std::vector<bool> allowed;
  for (size_t at = 0; (at = answer.text.find("\"allowed\":", at)) != std::string::npos; at += 10) {
    allowed.push_back(answer.text[at + 10] == 't');
  }
  EXPECT_EQ(allowed, (std::vector<bool>{true, true, false, false})) << answer.text;
}

TEST(PostBatch, AThousandFitAndAreAnsweredOneByOne) {
  HttpApiHarness server;
  std::string body = "{\"checks\":[";
  for (int i = 0; i < 1000; ++i) {
    if (i > 0) body += ',';
    body += R"({"key":")" + std::to_string(i % 500) + R"(","algorithm":"token_bucket","capacity":1,"refill_rate":1})";
  }
  const auto answer = server.post("/v1/check/batch", body + "]}");
  EXPECT_EQ(answer.code, 200);
  size_t admitted = 0;
  for (size_t at = 0; (at = answer.text.find("\"allowed\":true", at)) != std::string::npos; ++at) ++admitted;
  EXPECT_EQ(admitted, 500U);
  EXPECT_NE(server.get("/metrics").text.find("rateguard_requests_blocked_total{rule=\"ad_hoc\"} 500"),
            std::string::npos);
}

TEST(PostBatch, AnInvalidBatchChargesNothing) {
  HttpApiHarness server;
  const auto answer = server.post("/v1/check/batch", std::string("{\"checks\":[") + kOnce + ",]}");
  EXPECT_EQ(answer.code, 400);
  EXPECT_EQ(server.store->stats().keys, 0U);
  EXPECT_EQ(server.post("/v1/check/batch", kOnce).code, 400);
}

}  // namespace
}  // namespace rateguard::http_api
