#include "catalog/cache/key_verdict.h"

#include <algorithm>
#include <array>

namespace rateguard::catalog {

std::string_view to_string(KeyVerdict verdict) {
  static constexpr std::array<std::string_view, kKeyVerdicts> kCodes = {
      "valid",         "key_missing",        "key_malformed",       "key_mistyped",        "key_unknown",
      "key_revoked",   "key_expired",        "workspace_suspended", "network_not_allowed", "route_not_allowed",
      "scope_missing", "catalog_unavailable"};
  return kCodes[static_cast<size_t>(verdict)];
}

KeyVerdict judge(const KnownKey& key, const KeyUseAsked& asked) {
  if (key.is_revoked(asked.wall)) return KeyVerdict::kRevoked;
  if (key.is_expired(asked.wall)) return KeyVerdict::kExpired;
  if (key.workspace().state == RecordState::kSuspended) return KeyVerdict::kSuspended;
  if (!key.admits_network(asked.address)) return KeyVerdict::kWrongNetwork;
  if (!key.admits_route(asked.route)) return KeyVerdict::kWrongRoute;
  const bool has_all = std::ranges::all_of(asked.scopes, [&](std::string_view scope) { return key.has_scope(scope); });
  return has_all ? KeyVerdict::kValid : KeyVerdict::kMissingScope;
}

}  // namespace rateguard::catalog
