// A match allocates nothing once its Matches is warm.
#include <gtest/gtest.h>

#include "base/count_allocations_for_tests.h"
#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

TEST(RuleSetAlloc, AWarmMatchAllocatesNothing) {
  std::vector<Rule> rules;
  for (int i = 0; i < 60; ++i) {  // enough for the candidates to need a real sort
    Rule rule{.name = "rule" + std::to_string(i),
              .per = {Part{.kind = PartKind::kIp}, Part{.kind = PartKind::kRoute}},
              .limit = Limit::fixed_window(1, Duration::seconds(1)).value()};
    if (i % 2 == 0) rule.match.paths = {"/api/{id}", "/api/*"};
    rules.push_back(std::move(rule));
  }
  const auto set = RuleSet::compile(std::move(rules)).value();
  const Subject subject{.ip = IpAddress::parse("10.0.0.1")};
  Matches matches;
  set->match({.method = "GET", .path = "/api/./%61?x", .host = "example.com"}, subject, matches);
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) {
    set->match({.method = "GET", .path = "/api/./%62?x", .host = "example.com"}, subject, matches);
    set->match({.method = "GET", .path = "/api/a", .host = "example.com"}, subject, matches);
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(matches.limits().size(), 60u);
}

}  // namespace
}  // namespace rateguard::rules
