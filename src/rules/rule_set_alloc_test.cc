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
  set->match({.method = "GET", .path = "/api/./%61?x", .host = "example.com"}, subject, Instant{}, matches);
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) {
    set->match({.method = "GET", .path = "/api/./%62?x", .host = "example.com"}, subject, Instant{}, matches);
    set->match({.method = "GET", .path = "/api/a", .host = "example.com"}, subject, Instant{}, matches);
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(matches.limits().size(), 60u);
}

TEST(RuleSetAlloc, ConditionsGroupsNamesAndCostsAllocateNothing) {
  std::vector<Rule> rules;
  for (int i = 0; i < 40; ++i) {
    Rule rule{.name = "rule" + std::to_string(i),
              .match = {.except = {.methods = {"PUT"}, .hosts = {"*.internal"}, .paths = {"/health", "/x/{id}"}},
                        .address = {.inside = {IpPrefix::parse("10.0.0.0/8").value()}},
                        .values = {{.of = Part::parse("header:X-Plan").value(), .values = {"a", "b"}}}},
              .group = "group" + std::to_string(i % 3),
              .per = {Part{.kind = PartKind::kIp}, Part{.kind = PartKind::kRoute}},
              .prefixes = {.v4 = 24},
              .limit = Limit::fixed_window(1, Duration::seconds(1)).value(),
              .cost = {.header = "X-Cost", .header_max = 9, .by_path = {{"/api/*", 2}}, .by_method = {{"GET", 3}}}};
    rule.by_subject = std::make_shared<const SubjectLimits>(
        SubjectLimits{.limits = {*rule.limit}, .subjects = {{"10.0.0.0", 0}, {"10.0.1.0", 0}}});
    if (i % 2 == 0) rule.match.paths = {"/api/{id}", "/api/*"};
    rules.push_back(std::move(rule));
  }
  const auto set = RuleSet::compile(std::move(rules)).value();
  const Subject subject{.ip = IpAddress::parse("10.0.0.1")};
  const std::vector<Header> headers = {{.name = "X-Plan", .value = "a"}, {.name = "X-Cost", .value = "none"}};
  Matches matches;
  const auto match = [&](std::string_view path) {
    set->match({.method = "GET", .path = path, .host = "example.com", .headers = headers}, subject, Instant{}, matches);
  };
  match("/api/./%61?x");
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) {
    match("/api/./%62?x");
    match("/api/a");
  }
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(matches.limits().size(), 3u) << "one of each group";
}

}  // namespace
}  // namespace rateguard::rules
