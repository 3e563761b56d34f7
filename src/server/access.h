// Who may ask, by tokens: the same for every front end.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/ip_address.h"

namespace rateguard::server {

enum class Access : uint8_t {
  kAny,    // anyone who can connect
  kToken,  // who has a token, where tokens are configured
  kAdmin,  // who has an admin token; where none is configured, a direct loopback peer
};

// Tokens as configured: borrowed, and alive as long as the service is.
struct Tokens {
  std::span<const std::string> callers;
  std::span<const std::string> admins;

  // Whether a caller has to show one at all before it may ask.
  bool required() const { return !callers.empty(); }
};

enum class AccessVerdict : uint8_t {
  kGranted,
  kNoToken,   // none was sent
  kBadToken,  // not one that is known
  kNotAdmin,  // good, but not an admin's
  kNotLocal,  // admin calls are for direct loopback peers, until an admin token is configured
};

// Somebody on this machine who speaks for itself, not a proxy that passes others on.
enum class Peer : uint8_t { kDirectLocal, kOther };

// `presented` is the token as the caller sent it; empty: none.
AccessVerdict check_access(Access access, std::string_view presented, Peer peer, Tokens tokens);

// 127.0.0.0/8 and ::1.
bool is_loopback(const IpAddress& address);

// Whether `presented` is one of `tokens`, in a time that tells nothing about how much of one it matches.
bool holds_token(std::span<const std::string> tokens, std::string_view presented);

}  // namespace rateguard::server
