#include "simulate/route_cache.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "simulate/scenario.h"

namespace rateguard::simulate {
namespace {

TEST(RouteCache, FindsForEveryRequestTheRulesOfItsOwnMethodHostAndPath) {
  const Scenario scenario = Scenario::parse(R"(
rules:
  - {name: writes, match: {methods: [POST]}, per: ip, limit: 1/s}
  - {name: shop, match: {host: shop.example, path: "/items/{id}"}, per: ip, limit: 1/s}
  - {name: odd, match: {path: "/odd/*"}, per: [ip, route], limit: 1/s}
)",
                                            "rules")
                                .value();
  Recording recording;
  // More of them than the cache has places for, twice.
  for (int i = 0; i < 20'000; ++i) {
    const std::string path = fmt::format("/{}/{}", i % 2 == 0 ? "items" : "odd", i % 10'000 / 4);
    recording.add({.time = {1'000'001 + i},
                   .method = i % 3 == 0 ? "POST" : "GET",
                   .path = path,
                   .host = i % 5 == 0 ? "shop.example" : ""});
  }
  recording.sort();
  RouteCache cache(recording, *scenario.policy.rules);
  for (const Event& event : recording.events()) {
    const RequestFacts facts = recording.facts(event);
    rules::Routed expected;
    scenario.policy.rules->route(facts, expected);
    ASSERT_TRUE(std::ranges::equal(cache.find(event, facts).hits(), expected.hits())) << facts.method << facts.path;
  }
}

}  // namespace
}  // namespace rateguard::simulate
