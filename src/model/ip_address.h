// IP addresses as values: 16 bytes, IPv4 held as IPv4-mapped IPv6 (RFC 4291, section 2.5.5.2), so that one caller has
// one address however it is written.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard {

struct IpAddress {
  std::array<uint8_t, 16> bytes = {};

  // RFC 4291 text, RFC 6943-strict IPv4 (four decimal parts, no leading zeros); a zone id ("%eth0") is refused.
  static std::optional<IpAddress> parse(std::string_view text);

  bool is_v4() const;
  // Whose address this is: the first `prefix_v6` bits of an IPv6 address, the rest zero. IPv4 is left whole, also
  // inside the well-known prefix of NAT64, 64:ff9b::/96 (RFC 6052), where a translator puts it: in a prefix of fewer
  // bits all IPv4 clients behind it would be one. REQUIRES: prefix_v6 <= 128.
  IpAddress masked_v6(int prefix_v6) const;
  // Canonical text (RFC 5952).
  std::string to_string() const;
  // The same into `out`, which has room for kTextMax characters; returns the number written. No allocation.
  static constexpr int kTextMax = 45;
  int to_chars(char* out) const;

  auto operator<=>(const IpAddress&) const = default;
};

// "10.0.0.0/8", "2001:db8::/32", or a single address.
struct IpPrefix {
  IpAddress address;
  int bits = 128;  // over the 16-byte form: an IPv4 /8 is 104

  // Errors: kInvalid, saying what was expected.
  static Result<IpPrefix> parse(std::string_view text);
  bool contains(const IpAddress& candidate) const;
  bool operator==(const IpPrefix&) const = default;
};

}  // namespace rateguard
