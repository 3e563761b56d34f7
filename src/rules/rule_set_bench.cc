// Measures how matching depends on the number of rules on other paths and hosts. Prints one JSON object per line:
// {"name","unit","ours","limit","ratio","must"}; ratio is ours / limit. What is compared is measured in alternating
// rounds, and medians are taken, so that a busy machine slows both alike.
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "rules/rule_set.h"

namespace rateguard::rules {
namespace {

constexpr int kRounds = 15;
constexpr size_t kRequests = 200'000;

// The processor time of this thread: what other programs take from a busy machine does not count.
double now_ns() {
  timespec time = {};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

Rule rule(std::string name, std::vector<std::string> paths, std::vector<Part> per) {
  return {.name = std::move(name),
          .match = {.paths = std::move(paths)},
          .per = std::move(per),
          .limit = Limit::gcra(10, {.units = 100}).value()};
}

const Part kIp{.kind = PartKind::kIp};
const Part kRoute{.kind = PartKind::kRoute};

// Three rules that apply to the requests below.
std::vector<Rule> three_rules() {
  return {rule("everyone", {}, {}), rule("api", {"/api/*"}, {kIp}), rule("users", {"/api/users/{id}"}, {kIp, kRoute})};
}

// And others on paths of their own.
std::shared_ptr<const RuleSet> rules_with(size_t others) {
  std::vector<Rule> rules = three_rules();
  for (size_t i = 0; i < others; ++i) {
    rules.push_back(rule(fmt::format("other-{}", i), {fmt::format("/api/service-{}/{{id}}", i)}, {kIp, kRoute}));
  }
  return RuleSet::compile(std::move(rules)).value();
}

// And others on hosts of their own.
std::shared_ptr<const RuleSet> rules_with_hosts(size_t others) {
  std::vector<Rule> rules = three_rules();
  for (size_t i = 0; i < others; ++i) {
    rules.push_back(rule(fmt::format("other-{}", i), {}, {kIp}));
    rules.back().match.hosts = {fmt::format("tenant-{}.example.com", i)};
  }
  return RuleSet::compile(std::move(rules)).value();
}

// The three, the last of which leaves out the callers of `prefixes` prefixes.
std::shared_ptr<const RuleSet> rules_with_addresses(size_t prefixes) {
  std::vector<Rule> rules = three_rules();
  for (size_t i = 0; i < prefixes; ++i) {
    rules.back().match.address.outside.push_back(
        IpPrefix::parse(fmt::format("10.{}.{}.0/25", i / 256, i % 256)).value());
  }
  return RuleSet::compile(std::move(rules)).value();
}

// The three, the second of which has limits for `names` callers by name.
std::shared_ptr<const RuleSet> rules_with_names(size_t names) {
  std::vector<Rule> rules = three_rules();
  SubjectLimits named{.limits = {rules[1].limit}};
  for (size_t i = 0; i < names; ++i) {
    named.subjects.emplace_back(fmt::format("10.{}.{}.{}", i >> 16, i >> 8 & 255, i & 255), 0);
  }
  rules[1].by_subject = std::make_shared<const SubjectLimits>(std::move(named));
  return RuleSet::compile(std::move(rules)).value();
}

// Nanoseconds for each request, all of which match three rules.
double measure(const RuleSet& set, const std::vector<std::string>& paths, Matches& matches) {
  const Subject subject{.ip = IpAddress::parse("203.0.113.9")};
  size_t found = 0;
  const double begin = now_ns();
  for (size_t i = 0; i < kRequests; ++i) {
    set.match({.method = "GET", .path = paths[i % paths.size()], .host = "api.example.com"}, subject, Instant{},
              matches);
    found += matches.limits().size();
  }
  const double elapsed = now_ns() - begin;
  RG_CHECK(found == 3 * kRequests);
  return elapsed / static_cast<double>(kRequests);
}

struct Workload {
  std::string_view name;
  const RuleSet& set;
  std::vector<std::string> paths;
  std::string_view must;
};

void compare(const Workload& ours, const Workload& limit) {
  Matches matches;
  std::vector<double> ours_ns;
  std::vector<double> limit_ns;
  for (int round = 0; round < kRounds; ++round) {
    ours_ns.push_back(measure(ours.set, ours.paths, matches));
    limit_ns.push_back(measure(limit.set, limit.paths, matches));
  }
  fmt::print("{{\"name\":\"{}\",\"unit\":\"ns\",\"ours\":{:.1f},\"limit\":{:.1f},\"ratio\":{:.2f},\"must\":\"{}\"}}\n",
             ours.name, median(ours_ns), median(limit_ns), median(ours_ns) / median(limit_ns), ours.must);
  std::fflush(stdout);
}

int run() {
  const auto few = rules_with(7);
  const auto many = rules_with(9'997);
  std::mt19937_64 random(1);  // any seed: the ids only have to differ
  std::vector<std::string> users;
  std::vector<std::string> few_services;
  std::vector<std::string> many_services;
  for (size_t i = 0; i < 1'024; ++i) users.push_back(fmt::format("/api/users/{}", random() % 100'000));
  for (size_t i = 0; i < 20'000; ++i) {
    few_services.push_back(fmt::format("/api/service-{}/{}", random() % 7, random() % 100'000));
    many_services.push_back(fmt::format("/api/service-{}/{}", random() % 9'997, random() % 100'000));
  }
  compare({"match: 10,000 rules on other paths vs 10", *many, users, "<= 2.0"}, {"", *few, users, ""});
  const auto few_hosts = rules_with_hosts(7);
  const auto many_hosts = rules_with_hosts(9'997);
  compare({"match: 10,000 rules on other hosts vs 10", *many_hosts, users, "<= 2.0"}, {"", *few_hosts, users, ""});
  const auto few_addresses = rules_with_addresses(10);
  const auto many_addresses = rules_with_addresses(10'000);
  compare({"match: a list of 10,000 prefixes vs 10", *many_addresses, users, "<= 2.0"},
          {"", *few_addresses, users, ""});
  const auto few_names = rules_with_names(10);
  const auto many_names = rules_with_names(100'000);
  compare({"match: 100,000 subjects by name vs 10", *many_names, users, "<= 2.0"}, {"", *few_names, users, ""});
  // The processor's caches, not the search, tell these apart: each request meets another rule.
  compare({"match: 10,000 rules, each request another of them vs 10", *many, many_services, ""},
          {"", *few, few_services, ""});
  return 0;
}

}  // namespace
}  // namespace rateguard::rules

int main() {
  return rateguard::rules::run();
}
