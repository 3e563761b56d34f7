#include "identify/jwt.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "identify/base64url.h"

namespace rateguard::identify {
namespace {

using Kind = JsonMember::Kind;

// What the header contributes: its checks, and the values that verification needs.
struct JoseHeader {
  JwtAlgorithm algorithm;
  std::optional<std::string> key_id;
};

std::optional<JoseHeader> parse_header(std::string_view encoded) {
  const auto text = decode_base64url(encoded);
  if (!text) return std::nullopt;
  const auto members = parse_json_members(*text);
  if (!members || find_member(*members, "crit") != nullptr) return std::nullopt;

  const JsonMember* name = find_member(*members, "alg");
  if (name == nullptr || name->kind != Kind::kString) return std::nullopt;
  const auto algorithm = parse_jwt_algorithm(name->text);
  if (!algorithm) return std::nullopt;

  JoseHeader header = {.algorithm = *algorithm, .key_id = {}};
  if (const JsonMember* id = find_member(*members, "kid")) {
    if (id->kind != Kind::kString) return std::nullopt;
    header.key_id = id->text;
  }
  return header;
}

// A NumericDate: seconds since the epoch, perhaps with a fraction (RFC 7519, section 2). Clamped to what a leeway can
// be added to; none if the member is not a number that can be a time.
std::optional<Instant> parse_numeric_date(const JsonMember& member) {
  constexpr double kUsMax = 4e18;
  if (member.kind != Kind::kNumber) return std::nullopt;
  const char* const end = member.text.data() + member.text.size();
  double seconds = 0;
  const auto [read_to, error] = std::from_chars(member.text.data(), end, seconds);
  if (error != std::errc() || read_to != end) return std::nullopt;
  return Instant{static_cast<int64_t>(std::floor(std::clamp(seconds * 1e6, -kUsMax, kUsMax)))};
}

bool is_in_force(const JsonMembers& claims, Duration leeway, Instant now) {
  if (const JsonMember* member = find_member(claims, "exp")) {
    const auto expires = parse_numeric_date(*member);
    if (!expires || now >= *expires + leeway) return false;
  }
  if (const JsonMember* member = find_member(claims, "nbf")) {
    const auto begins = parse_numeric_date(*member);
    if (!begins || now < *begins - leeway) return false;
  }
  return true;
}

bool is_from(const JsonMembers& claims, std::string_view issuer) {
  if (issuer.empty()) return true;
  const JsonMember* member = find_member(claims, "iss");
  return member != nullptr && member->kind == Kind::kString && member->text == issuer;
}

bool is_for(const JsonMembers& claims, std::string_view audience) {
  if (audience.empty()) return true;
  const JsonMember* member = find_member(claims, "aud");
  if (member == nullptr) return false;
  if (member->kind == Kind::kString) return member->text == audience;
  return member->kind == Kind::kStrings && std::ranges::find(member->strings, audience) != member->strings.end();
}

}  // namespace

std::optional<JsonMembers> verify_jwt(std::string_view token, const JwtKeys& keys, const JwtPolicy& policy,
                                      Instant now) {
  if (token.size() > kJwtBytesMax) return std::nullopt;
  const size_t first_dot = token.find('.');
  if (first_dot == std::string_view::npos) return std::nullopt;
  const size_t second_dot = token.find('.', first_dot + 1);
  if (second_dot == std::string_view::npos) return std::nullopt;
  // A third dot is a foreign character to the signature's decoder.

  const auto header = parse_header(token.substr(0, first_dot));
  if (!header) return std::nullopt;
  const auto signature = decode_base64url(token.substr(second_dot + 1));
  if (!signature || !keys.verify(header->algorithm, header->key_id, token.substr(0, second_dot), *signature))
    return std::nullopt;

  const auto payload = decode_base64url(token.substr(first_dot + 1, second_dot - first_dot - 1));
  if (!payload) return std::nullopt;
  auto claims = parse_json_members(*payload);
  if (!claims || !is_in_force(*claims, policy.leeway, now)) return std::nullopt;
  if (!is_from(*claims, policy.issuer) || !is_for(*claims, policy.audience)) return std::nullopt;
  return claims;
}

}  // namespace rateguard::identify
