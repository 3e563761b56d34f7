// JSON Web Tokens (RFC 7519) as compact JWS (RFC 7515), verified by RFC 8725's advice.
#pragma once

#include <optional>
#include <string_view>

#include "identify/json_members.h"
#include "identify/jwt_keys.h"
#include "model/instant.h"

namespace rateguard::identify {

// A token that carries more is refused unread: servers bound a request's header fields to as much.
inline constexpr size_t kJwtBytesMax = 8192;

// What a token must be beyond well signed.
struct JwtPolicy {
  std::string_view issuer = {};    // required "iss" where not empty
  std::string_view audience = {};  // required in "aud" where not empty
  Duration leeway = {};            // how far the issuer's clock may be from ours
};

// The claims of a compact token, or none where anything about it is wrong. "exp" and "nbf" are judged at `now` where
// present: in force are nbf - leeway <= now < exp + leeway. "crit" is refused, since no extension is understood; keys
// that the token itself brings or names ("jwk", "jku", "x5c", "x5u") are never looked at.
std::optional<JsonMembers> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy,
                                      Instant now);

}  // namespace rateguard::identify
