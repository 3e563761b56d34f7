#include <gtest/gtest.h>

#include "server/resp/resp_api_harness_testing.h"

namespace rateguard::resp {
namespace {

std::unique_ptr<MemoryStore> make_store() {
  auto store = MemoryStore::create({.max_keys = 10'000, .hash_key = memory::HashKey{}});
  EXPECT_TRUE(store.has_value());
  return std::move(*store);
}

}  // namespace

RespApiHarness::RespApiHarness(std::vector<rules::Rule> rules) : store(make_store()), service(*store) {
  auto set = rules::RuleSet::compile(std::move(rules));
  EXPECT_TRUE(set.has_value()) << set.error().to_string();
  policy_ = {.rules = *set, .identifier = *identify::Identifier::create({})};
}

RespApi& RespApiHarness::api() {
  if (api_ == nullptr) {
    api_ = std::make_unique<RespApi>(service, policy_);
    service.decisions.add(api_->decisions());
    source.add(api_->metrics());
    source.add(connections);
    api_->set_totals(source);
    service.metrics.add(service.decisions);
    service.metrics.add(source);
  }
  return *api_;
}

ConnectedClient RespApiHarness::connect(std::string_view peer) {
  return api().greet(*IpAddress::parse(peer), now);
}

std::string RespApiHarness::ask(ConnectedClient& client, std::string_view bytes) {
  net::ByteBuffer out;
  const Answered answered = api().answer(client, bytes, SIZE_MAX, out, now);
  EXPECT_EQ(answered.after == Answered::After::kLeave, client.leaving);
  return std::string(out.view());
}

std::string command(std::initializer_list<std::string_view> words) {
  std::string out = "*" + std::to_string(words.size()) + "\r\n";
  for (const std::string_view word : words) {
    out += "$" + std::to_string(word.size()) + "\r\n" + std::string(word) + "\r\n";
  }
  return out;
}

rules::Rule rule_of(std::string name, std::vector<std::string_view> per, Limit limit) {
  rules::Rule rule{.name = std::move(name), .limit = limit};
  for (const std::string_view part : per) rule.per.push_back(*rules::Part::parse(part));
  return rule;
}

}  // namespace rateguard::resp
