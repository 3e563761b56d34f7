#include "server/admin/admin_caller.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "catalog/keys/key_text.h"
#include "model/ascii.h"
#include "model/cookie.h"

namespace rateguard::admin {
namespace {

using catalog::AdminTokenRecord;
using catalog::CatalogFault;
using catalog::MemberRecord;
using catalog::SessionRecord;

AdminRefusal unauthenticated(std::string code, std::string detail) {
  return {.problem = {.status = 401, .detail = std::move(detail), .field = "Authorization"},
          .code = std::move(code),
          .headers = {{"WWW-Authenticate", "Bearer realm=\"rateguard admin\""}}};
}

// One answer for every token that does not admit, so that nobody learns which of them exist.
AdminRefusal bad_token() {
  return unauthenticated("bad_token", "this token is unknown, expired or revoked");
}

// The lesser of two roles: what a token gives, and what its member may.
catalog::MemberRole lesser(catalog::MemberRole a, catalog::MemberRole b) {
  return std::max(a, b);
}

catalog::Actor actor_of(const AdminRequest& request, std::string kind, std::string id) {
  return {.kind = std::move(kind), .id = std::move(id), .address = request.peer, .request_id = request.id};
}

bool counts(const AdminTokenRecord& token, Instant now) {
  return token.purpose == catalog::TokenPurpose::kApi && (!token.expires_at || *token.expires_at > now) &&
         (!token.revoked_at || *token.revoked_at > now);
}

AdminResult<AdminCaller> by_token(const AdminRequest& request, std::string_view token, catalog::CatalogStore& catalog,
                                  const std::optional<FirstToken>& first_token) {
  const catalog::Sha256 sha256 = catalog::key_sha256(token);
  if (first_token && catalog::equal_in_constant_time(sha256, first_token->sha256)) {
    return AdminCaller{.actor = actor_of(request, first_token->actor_kind, first_token->actor_id),
                       .role = catalog::MemberRole::kOwner};
  }
  const catalog::KeyLook look = catalog::look_at_key(token);
  if (look.form != catalog::KeyForm::kWellFormed || look.kind != catalog::SecretKind::kAdminToken) {
    return std::unexpected(bad_token());
  }
  const auto found = catalog::find_by_sha256<AdminTokenRecord>(catalog, sha256);
  if (!found && found.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(found.error()));
  if (!found || !counts(*found, request.now)) return std::unexpected(bad_token());
  AdminCaller caller = {.actor = actor_of(request, "admin_token", found->head.id),
                        .role = found->role,
                        .workspace_id = found->workspace_id};
  if (!found->member_id) return caller;
  auto member = catalog::get<MemberRecord>(catalog, *found->member_id);
  if (!member && member.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(member.error()));
  if (!member || member->state != catalog::RecordState::kActive) return std::unexpected(bad_token());
  caller.role = lesser(caller.role, member->role);
  if (member->workspace_id) caller.workspace_id = member->workspace_id;
  caller.member_id = found->member_id;
  return caller;
}

bool is_read(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// Where a page that sent this is from; a browser says so with every request that changes something.
bool is_own_origin(const AdminRequest& request, std::string_view public_origin) {
  const std::string_view origin = request.header("Origin");
  if (origin.empty()) return true;
  if (!public_origin.empty()) return origin == public_origin;
  const size_t host = origin.find("://");
  return host != std::string_view::npos && origin.substr(host + 3) == request.header("Host");
}

// A page of another site can make a browser send the cookie, but not this field
// (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
AdminResult<void> check_forgery(const AdminRequest& request, const SessionRecord& session) {
  const std::string_view token = request.header("X-CSRF-Token");
  if (token.empty() || !catalog::equal_in_constant_time(catalog::key_sha256(token), session.csrf_sha256)) {
    return refused(403, "csrf", "a session changes something only with the token that signing in gave: X-CSRF-Token",
                   "X-CSRF-Token");
  }
  return {};
}

AdminResult<AdminCaller> by_session(const AdminRequest& request, std::string_view secret,
                                    catalog::CatalogStore& catalog) {
  const auto over = [] {
    return std::unexpected(unauthenticated("signed_out", "this session is over; sign in again"));
  };
  if (catalog::look_at_key(secret).kind != catalog::SecretKind::kSession) return over();
  auto session = catalog::find_by_sha256<SessionRecord>(catalog, catalog::key_sha256(secret));
  if (!session && session.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(session.error()));
  if (!session || session->expires_at <= request.now) return over();
  auto member = catalog::get<MemberRecord>(catalog, session->member_id);
  if (!member && member.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(member.error()));
  if (!member || member->state != catalog::RecordState::kActive) return over();
  if (!is_read(request.method)) {
    if (auto good = check_forgery(request, *session); !good) return std::unexpected(good.error());
  }
  return AdminCaller{.actor = actor_of(request, "member", member->head.id),
                     .role = member->role,
                     .workspace_id = member->workspace_id,
                     .member_id = member->head.id,
                     .member = *member,
                     .session = *std::move(session)};
}

std::string_view cookie_of(const AdminRequest& request, CookieScheme scheme) {
  std::vector<Header> headers;
  for (const auto& [name, value] : request.headers) headers.push_back({name, value});
  return find_cookie(headers, session_cookie_name(scheme));
}

}  // namespace

AdminResult<AdminCaller> identify_caller(const AdminRequest& request, catalog::CatalogStore& catalog,
                                         const std::optional<FirstToken>& first_token, CookieScheme scheme) {
  const std::string_view authorization = request.header("Authorization");
  constexpr std::string_view kBearer = "Bearer ";
  if (!authorization.empty()) {
    if (!equal_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) {
      return std::unexpected(unauthenticated("bad_token", "expected Authorization: Bearer TOKEN"));
    }
    return by_token(request, trim(authorization.substr(kBearer.size())), catalog, first_token);
  }
  const std::string_view cookie = cookie_of(request, scheme);
  if (!cookie.empty()) return by_session(request, cookie, catalog);
  return std::unexpected(unauthenticated(
      "no_token", "expected Authorization: Bearer TOKEN, or the cookie of a session (POST /v1/session)"));
}

AdminResult<void> check_origin(const AdminRequest& request, std::string_view public_origin) {
  if (is_read(request.method) || is_own_origin(request, public_origin)) return {};
  return refused(403, "csrf", "a page of another origin sent this", "Origin");
}

std::string_view session_cookie_name(CookieScheme scheme) {
  return scheme == CookieScheme::kHttps ? "__Host-rg_session" : "rg_session";
}

std::string session_cookie(CookieScheme scheme, std::string_view secret, int64_t seconds) {
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}", session_cookie_name(scheme), secret,
                     seconds, scheme == CookieScheme::kHttps ? "; Secure" : "");
}

CookieScheme cookie_scheme(std::string_view public_url) {
  return public_url.starts_with("https://") ? CookieScheme::kHttps : CookieScheme::kHttp;
}

std::string_view origin_of(std::string_view url) {
  const size_t host = url.find("://");
  if (host == std::string_view::npos) return {};
  return url.substr(0, url.find('/', host + 3));
}

AdminRefusal refusal_of(const catalog::CatalogRefusal& refusal) {
  const auto make = [&](int status, std::string_view code) {
    return AdminRefusal{.problem = {.status = status, .detail = refusal.message, .field = refusal.field},
                        .code = std::string(code)};
  };
  switch (refusal.fault) {
    case CatalogFault::kNotFound:
      return make(404, "not_found");
    case CatalogFault::kConflict: {
      AdminRefusal stale = make(412, "stale");
      stale.problem.field = "If-Match";
      stale.headers = {{"ETag", fmt::format("\"{}\"", refusal.version)}};
      return stale;
    }
    case CatalogFault::kDuplicate:
      return make(409, "duplicate");
    case CatalogFault::kReferenced: {
      AdminRefusal in_use = make(409, "in_use");
      in_use.problem.field = {};
      return in_use;
    }
    case CatalogFault::kInvalid:
      // The field's text is in order, but names a record that is not there.
      return refusal.id.empty() ? make(400, "invalid") : make(422, "unknown_reference");
    case CatalogFault::kRepeated:
      return make(409, "repeated");
    case CatalogFault::kFull:
      return make(507, "full");
    case CatalogFault::kReadOnly:
    case CatalogFault::kUnavailable: {
      AdminRefusal later = make(503, "unavailable");
      later.headers = {{"Retry-After", "1"}};
      return later;
    }
    case CatalogFault::kUnknownOutcome: {
      AdminRefusal unknown = make(503, "unknown_outcome");
      unknown.problem.detail += "; send the same request again with the same Idempotency-Key to find out";
      unknown.headers = {{"Retry-After", "1"}};
      return unknown;
    }
    case CatalogFault::kSchemaNewer:
    case CatalogFault::kForeign:
    case CatalogFault::kCorrupt:
      return make(500, "catalog_broken");
  }
  return make(500, "catalog_broken");
}

}  // namespace rateguard::admin
