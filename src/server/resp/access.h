// AUTH: users with tokens. server/access.h says which tokens there are.
#pragma once

#include <string_view>

#include "server/access.h"
#include "server/resp/client.h"

namespace rateguard::resp {

// Who has any token is `default`; `admin` is who has one of the admin tokens.
inline constexpr std::string_view kDefaultUser = "default";
inline constexpr std::string_view kAdminUser = "admin";

struct Credentials {
  std::string_view user = {};
  std::string_view token = {};
};

// What a connection may do before it has shown anything.
server::Access granted_at_first(const IpAddress& peer, server::Tokens tokens);

// Grants what the token is good for. False: it is not one of the user's, and nothing has changed. Where no token is
// configured `default` may show any, as the default user of a Redis without passwords may.
bool authenticate(Client& client, Credentials credentials, server::Tokens tokens);

// Printable ASCII without spaces: a name stands in a line of CLIENT INFO.
bool is_connection_name(std::string_view name);
inline constexpr std::string_view kBadName = "ERR Client names cannot contain spaces, newlines or special characters.";

}  // namespace rateguard::resp
