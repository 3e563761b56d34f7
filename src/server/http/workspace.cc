#include "server/http/workspace.h"

#include <utility>

namespace rateguard::http_api {
namespace {

// A proxy on this machine needs no configuration.
std::vector<IpPrefix> proxies_of(const Policy& policy) {
  std::vector<IpPrefix> proxies = policy.identifier->settings().trusted_proxies;
  for (const std::string_view local : {"127.0.0.0/8", "::1"}) {
    if (auto prefix = IpPrefix::parse(local)) proxies.push_back(*prefix);
  }
  return proxies;
}

}  // namespace

void Workspace::set_policy(Policy policy) {
  authz_proxies = proxies_of(policy);
  decider.set_policy(std::move(policy));
}

}  // namespace rateguard::http_api
