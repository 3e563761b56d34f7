// The settings of identity: docs/configuration.md, `identity`, and whose word `listen` takes for a client's address.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/instant.h"
#include "model/ip_address.h"
#include "settings/setting_row.h"

namespace rateguard::identify {

// Where an identity is read from: "header:X-User", "cookie:session", "jwt:sub". Empty kind: nowhere.
struct IdentitySource {
  enum class Kind : uint8_t { kNone, kHeader, kCookie, kClaim };
  Kind kind = Kind::kNone;
  std::string name = {};

  static Result<IdentitySource> parse(std::string_view text);
  bool operator==(const IdentitySource&) const = default;
};

// How tokens are verified (RFC 7519, RFC 7515). A token that does not verify gives no claims.
struct JwtSettings {
  // A file with one or more keys: PEM public keys (RS256, ES256), a JWK Set (RFC 7517), or for HS256 a JWK "oct" key.
  std::string key_file = {};
  std::string issuer = {};    // required "iss" if not empty
  std::string audience = {};  // required in "aud" if not empty
  Duration leeway = Duration::seconds(60);
};

// A larger difference between clocks is a fault, not a matter of leeway.
inline constexpr Duration kLeewayMax = Duration::seconds(86'400);

// Which API keys there are.
enum class ApiKeys : uint8_t {
  kAny,      // every text that somebody shows is a caller of its own; no key is looked up
  kCatalog,  // those of the catalog; requests with another one are refused
};

struct Settings {
  std::vector<IpPrefix> trusted_proxies = {};
  int prefix_v6 = 64;
  IdentitySource user = {};
  IdentitySource workspace = {};
  IdentitySource plan = {};
  ApiKeys api_keys = ApiKeys::kAny;
  JwtSettings jwt = {};
};

// Those of `listen`, and those of `identity`.
std::span<const SettingRow<Settings>> client_address_setting_rows();
std::span<const SettingRow<Settings>> identity_setting_rows();

}  // namespace rateguard::identify
