#include "server/http/fake_exchange.h"

#include <gtest/gtest.h>

namespace rateguard::http_api {
namespace {

std::unique_ptr<MemoryStore> make_store() {
  auto store = MemoryStore::create({.max_keys = 10'000, .hash_key = memory::HashKey{}});
  EXPECT_TRUE(store.has_value());
  return std::move(*store);
}

std::shared_ptr<const rules::RuleSet> compile(std::vector<rules::Rule> rules) {
  auto set = rules::RuleSet::compile(std::move(rules));
  EXPECT_TRUE(set.has_value()) << set.error().to_string();
  return *set;
}

}  // namespace

HttpApiHarness::HttpApiHarness(std::vector<rules::Rule> rules, identify::Settings identity)
    : store(make_store()), service(*store) {
  auto identifier = identify::Identifier::create(std::move(identity));
  EXPECT_TRUE(identifier.has_value());
  identifier_ = *identifier;
  service.charge_secrets.set(0, {store->hash_key().bytes});
  api_ = std::make_unique<HttpApi>(service, Policy{.rules = compile(std::move(rules)), .identifier = identifier_});
  service.decisions.add(api_->decisions());
  routes_.add(api_->requests());
  service.metrics.add(service.decisions);
  service.metrics.add(decision_times_);
  service.metrics.add(routes_);
}

void HttpApiHarness::set_rules(std::vector<rules::Rule> rules) {
  api_->set_policy({.rules = compile(std::move(rules)), .identifier = identifier_});
}

http::Request parsed(const FakeRequest& request, std::vector<Header>& headers) {
  headers.clear();
  for (const auto& [name, value] : request.headers) headers.push_back({.name = name, .value = value});
  const std::string_view target = request.target;
  const size_t question = std::min(target.find('?'), target.size());
  return {.method = request.method,
          .target = target,
          .path = target.substr(0, question),
          .query = question == target.size() ? "" : target.substr(question + 1),
          .headers = headers,
          .body = request.body,
          .peer = *IpAddress::parse(request.peer),
          .started = request.started};
}

FakeResponse HttpApiHarness::ask(const FakeRequest& request) {
  std::vector<Header> headers;
  FakeResponse response;
  const http::Request heard = parsed(request, headers);
  http::LocalExchange exchange(heard, response);
  api_->handle(exchange, now);
  EXPECT_EQ(response.bodies, 1) << request.method << ' ' << request.target;
  return response;
}

FakeResponse HttpApiHarness::reject(const http::Rejection& rejection) {
  FakeResponse response;
  api_->reject(rejection, now, response);
  EXPECT_EQ(response.bodies, 1);
  return response;
}

rules::Rule rule_of(std::string name, std::string_view per, Limit limit) {
  rules::Rule rule{.name = std::move(name), .limit = limit};
  rule.per.push_back(*rules::Part::parse(per));
  return rule;
}

}  // namespace rateguard::http_api
