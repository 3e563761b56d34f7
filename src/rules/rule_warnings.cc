#include "rules/rule_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "model/ip_address.h"
#include "rules/futile_terms.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {
namespace {

// Counts by route where only a prefix matches: each path that a caller makes up has its own counter.
std::string ever_new_routes(const Rule& rule) {
  if (std::ranges::find(rule.per, PartKind::kRoute, &Part::kind) == rule.per.end()) return {};
  const auto no_route = [](const std::string& path) { return !PathPattern::parse(path)->is_route(); };
  const auto prefix = std::ranges::find_if(rule.match.paths, no_route);
  if (!rule.match.paths.empty() && prefix == rule.match.paths.end()) return {};
  const std::string what = rule.match.paths.empty() ? "it matches every path" : fmt::format("{} is a prefix", *prefix);
  return fmt::format(
      "counts by route, but {}: each distinct path has a counter of its own, so a caller who asks for "
      "ever new paths is never limited; leave route out, or name the routes, as in /api/items/{{id}}",
      what);
}

// The host of a request is what it asks for; a rule that takes it for the caller's address protects nothing.
std::string address_as_host(const Rule& rule) {
  const auto is_address = [](std::string_view host) {
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return IpAddress::parse(host).has_value();
  };
  const auto host = std::ranges::find_if(rule.match.hosts, is_address);
  if (host == rule.match.hosts.end()) return {};
  return fmt::format("matches requests to {0}; for requests from that address write match: {{ip: {0}}}", *host);
}

// Of two rules of a group that match the same requests the first one always applies, unless it leaves some alone, or
// only the second is enforced.
bool hides(const Rule& first, const Rule& second) {
  const bool may_replace = first.mode == RuleMode::kEnforce || second.mode == RuleMode::kShadow;
  return first.mode != RuleMode::kOff && may_replace && first.missing != Missing::kSkip && first.match == second.match;
}

// Rules that never apply because of an earlier one in their group.
void add_hidden(std::span<const Rule> rules, std::vector<Error>& warnings) {
  // Rules of one group with one first path that are compared; beyond this many, only some warnings are given.
  constexpr size_t kComparedMax = 100;
  std::map<std::pair<std::string_view, std::string_view>, std::vector<const Rule*>> earlier;
  for (const Rule& rule : rules) {
    if (rule.group.empty() || rule.mode == RuleMode::kOff) continue;
    const std::string_view path = rule.match.paths.empty() ? std::string_view() : rule.match.paths.front();
    std::vector<const Rule*>& others = earlier[{rule.group, path}];
    const auto by = std::ranges::find_if(others, [&](const Rule* other) { return hides(*other, rule); });
    if (by != others.end()) {
      warnings.push_back(
          {.message = fmt::format("rule '{}' never applies: '{}', before it in the group '{}', matches the "
                                  "same requests",
                                  rule.name, (*by)->name, rule.group),
           .position = rule.position});
    } else if (others.size() < kComparedMax) {
      others.push_back(&rule);
    }
  }
}

// Rules of which another one exempts every request.
void add_exempted(std::span<const Rule> rules, std::vector<Error>& warnings) {
  // Each is compared with every rule; beyond this many, only some warnings are given.
  constexpr size_t kExemptionsMax = 20;
  std::vector<const Rule*> exemptions;
  for (const Rule& rule : rules) {
    if (rule.exempts() && rule.mode == RuleMode::kEnforce) exemptions.push_back(&rule);
    if (exemptions.size() == kExemptionsMax) break;
  }
  for (const Rule& rule : rules) {
    if (rule.mode == RuleMode::kOff || rule.exempts()) continue;
    const auto by = std::ranges::find_if(exemptions, [&](const Rule* one) { return covers(one->match, rule.match); });
    if (by == exemptions.end()) continue;
    warnings.push_back(
        {.message = fmt::format("rule '{}' never applies: '{}' exempts all requests that it matches; narrow the match "
                                "of '{}', or remove one of the two",
                                rule.name, (*by)->name, (*by)->name),
         .position = rule.position});
  }
}

// One path, which its author may have taken for two.
std::string list_in_a_path(const Rule& rule) {
  const auto is_list = [](const std::string& path) { return path.contains(",/"); };
  const auto path = std::ranges::find_if(rule.match.paths, is_list);
  if (path == rule.match.paths.end()) return {};
  return fmt::format("matches the one path {}, comma included; several paths are a list: [/a, /b]", *path);
}

}  // namespace

std::vector<Error> rule_warnings(std::span<const Rule> rules) {
  std::vector<Error> warnings;
  for (const Rule& rule : rules) {
    if (rule.mode == RuleMode::kOff) continue;
    for (const auto look : {ever_new_routes, address_as_host, list_in_a_path}) {
      const std::string why = look(rule);
      if (why.empty()) continue;
      warnings.push_back({.message = fmt::format("rule '{}' {}", rule.name, why), .position = rule.position});
    }
    for (const std::string& why : futile_terms(rule)) {
      warnings.push_back({.message = fmt::format("rule '{}' {}", rule.name, why), .position = rule.position});
    }
  }
  add_hidden(rules, warnings);
  add_exempted(rules, warnings);
  return warnings;
}

}  // namespace rateguard::rules
