// A check allocates nothing once the buffers have grown.
#include <gtest/gtest.h>

#include "base/count_allocations_for_tests.h"
#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

struct SilentResponder final : http::Responder {
  int code = 0;
  void status(int value) override { code = value; }
  void header(std::string_view, std::string_view) override {}
  void body(std::string_view, std::string_view) override {}
};

TEST(Allocation, NoCheckAllocatesOnceTheBuffersHaveGrown) {
  rules::Rule login = rule_of("login", "ip", *Limit::token_bucket(100, {.units = 5}));
  login.match = {.methods = {"POST"}, .paths = {"/login"}};
  HttpApiHarness server({login});
  HttpApi api(server.service,
              {.rules = *rules::RuleSet::compile({login}), .identifier = *identify::Identifier::create({})});
  const Header headers[] = {{"Host", "a"}, {"Content-Type", "application/json"}, {"X-Request-Id", "abc"}};
  for (const std::string body :
       {R"({"key":"user:123456789012345678901234567890","algorithm":"token_bucket","capacity":10,"refill_rate":0.5})",
        R"({"key":"user\n\u00e9","algorithm":"sliding_window_counter","limit":5,"window":"1m","explain":true})",
        R"({"rule":"login","key":"203.0.113.9"})",
        R"({"facts":{"method":"POST","path":"/login","ip":"203.0.113.9","headers":{"X-A":"1"}}})"}) {
    const http::Request request = {.method = "POST",
                                   .target = "/check",
                                   .path = "/check",
                                   .query = {},
                                   .headers = headers,
                                   .body = body,
                                   .peer = {}};
    const auto ask = [&] {
      SilentResponder responder;
      http::LocalExchange exchange(request, responder);
      api.handle(exchange, server.now);
      EXPECT_TRUE(responder.code == 200 || responder.code == 429) << body;
    };
    for (int i = 0; i < 10; ++i) ask();
    const size_t before = allocations;
    for (int i = 0; i < 200; ++i) ask();
    EXPECT_EQ(allocations - before, 0U) << body;
    EXPECT_GT(before, 0U);  // it does count
  }
}

}  // namespace
}  // namespace rateguard::http_api
