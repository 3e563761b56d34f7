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

bool is_good_name(std::string_view name) {
  return is_domain(name) || is_bracketed_address(name);
}

// For a host that can match nothing: what its author may have meant.
std::string what_to_write(std::string_view host) {
  if (host == "*" || host == "*.*") return "leave host out for every host";
  if (const size_t scheme = host.find("://"); scheme != std::string_view::npos) {
    return fmt::format("leave out the scheme and the path: {}",
                       bare_host(host.substr(0, host.find('/', scheme + 3)).substr(scheme + 3)));
  }
  if (IpAddress::parse(host)) return fmt::format("an IPv6 address is written [{}]", host);
  if (host.contains('/'))
    return fmt::format("leave out the path, which goes into match.path: {}", host.substr(0, host.find('/')));
  const std::string_view bare = bare_host(host);
  const std::string_view name = bare.starts_with("*.") ? bare.substr(2) : bare;
  if (bare != host && is_good_name(name)) return fmt::format("ports and final dots are not compared: {}", bare);
  if (host.contains('*')) return "'*' stands for the first labels alone, as in *.example.com";
  if (std::ranges::any_of(host, [](char c) { return static_cast<unsigned char>(c) >= 0x80; })) {
    return "a name beyond ASCII comes in its encoded form (xn--...): write that";
  }
  return "expected a name without a port, as in api.example.com or *.example.com";
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
  // No host is a subdomain of an address.
  const bool good = pattern.subdomains ? is_domain(name) && !IpAddress::parse(name) : is_good_name(name);
  if (!good || text.size() > kHostMax) {
    return invalid(fmt::format("bad host '{}'; {}", text.substr(0, kHostMax), what_to_write(pattern.name)));
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

bool host_covers(std::string_view wide, std::string_view narrow) {
  if (!wide.starts_with("*.")) return wide == narrow;
  wide.remove_prefix(1);  // ".example.com"
  return narrow.size() > wide.size() && narrow.ends_with(wide);
}

}  // namespace rateguard::rules
