#include "server/access.h"

namespace rateguard::server {
namespace {

// Looks at every byte of `presented`, so that the time depends on the lengths, never on the bytes.
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

AccessVerdict check_access(Access access, std::string_view presented, Peer peer, Tokens tokens) {
  if (access == Access::kAny) return AccessVerdict::kGranted;
  const bool locked = tokens.required() || (access == Access::kAdmin && !tokens.admins.empty());
  if (locked) {
    if (presented.empty()) return AccessVerdict::kNoToken;
    if (holds_token(tokens.admins, presented)) return AccessVerdict::kGranted;
    if (!holds_token(tokens.callers, presented)) return AccessVerdict::kBadToken;
    if (access == Access::kToken) return AccessVerdict::kGranted;
    if (!tokens.admins.empty()) return AccessVerdict::kNotAdmin;
  }
  if (access == Access::kAdmin && peer != Peer::kDirectLocal) return AccessVerdict::kNotLocal;
  return AccessVerdict::kGranted;
}

}  // namespace rateguard::server
