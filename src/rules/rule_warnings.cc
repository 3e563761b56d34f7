#include "rules/rule_warnings.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "model/ip_address.h"
#include "rules/path_pattern.h"

namespace rateguard::rules {
namespace {

// Counts by route where only a prefix matches: each path that a caller thinks of has a counter of its own.
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

// The host of a request is what it asks for; who takes it for the caller's address protects nothing.
std::string address_as_host(const Rule& rule) {
  const auto is_address = [](std::string_view host) {
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    return IpAddress::parse(host).has_value();
  };
  const auto host = std::ranges::find_if(rule.match.hosts, is_address);
  if (host == rule.match.hosts.end()) return {};
  return fmt::format("matches requests to {0}; for requests from that address write match: {{ip: {0}}}", *host);
}

}  // namespace

std::vector<Error> rule_warnings(std::span<const Rule> rules) {
  std::vector<Error> warnings;
  for (const Rule& rule : rules) {
    if (rule.mode == RuleMode::kOff) continue;
    for (const auto look : {ever_new_routes, address_as_host}) {
      const std::string why = look(rule);
      if (why.empty()) continue;
      warnings.push_back({.message = fmt::format("rule '{}' {}", rule.name, why), .position = rule.position});
    }
  }
  return warnings;
}

}  // namespace rateguard::rules
