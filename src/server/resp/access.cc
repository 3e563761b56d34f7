#include "server/resp/access.h"

#include <algorithm>

namespace rateguard::resp {
namespace {

using server::Access;
using server::AccessVerdict;

// The longest name that is kept; Redis has no bound.
constexpr size_t kNameBytesMax = 256;

Access granted_with(std::string_view token, const IpAddress& peer, server::Tokens tokens) {
  const server::Peer local = server::is_loopback(peer) ? server::Peer::kDirectLocal : server::Peer::kOther;
  for (const Access access : {Access::kAdmin, Access::kToken}) {
    if (server::check_access(access, token, local, tokens) == AccessVerdict::kGranted) return access;
  }
  return Access::kAny;
}

}  // namespace

server::Access granted_at_first(const IpAddress& peer, server::Tokens tokens) {
  return granted_with({}, peer, tokens);
}

bool authenticate(ConnectedClient& client, Credentials credentials, server::Tokens tokens) {
  const bool admin = server::holds_token(tokens.admins, credentials.token);
  const bool caller = server::holds_token(tokens.callers, credentials.token);
  const bool open = tokens.callers.empty() && tokens.admins.empty();
  const bool fits =
      credentials.user == kDefaultUser ? admin || caller || open : credentials.user == kAdminUser && admin;
  if (!fits) return false;
  client.granted = granted_with(credentials.token, client.peer, tokens);
  return true;
}

bool is_connection_name(std::string_view name) {
  return name.size() <= kNameBytesMax && std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}

}  // namespace rateguard::resp
