// Ten thousand requests of a public web server through POST /check of the built program, from several clients at once,
// under rules by address and by route: every total must be the reference model's.
//
// The limits' periods are so long that no unit comes back while the test runs, so what each counter admits does not
// depend on the order in which the clients' requests arrive: the model may take them in the order of the log.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "algorithm/reference_model_testing.h"
#include "simulate/plain_logs.h"
#include "support/http_connection.h"
#include "support/program.h"
#include "support/traffic_generator.h"

namespace rateguard::test {
namespace {

namespace json = boost::json;

constexpr size_t kClients = 8;
constexpr Instant kAnyTime = Instant::from_seconds(1'800'000'000);
constexpr Duration kYear = Duration::seconds(366LL * 86'400);

// Each host has one rule in force and the other in shadow, so that the two never decide for each other.
constexpr const char* kRules = R"(
rules:
  - {name: ip, match: {host: by-ip.test}, per: ip, algorithm: sliding_window_log, limit: 20, window: 366d}
  - {name: route-trial, match: {host: by-ip.test}, per: route, limit: 30/366d, algorithm: fixed_window, anchor: first_request, mode: shadow}
  - {name: route, match: {host: by-route.test}, per: route, algorithm: token_bucket, capacity: 40, refill: 40/366d}
  - {name: ip-trial, match: {host: by-route.test}, per: ip, algorithm: gcra, burst: 25, rate: 25/366d, mode: shadow}
  - {name: both-ip, match: {host: both.test}, per: ip, algorithm: sliding_window_log, limit: 25, window: 366d}
  - {name: both-route, match: {host: both.test}, per: [route], algorithm: gcra, burst: 35, rate: 35/366d}
)";

std::string check_body(const PlainRequest& request, const std::string& host) {
  return json::serialize(json::object{
      {"facts",
       json::object{{"method", request.method}, {"path", request.path}, {"host", host}, {"ip", request.client}}}});
}

// One counter of the model for each subject, all under one limit.
class ModelRule {
 public:
  explicit ModelRule(Limit limit) : limit_(limit) {}

  Decision charge(const std::string& subject) { return counter(subject).decide(Cost{1}, kAnyTime); }
  uint64_t left(const std::string& subject) { return counter(subject).decide(Cost{0}, kAnyTime).remaining; }
  uint64_t limit() const { return limit_.capacity; }

 private:
  algorithm::ReferenceLimiter& counter(const std::string& subject) {
    return counters_.try_emplace(subject, limit_).first->second;
  }

  Limit limit_;
  std::map<std::string, algorithm::ReferenceLimiter> counters_;
};

// What a model admits of the whole log.
struct Totals {
  uint64_t admitted = 0;
  uint64_t refused = 0;
  bool operator==(const Totals&) const = default;
};

Totals model_totals(const std::vector<PlainRequest>& requests, Limit limit, std::string PlainRequest::* subject) {
  ModelRule rule(limit);
  Totals totals;
  for (const PlainRequest& request : requests)
    ++(rule.charge(request.*subject).allowed() ? totals.admitted : totals.refused);
  return totals;
}

// Sends every request to `host`, spread over kClients connections that work at the same time.
Totals send_all(uint16_t port, const std::vector<PlainRequest>& requests, const std::string& host) {
  std::vector<Totals> totals(kClients);
  std::vector<std::thread> clients;
  for (size_t client = 0; client < kClients; ++client) {
    clients.emplace_back([&, client] {
      HttpConnection connection(port);
      for (size_t i = client; i < requests.size(); i += kClients) {
        const int status = connection.post("/check", check_body(requests[i], host)).status;
        if (status == 200) ++totals[client].admitted;
        if (status == 429) ++totals[client].refused;
      }
    });
  }
  Totals sum;
  for (size_t client = 0; client < kClients; ++client) {
    clients[client].join();
    sum.admitted += totals[client].admitted;
    sum.refused += totals[client].refused;
  }
  return sum;
}

uint64_t metric(uint16_t port, const std::string& name, const std::string& rule) {
  const std::string text = "\n" + HttpConnection(port).get("/metrics").body;
  const std::string series = fmt::format("\n{}{{rule=\"{}\"}} ", name, rule);
  const size_t at = text.find(series);
  if (at == std::string::npos) return 0;
  return std::stoull(text.substr(at + series.size()));
}

Totals rule_totals(uint16_t port, const std::string& rule) {
  return {.admitted = metric(port, "rateguard_requests_allowed_total", rule),
          .refused = metric(port, "rateguard_requests_blocked_total", rule)};
}

class TrafficTest : public ::testing::Test {
 protected:
  TrafficTest()
      : requests_(read_access_log(find_trace("apache_access.log").bytes)),
        service_({"--config", folder_.write("rules.yaml", kRules)}) {}

  TemporaryFolder folder_;
  std::vector<PlainRequest> requests_;
  Service service_;
};

TEST_F(TrafficTest, TotalsByAddressAreTheModels) {
  const Totals model = model_totals(requests_, *Limit::sliding_window_log(20, kYear), &PlainRequest::client);
  const Totals trial = model_totals(requests_, *Limit::fixed_window_from_first_request(30, kYear), &PlainRequest::path);
  ASSERT_GT(model.refused, 0u);
  ASSERT_GT(trial.refused, 0u);
  EXPECT_EQ(send_all(service_.port(), requests_, "by-ip.test"), model);
  EXPECT_EQ(rule_totals(service_.port(), "ip"), model);
  EXPECT_EQ(metric(service_.port(), "rateguard_requests_shadow_blocked_total", "route-trial"), trial.refused);
}

TEST_F(TrafficTest, TotalsByRouteAreTheModels) {
  const Limit bucket = *Limit::token_bucket(40, {.units = 40, .period = kYear});
  const Totals model = model_totals(requests_, bucket, &PlainRequest::path);
  const Totals trial = model_totals(requests_, *Limit::gcra(25, {.units = 25, .period = kYear}), &PlainRequest::client);
  ASSERT_GT(model.refused, 0u);
  ASSERT_GT(trial.refused, 0u);
  EXPECT_EQ(send_all(service_.port(), requests_, "by-route.test"), model);
  EXPECT_EQ(rule_totals(service_.port(), "route"), model);
  EXPECT_EQ(metric(service_.port(), "rateguard_requests_shadow_blocked_total", "ip-trial"), trial.refused);
}

TEST_F(TrafficTest, WhatEveryAddressHasLeftIsTheModels) {
  send_all(service_.port(), requests_, "by-ip.test");
  ModelRule model(*Limit::sliding_window_log(20, kYear));
  std::map<std::string, uint64_t> seen;
  for (const PlainRequest& request : requests_) {
    model.charge(request.client);
    ++seen[request.client];
  }
  HttpConnection connection(service_.port());
  for (const auto& [client, count] : seen) {
    const HttpAnswer answer = connection.get("/v1/counters/ip/" + client);
    ASSERT_EQ(answer.status, 200) << answer.body;
    EXPECT_EQ(json::parse(answer.body).as_object().at("remaining").to_number<uint64_t>(), model.left(client)) << client;
  }
}

TEST_F(TrafficTest, EachDecisionOfTwoLimitsAtOnceIsTheModels) {
  ModelRule by_ip(*Limit::sliding_window_log(25, kYear));
  ModelRule by_route(*Limit::gcra(35, {.units = 35, .period = kYear}));
  HttpConnection connection(service_.port());
  uint64_t refused = 0;
  for (size_t i = 0; i < requests_.size(); ++i) {
    const PlainRequest& request = requests_[i];
    const uint64_t ip_left = by_ip.left(request.client);
    const uint64_t route_left = by_route.left(request.path);
    const bool admitted = ip_left > 0 && route_left > 0;
    if (admitted) {
      by_ip.charge(request.client);
      by_route.charge(request.path);
    }
    const HttpAnswer answer = connection.post("/check", check_body(request, "both.test"));
    ASSERT_EQ(answer.status, admitted ? 200 : 429) << "request " << i << " " << request.client << " " << request.path;
    if (admitted) {
      // The limit with the least left in proportion speaks: compared as products, the first of equals.
      const bool ip_speaks = uint64_t{ip_left - 1} * 35 <= uint64_t{route_left - 1} * 25;
      const auto body = json::parse(answer.body).as_object();
      ASSERT_EQ(body.at("rule").as_string(), ip_speaks ? "both-ip" : "both-route") << "request " << i;
      ASSERT_EQ(body.at("remaining").to_number<uint64_t>(), ip_speaks ? ip_left - 1 : route_left - 1)
          << "request " << i;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GT(metric(service_.port(), "rateguard_requests_blocked_total", "both-ip"), 0u);
}

}  // namespace
}  // namespace rateguard::test
