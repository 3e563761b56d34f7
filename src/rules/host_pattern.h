// The host of a rule: "api.example.com", or "*.example.com" for any subdomain.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::rules {

// RFC 1035, section 2.3.4.
inline constexpr size_t kHostMax = 255;

struct HostPattern {
  std::string name;         // lower case: the whole host, or what follows "*"
  bool subdomains = false;  // name is ".example.com"

  // Errors: kInvalid, saying what is wrong: a port, a scheme, a star elsewhere, an empty label.
  static Result<HostPattern> parse(std::string_view text);
};

// Whether the pattern `wide` matches every host that `narrow` matches. Both as a Rule has them.
bool host_covers(std::string_view wide, std::string_view narrow);

// The host of a Host field or authority (RFC 3986, section 3.2), without user information, port and the dot of the
// root. An IPv6 address keeps its brackets. A view into `authority`.
std::string_view bare_host(std::string_view authority);

}  // namespace rateguard::rules
