// Access control by tokens, the same for every front end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/ip_address.h"

namespace rateguard::server {

enum class Access : uint8_t {
  kAny,    // anyone who can connect
  kToken,  // callers with a token, if tokens are configured
  kAdmin,  // callers with an admin token; if none is configured, direct loopback peers
};

// The configured tokens, borrowed from the service.
struct Tokens {
  std::span<const std::string> callers;
  std::span<const std::string> admins;

  // Whether callers need a token at all.
  bool required() const { return !callers.empty(); }
};

enum class AccessVerdict : uint8_t {
  kGranted,
  kNoToken,   // no token was sent
  kBadToken,  // unknown token
  kNotAdmin,  // a caller's token, but not an admin's
  kNotLocal,  // without admin tokens, admin calls are for direct loopback peers only
};

// kDirectLocal: a client on this machine, not a proxy that forwards for others.
enum class Peer : uint8_t { kDirectLocal, kOther };

// `presented` is the token as the caller sent it; empty: no token.
AccessVerdict check_access(Access access, std::string_view presented, Peer peer, Tokens tokens);

// 127.0.0.0/8 and ::1.
bool is_loopback(const IpAddress& address);

// Whether `presented` is one of `tokens`, in a time that does not depend on how much of it matches.
bool holds_token(std::span<const std::string> tokens, std::string_view presented);

}  // namespace rateguard::server
