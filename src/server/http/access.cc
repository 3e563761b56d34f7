#include "server/http/access.h"

#include "model/ascii.h"

namespace rateguard::http_api {
namespace {

// The token of "Bearer TOKEN" (RFC 6750, section 2.1); the scheme ignores case. Empty if there is none.
std::string_view bearer(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, kScheme.size()), kScheme)) return {};
  authorization.remove_prefix(kScheme.size());
  const size_t begin = authorization.find_first_not_of(' ');
  return begin == std::string_view::npos ? std::string_view() : authorization.substr(begin);
}

// A page in a browser, which may be made to send requests to loopback addresses, does not count as local either.
server::Peer peer_of(const RequestHeaders& headers, const IpAddress& peer) {
  const bool direct = server::is_loopback(peer) && !headers.forwarded && !headers.origin;
  return direct ? server::Peer::kDirectLocal : server::Peer::kOther;
}

}  // namespace

AccessVerdict check_access(Access access, const RequestHeaders& headers, const IpAddress& peer, server::Tokens tokens) {
  const std::string_view presented = headers.token.empty() ? bearer(headers.authorization) : headers.token;
  return server::check_access(access, presented, peer_of(headers, peer), tokens);
}

}  // namespace rateguard::http_api
