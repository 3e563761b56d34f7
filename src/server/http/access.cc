#include "server/http/access.h"

#include <algorithm>

#include "model/ascii.h"

namespace rateguard::http {
namespace {

// The token of "Bearer TOKEN" (RFC 6750, section 2.1); the scheme compares without case. Empty: none.
std::string_view bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
  authorization.remove_prefix(kScheme.size());
  const size_t begin = authorization.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

// Looks at every byte of `presented` whatever it finds. The time depends on the lengths, never on the bytes.
bool equal_in_constant_time(std::string_view known, std::string_view presented) {
  if (known.empty()) return false;
  size_t difference = known.size() ^ presented.size();
  for (size_t i = 0; i < presented.size(); ++i) {
    const auto a = static_cast<unsigned char>(known[i % known.size()]);
    const auto b = static_cast<unsigned char>(presented[i]);
    difference |= static_cast<size_t>(a ^ b);
  }
  // Keeps the compiler from leaving the loop early.
  asm volatile("" : "+r"(difference));
  return difference == 0;
}

// Somebody on this machine who speaks for itself: not a proxy that passes others on, and not a page in a browser, which
// may be made to send requests to loopback addresses.
bool is_direct_local(const RequestHeaders& headers, const IpAddress& peer) {
  return is_loopback(peer) && !headers.forwarded && !headers.origin;
}

}  // namespace

bool is_loopback(const IpAddress& address) {
  if (address.is_v4()) return address.bytes[12] == 127;
  IpAddress one;
  one.bytes[15] = 1;
  return address == one;
}

bool holds_token(std::span<const std::string> tokens, std::string_view presented) {
  bool found = false;
  for (const std::string& token : tokens) found |= equal_in_constant_time(token, presented);
  return found;
}

AccessVerdict check_access(Access access, const RequestHeaders& headers, const IpAddress& peer, Tokens tokens) {
  if (access == Access::kAny) return AccessVerdict::kGranted;
  const bool locked = !tokens.callers.empty() || (access == Access::kAdmin && !tokens.admins.empty());
  if (locked) {
    const std::string_view presented = headers.token.empty() ? bearer(headers.authorization) : headers.token;
    if (presented.empty()) return AccessVerdict::kNoToken;
    if (holds_token(tokens.admins, presented)) return AccessVerdict::kGranted;
    if (!holds_token(tokens.callers, presented)) return AccessVerdict::kBadToken;
    if (access == Access::kToken) return AccessVerdict::kGranted;
    if (!tokens.admins.empty()) return AccessVerdict::kNotAdmin;
  }
  if (access == Access::kAdmin && !is_direct_local(headers, peer)) return AccessVerdict::kNotLocal;
  return AccessVerdict::kGranted;
}

}  // namespace rateguard::http
