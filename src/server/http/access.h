// Who may call a route.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "model/ip_address.h"
#include "server/http/request_headers.h"

namespace rateguard::http {

enum class Access : uint8_t {
  kAny,    // anyone who can connect
  kToken,  // who has a token, where tokens are configured
  kAdmin,  // who has an admin token; where none is configured, a direct loopback peer
};

// Tokens as configured: borrowed, and alive as long as the service is.
struct Tokens {
  std::span<const std::string> callers;
  std::span<const std::string> admins;
};

enum class AccessVerdict : uint8_t {
  kGranted,
  kNoToken,   // 401: none was sent
  kBadToken,  // 401: not one that is known
  kNotAdmin,  // 403: good, but not an admin's
  kNotLocal,  // 403: admin routes are for direct loopback peers, until an admin token is configured
};

AccessVerdict check_access(Access access, const RequestHeaders& headers, const IpAddress& peer, Tokens tokens);

// 127.0.0.0/8 and ::1.
bool is_loopback(const IpAddress& address);

// Whether `presented` is one of `tokens`, in a time that tells nothing about how much of one it matches.
bool holds_token(std::span<const std::string> tokens, std::string_view presented);

}  // namespace rateguard::http
