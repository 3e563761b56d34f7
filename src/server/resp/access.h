// AUTH: users with tokens, which server/access.h describes.
#pragma once

#include <string_view>

#include "server/access.h"
#include "server/resp/client.h"

namespace rateguard::resp {

// `default` is a user with any token, `admin` one with an admin token.
inline constexpr std::string_view kDefaultUser = "default";
inline constexpr std::string_view kAdminUser = "admin";

struct Credentials {
  std::string_view user = {};
  std::string_view token = {};
};

// What a connection may do before it authenticates.
server::Access granted_at_first(const IpAddress& peer, server::Tokens tokens);

// Grants what the token allows. Returns false and changes nothing if it is not one of the user's tokens. If no token is
// configured, `default` may use any, like the default user of a Redis without passwords.
bool authenticate(ConnectedClient& client, Credentials credentials, server::Tokens tokens);

// Printable ASCII without spaces: a name is part of a line of CLIENT INFO.
bool is_connection_name(std::string_view name);
inline constexpr std::string_view kBadName = "ERR Client names cannot contain spaces, newlines or special characters.";

}  // namespace rateguard::resp
