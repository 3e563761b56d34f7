// JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515), verified by RFC 8725's advice.
#pragma once

#include <optional>
#include <string_view>

#include "identify/json_members.h"
#include "identify/jwt_keys.h"
#include "model/instant.h"

namespace rateguard::identify {

// A larger token is refused unread: servers bound a request's header fields to about as much.
inline constexpr size_t kJwtBytesMax = 8192;

// What a token must satisfy besides its signature.
struct JwtPolicy {
  std::string_view issuer = {};    // required "iss" if not empty
  std::string_view audience = {};  // required in "aud" if not empty
  Duration leeway = {};            // how far the issuer's clock may differ from ours
};

// The claims of a compact token, or none if anything about it is wrong. "exp" and "nbf", if present, are checked at
// `now`: valid if nbf - leeway <= now < exp + leeway. "crit" is refused, since no extension is understood; keys that
// the token itself carries or names ("jwk", "jku", "x5c", "x5u") are ignored.
std::optional<JsonMembers> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy,
                                      Instant now);

}  // namespace rateguard::identify
