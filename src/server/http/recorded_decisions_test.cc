// Every decision that is asked for over HTTP passes the recorder once.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "event/recorder_testing.h"
#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

using Lines = std::vector<std::string>;

constexpr Duration kHour = Duration::seconds(3'600);

struct RecordedDecisions : testing::Test {
  RecordedDecisions() {
    rules::Rule login = rule_of("login", "ip", *Limit::fixed_window(2, kHour));
    login.match = {.paths = {"/login"}};
    server.set_rules({login});
    const Policy policy{.rules = *rules::RuleSet::compile({login}), .identifier = *identify::Identifier::create({})};
    api.emplace(server.service, policy, server::LoopStore{.store = *server.store, .recorder = &recorder});
    rate_limits.set_rules(policy);
    api->serve_rate_limits(rate_limits);
  }
  // The decisions that answering takes.
  Lines ask(const FakeRequest& request) {
    std::vector<Header> headers;
    FakeResponse response;
    const http::Request heard = parsed(request, headers);
    http::LocalExchange exchange(heard, response);
    api->handle(exchange, server.now);
    auto kept = recorder.take();
    charges.clear();
    for (const auto& one : kept) {
      EXPECT_EQ(one.decided.at, Instant(server.now));
      EXPECT_EQ(one.decided.sequence, ++told) << "none is lost or told twice";
      charges.insert(charges.end(), one.charges.begin(), one.charges.end());
    }
    return event::lines_of(kept);
  }
  Lines post(std::string target, std::string body) {
    return ask({.method = "POST", .target = std::move(target), .body = std::move(body)});
  }

  event::KeepingRecorder recorder;
  Lines charges;  // of the last request
  uint64_t told = 0;
  HttpApiHarness server;
  rls::DescriptorLabels labels;
  rls::RateLimitService rate_limits{server.service, {.store = *server.store, .recorder = &recorder}, labels};
  std::optional<HttpApi> api;
};

TEST_F(RecordedDecisions, OfChecks) {
  EXPECT_EQ(post("/check", R"({"rule":"login","key":"192.0.2.1","cost":2})"), Lines{"http_check login 2 admitted"});
  EXPECT_EQ(post("/check", R"({"rule":"login","key":"192.0.2.1"})"), Lines{"http_check login 1 refused"});
  EXPECT_EQ(post("/check", R"({"rule":"login","key":"192.0.2.1","cost":-1})"), Lines{"http_check login -1 admitted"});
  EXPECT_EQ(post("/check", R"({"key":"k","algorithm":"gcra","rate":"5/m","burst":1,"cost":1})"),
            Lines{"http_check - 1 admitted"});
  EXPECT_EQ(post("/check", R"({"facts":{"path":"/login","ip":"192.0.2.9"},"explain":true})"),
            Lines{"http_check login 1 admitted"});
  EXPECT_EQ(post("/check", R"({"facts":{"path":"/elsewhere"}})"), Lines{"http_check - 0 admitted"});
  EXPECT_EQ(post("/check", R"({"facts":{"path":"/login"}})"), Lines{"http_check login 0 refused"});
}

TEST_F(RecordedDecisions, NameEachLimitAndWhatItWasCharged) {
  rules::Rule login = rule_of("login", "ip", *Limit::fixed_window(2, kHour));
  rules::Rule all = rule_of("all", "ip", *Limit::fixed_window(10, kHour));
  rules::Rule watched = rule_of("watched", "ip", *Limit::fixed_window(1, kHour));
  watched.mode = rules::RuleMode::kShadow;
  api->set_policy(
      {.rules = *rules::RuleSet::compile({login, all, watched}), .identifier = *identify::Identifier::create({})});
  const std::string facts = R"({"facts":{"path":"/login","ip":"192.0.2.7"}})";
  EXPECT_EQ(post("/check", facts), Lines{"http_check login 1 admitted"});
  EXPECT_EQ(charges, (Lines{"login 0/2 asked 1 charged 1 admitted", "all 0/10 asked 1 charged 1 admitted",
                            "watched 0/1 asked 1 charged 1 admitted shadow"}));
  post("/check", facts);
  EXPECT_EQ(charges, (Lines{"login 1/2 asked 1 charged 1 admitted", "all 1/10 asked 1 charged 1 admitted",
                            "watched 1/1 asked 1 charged 0 refused shadow"}));
  EXPECT_EQ(post("/check", facts), Lines{"http_check login 1 refused"});
  EXPECT_EQ(charges, (Lines{"login 2/2 asked 1 charged 0 refused", "all 2/10 asked 1 charged 0 admitted",
                            "watched 1/1 asked 1 charged 0 refused shadow"}))
      << "what another limit holds back is not charged";
  post("/check", R"({"rule":"all","key":"192.0.2.7","cost":-2})");
  EXPECT_EQ(charges, Lines{"all 2/10 asked -2 charged -2 admitted"});
}

TEST_F(RecordedDecisions, OfABatchEachOne) {
  EXPECT_EQ(post("/v1/check/batch", R"({"checks":[{"rule":"login","key":"192.0.2.1","cost":2},)"
                                    R"({"facts":{"path":"/login","ip":"192.0.2.1"}},{"rule":"nope","key":"x"},)"
                                    R"({"rule":"login","key":"192.0.2.2"}]})"),
            (Lines{"http_batch login 2 admitted", "http_batch login 1 refused", "http_batch login 1 admitted"}));
}

TEST_F(RecordedDecisions, OfProxies) {
  EXPECT_EQ(ask({.target = "/v1/authz/login", .headers = {{"X-Forwarded-For", "192.0.2.1"}}}),
            Lines{"http_authz login 1 admitted"});
  EXPECT_EQ(post("/check", R"({"rule":"login","key":"192.0.2.1"})"), Lines{"http_check login 1 admitted"})
      << "the door is the request's";
}

TEST_F(RecordedDecisions, OfEnvoysDescriptorsEachOne) {
  const std::string descriptor = R"({"entries":[{"key":"rule","value":"login"},{"key":"ip","value":"192.0.2.1"}]})";
  EXPECT_EQ(post("/json", R"({"domain":"rateguard","descriptors":[)" + descriptor + "," + descriptor + "]}"),
            (Lines{"envoy_json login 1 admitted", "envoy_json login 1 admitted"}));
}

TEST_F(RecordedDecisions, OfNothingElse) {
  EXPECT_EQ(post("/check", R"({"rule":"nope","key":"x"})"), Lines{});
  EXPECT_EQ(post("/check", "{"), Lines{});
  EXPECT_EQ(ask({.target = "/v1/counters/login/192.0.2.1"}), Lines{});
  EXPECT_EQ(ask({.target = "/metrics"}), Lines{});
}

}  // namespace
}  // namespace rateguard::http_api
