#include "rules/host_pattern.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"
#include "model/ip_address.h"

namespace rateguard::rules {
namespace {

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

bool is_domain(std::string_view name) {
  return !name.empty() && name.front() != '.' && name.back() != '.' && !name.contains("..") &&
         std::ranges::all_of(name, is_host_char);
}

bool is_bracketed_address(std::string_view name) {
  return name.size() > 2 && name.front() == '[' && name.back() == ']' &&
         IpAddress::parse(name.substr(1, name.size() - 2)).has_value();
}

}  // namespace

Result<HostPattern> HostPattern::parse(std::string_view text) {
  HostPattern pattern;
  pattern.name.resize(text.size());
  std::ranges::transform(text, pattern.name.begin(), ascii_lower);
  std::string_view name = pattern.name;
  if (name.starts_with("*.")) {
    pattern.subdomains = true;
    name.remove_prefix(2);
  }
  const bool good = is_domain(name) || (!pattern.subdomains && is_bracketed_address(name));
  if (!good || text.size() > kHostMax) {
    return invalid(fmt::format("bad host '{}'; expected a name without a port, as in api.example.com or *.example.com",
                               text.substr(0, kHostMax)));
  }
  if (pattern.subdomains) pattern.name.erase(0, 1);
  return pattern;
}

std::string_view bare_host(std::string_view authority) {
  if (const size_t at = authority.rfind('@'); at != std::string_view::npos) authority.remove_prefix(at + 1);
  if (authority.starts_with('[')) return authority.substr(0, std::min(authority.find(']'), authority.size() - 1) + 1);
  authority = authority.substr(0, authority.find(':'));
  if (authority.ends_with('.')) authority.remove_suffix(1);
  return authority;
}

}  // namespace rateguard::rules
