#include "simulate/proxy_search.h"

#include <algorithm>
#include <array>

namespace rateguard::simulate {
namespace {

// A handful of requests from one address is a first test of the server. One public address with many may also be a log
// of one client.
constexpr size_t kRequestsMin = 20;
constexpr size_t kRequestsOfPublicMin = 1'000;

bool looks_at_addresses(const rules::Rule& rule) {
  return rule.missing == rules::Missing::kIp || rule.match.address != rules::AddressCondition{} ||
         std::ranges::find(rule.per, rules::PartKind::kIp, &rules::Part::kind) != rule.per.end();
}

bool contains(std::span<const IpPrefix> prefixes, const IpAddress& address) {
  return std::ranges::any_of(prefixes, [&](const IpPrefix& prefix) { return prefix.contains(address); });
}

// Networks whose addresses mean nothing outside: RFC 1918, RFC 6598, RFC 1122, RFC 3927, RFC 4193, RFC 4291.
bool is_private(const IpAddress& address) {
  static const auto prefixes = [] {
    std::vector<IpPrefix> out;
    for (const char* text : {"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8",
                             "169.254.0.0/16", "::1", "fc00::/7", "fe80::/10"}) {
      out.push_back(IpPrefix::parse(text).value());
    }
    return out;
  }();
  return contains(prefixes, address);
}

}  // namespace

std::optional<ProxyReport> find_proxy(const Scenario& scenario, const Recording& recording) {
  const auto events = recording.events();
  if (events.size() < kRequestsMin || std::ranges::none_of(scenario.policy.rules->rules(), looks_at_addresses)) {
    return std::nullopt;
  }
  const std::vector<IpPrefix>& trusted = scenario.policy.identifier->settings().trusted_proxies;
  std::optional<IpAddress> first;
  bool is_one = true;
  bool all_trusted = !trusted.empty();
  RequestFacts facts;
  for (const Event& event : events) {
    recording.facts(event, facts);
    const auto address = identify::client_address(facts, trusted);
    if (!address) return std::nullopt;
    if (!first) first = address;
    is_one = is_one && address == first;
    all_trusted = all_trusted && contains(trusted, *address);
    if (!is_one && !all_trusted) return std::nullopt;
  }
  using Kind = ProxyReport::Kind;
  const Kind kind = all_trusted ? Kind::kTrusted : is_private(*first) ? Kind::kPrivate : Kind::kPublic;
  if (kind == Kind::kPublic && events.size() < kRequestsOfPublicMin) return std::nullopt;
  return ProxyReport{.address = first->to_string(), .kind = kind};
}

}  // namespace rateguard::simulate
