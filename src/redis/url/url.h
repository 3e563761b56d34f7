// Where a Redis server is and how to log in, as one line of text: the `redis` and `rediss` schemes as IANA has them
// registered, and `unix` as redis-py reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::redis {

enum class Security : uint8_t { kPlain, kTls };

struct Url {
  std::string host = {};  // a name, or an address without brackets; empty for a Unix socket
  uint16_t port = 0;      // 6379 by default
  std::string path = {};  // of a Unix socket
  Security security = Security::kPlain;
  std::string user = {};  // empty: the default user
  std::string password = {};
  uint32_t database = 0;

  // `redis://[[user]:password@]host[:port][/database]`, `rediss://` for TLS, and
  // `unix://[[user]:password@]/path[?db=database]`. Special characters in a user, password or path are percent-encoded
  // (RFC 3986, section 2.1). Errors: kInvalid, saying what is wrong and what was expected, without the password.
  static Result<Url> parse(std::string_view text);

  // The same for people: without user and password.
  std::string to_string() const;
  bool operator==(const Url&) const = default;
};

}  // namespace rateguard::redis
