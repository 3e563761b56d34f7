#include "rules/rule.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "model/ascii.h"

namespace rateguard::rules {
namespace {

struct KindName {
  std::string_view text;
  PartKind kind;
};

constexpr std::array<KindName, 8> kPlainKinds = {{
    {"ip", PartKind::kIp},
    {"api_key", PartKind::kApiKey},
    {"user", PartKind::kUser},
    {"workspace", PartKind::kWorkspace},
    {"plan", PartKind::kPlan},
    {"member", PartKind::kMember},
    {"route", PartKind::kRoute},
    {"global", PartKind::kGlobal},
}};

constexpr std::array<KindName, 4> kNamed = {{
    {"header:", PartKind::kHeader},
    {"cookie:", PartKind::kCookie},
    {"jwt:", PartKind::kClaim},
    {"tag:", PartKind::kTag},
}};

// Long enough for any real field, cookie or claim name.
constexpr size_t kPartNameMax = 256;

std::unexpected<Error> unknown_part(std::string_view text) {
  return invalid(
      fmt::format("cannot count by '{}'; expected ip, api_key, user, workspace, plan, member, route, global, "
                  "header:NAME, cookie:NAME, jwt:CLAIM or tag:NAME",
                  text.substr(0, kPartNameMax)));
}

}  // namespace

Result<Part> Part::parse(std::string_view text) {
  for (const auto& [name, kind] : kPlainKinds) {
    if (text == name) return Part{.kind = kind};
  }
  for (const auto& [prefix, kind] : kNamed) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view name = text.substr(prefix.size());
    if (name.empty() || name.size() > kPartNameMax) {
      return invalid(fmt::format("'{}' needs a name of 1 to {} characters after the colon", prefix, kPartNameMax));
    }
    // Field and cookie names are tokens (RFC 9110 section 5.1, RFC 6265 section 4.1.1); those of claims and tags are
    // any text.
    const bool is_any_text = kind == PartKind::kClaim || kind == PartKind::kTag;
    if (!is_any_text && !is_token(name)) {
      return invalid(fmt::format("'{}' is not a valid {} name", name, prefix.substr(0, prefix.size() - 1)));
    }
    return Part{.kind = kind, .name = std::string(name)};
  }
  return unknown_part(text);
}

std::string Part::to_string() const {
  for (const auto& [text, known] : kPlainKinds) {
    if (known == kind) return std::string(text);
  }
  for (const auto& [prefix, known] : kNamed) {
    if (known == kind) return std::string(prefix) + name;
  }
  return "unknown";
}

IpAddress AddressPrefixes::cut(IpAddress address) const {
  constexpr int kMappedBits = 96;  // in front of an IPv4 address
  const std::optional<int>& bits = address.is_v4() ? v4 : v6;
  if (!bits) return address;
  const int kept = *bits + (address.is_v4() ? kMappedBits : 0);
  const auto whole = static_cast<size_t>(kept / 8);
  if (whole == address.bytes.size()) return address;
  address.bytes[whole] = static_cast<uint8_t>(address.bytes[whole] & 0xFF00 >> kept % 8);
  std::fill(address.bytes.begin() + whole + 1, address.bytes.end(), uint8_t{0});
  return address;
}

}  // namespace rateguard::rules
