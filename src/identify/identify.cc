#include "identify/identify.h"

#include <fmt/format.h>

#include <algorithm>

#include "identify/jwt.h"
#include "model/ascii.h"
#include "model/cookie.h"

namespace rateguard::identify {
namespace {

// The credentials of "Authorization: Bearer ..." (RFC 6750, section 2.1); empty if there are none.
std::string_view bearer_token(std::span<const Header> headers) {
  constexpr std::string_view kScheme = "bearer";
  // With two fields neither counts: nothing says which is right (RFC 9110, section 5.3).
  const auto is_authorization = [](const Header& header) { return equal_ignoring_case(header.name, "authorization"); };
  if (std::ranges::count_if(headers, is_authorization) > 1) return {};
  const std::string_view value = trim(find_header(headers, "authorization"));
  const size_t space = value.find(' ');
  if (space == std::string_view::npos || !equal_ignoring_case(value.substr(0, space), kScheme)) return {};
  const std::string_view token = trim(value.substr(space));
  return token.find_first_of(" \t") == std::string_view::npos ? token : std::string_view();
}

std::string_view first_of(std::string_view given, std::string_view found) {
  return given.empty() ? found : given;
}

std::string_view read_source(const IdentitySource& source, const RequestFacts& facts, const Subject& subject) {
  switch (source.kind) {
    case IdentitySource::Kind::kNone:
      return {};
    case IdentitySource::Kind::kHeader:
      return trim(find_header(facts.headers, source.name));
    case IdentitySource::Kind::kCookie:
      return find_cookie(facts.headers, source.name);
    case IdentitySource::Kind::kClaim:
      return subject.claim(source.name);
  }
  return {};
}

// What the catalog says of a caller takes precedence over what the request says.
void take_caller(const KnownCaller* caller, Subject& subject) {
  if (caller == nullptr) return;
  subject.caller = caller;
  subject.api_key = caller->key_id;
  subject.workspace = caller->workspace;
  subject.plan = caller->plan;
}

// Keeps the claims that a rule can count by: nested values have no single text form.
void keep_plain_claims(JsonMembers claims, std::vector<std::pair<std::string, std::string>>& out) {
  using Kind = JsonMember::Kind;
  for (JsonMember& claim : claims) {
    if (claim.kind == Kind::kString || claim.kind == Kind::kNumber || claim.kind == Kind::kBoolean) {
      out.emplace_back(std::move(claim.name), std::move(claim.text));
    }
  }
}

}  // namespace

struct Identifier::Keys {
  JwtKeys keys;
};

Result<IdentitySource> IdentitySource::parse(std::string_view text) {
  const auto wrong = [&] {
    return invalid(
        fmt::format("\"{}\" names no source; expected \"header:NAME\", \"cookie:NAME\" or \"jwt:CLAIM\"", text));
  };
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return wrong();
  const std::string_view kind = text.substr(0, colon);
  const std::string_view name = text.substr(colon + 1);
  IdentitySource source = {.kind = Kind::kNone, .name = std::string(name)};
  if (kind == "header" && is_token(name)) source.kind = Kind::kHeader;
  if (kind == "cookie" && is_token(name)) source.kind = Kind::kCookie;
  if (kind == "jwt" && !name.empty()) source.kind = Kind::kClaim;
  if (source.kind == Kind::kNone) return wrong();
  return source;
}

Identifier::Identifier(Settings settings, std::unique_ptr<const Keys> keys)
    : settings_(std::move(settings)), keys_(std::move(keys)) {}

Identifier::~Identifier() = default;

std::span<const std::string> Identifier::key_warnings() const {
  return keys_ ? std::span<const std::string>(keys_->keys.warnings()) : std::span<const std::string>();
}

Result<std::shared_ptr<const Identifier>> Identifier::create(Settings settings) {
  if (settings.prefix_v6 < 0 || settings.prefix_v6 > 128) {
    return invalid(fmt::format("an IPv6 prefix of {} bits; expected 0 to 128", settings.prefix_v6));
  }
  if (settings.jwt.leeway < Duration{} || settings.jwt.leeway > kLeewayMax) {
    return invalid(fmt::format("a JWT leeway of {} us; expected 0 to one day", settings.jwt.leeway.us));
  }
  std::unique_ptr<const Keys> keys;
  if (!settings.jwt.key_file.empty()) {
    auto loaded = JwtKeys::load(settings.jwt.key_file);
    if (!loaded) return std::unexpected(std::move(loaded.error()));
    keys = std::make_unique<const Keys>(*std::move(loaded));
  }
  for (const IdentitySource* source : {&settings.user, &settings.workspace, &settings.plan}) {
    if (source->kind == IdentitySource::Kind::kClaim && !keys) {
      return invalid(fmt::format("\"jwt:{}\" is to be read from tokens, but no key file is set to verify them with",
                                 source->name));
    }
  }
  return std::shared_ptr<const Identifier>(new Identifier(std::move(settings), std::move(keys)));
}

Subject Identifier::identify(const RequestFacts& facts, Now now, Scratch& scratch) const {
  scratch.claims.clear();
  Subject subject;
  if (const auto address = client_address(facts, settings_.trusted_proxies)) {
    subject.address = address->masked_v6(128);
    subject.ip = address->masked_v6(settings_.prefix_v6);
  }

  if (facts.headers.empty()) {  // mostly the case for recorded requests
    subject.api_key = facts.api_key;
    subject.user = facts.user;
    subject.workspace = facts.workspace;
    subject.plan = facts.plan;
    take_caller(facts.caller, subject);
    return subject;
  }

  const std::string_view bearer = bearer_token(facts.headers);
  bool verified = false;
  if (keys_ && !bearer.empty()) {
    const JwtPolicy policy = {
        .issuer = settings_.jwt.issuer, .audience = settings_.jwt.audience, .leeway = settings_.jwt.leeway};
    if (auto claims = verify_jwt(bearer, keys_->keys, policy, now.wall())) {
      verified = true;
      keep_plain_claims(*std::move(claims), scratch.claims);
      subject.claims = scratch.claims;
    }
  }

  subject.api_key = first_of(facts.api_key, trim(find_header(facts.headers, "x-api-key")));
  if (subject.api_key.empty() && !verified) subject.api_key = bearer;
  subject.user = first_of(facts.user, read_source(settings_.user, facts, subject));
  subject.workspace = first_of(facts.workspace, read_source(settings_.workspace, facts, subject));
  subject.plan = first_of(facts.plan, read_source(settings_.plan, facts, subject));
  take_caller(facts.caller, subject);
  return subject;
}

std::string_view Identifier::shown_key(const RequestFacts& facts, Now now) const {
  if (!facts.api_key.empty() || facts.headers.empty()) return facts.api_key;
  if (const std::string_view key = trim(find_header(facts.headers, "x-api-key")); !key.empty()) return key;
  const std::string_view bearer = bearer_token(facts.headers);
  if (!keys_ || bearer.empty()) return bearer;
  const JwtPolicy policy = {
      .issuer = settings_.jwt.issuer, .audience = settings_.jwt.audience, .leeway = settings_.jwt.leeway};
  return verify_jwt(bearer, keys_->keys, policy, now.wall()) ? std::string_view() : bearer;
}

}  // namespace rateguard::identify
