// Who calls the admin API, and how the program knows.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/audit_entry.h"
#include "catalog/catalog_store.h"
#include "catalog/record_choices.h"
#include "catalog/record_field.h"
#include "server/admin/admin_request.h"

namespace rateguard::admin {

struct AdminCaller {
  catalog::Actor actor = {};
  catalog::MemberRole role = catalog::MemberRole::kViewer;
  std::optional<std::string> workspace_id = {};  // nothing else is seen or changed; none: the whole installation
  std::optional<std::string> member_id = {};     // who signed in, or whose token it is
  std::optional<catalog::MemberRecord> member = {};
  std::optional<catalog::SessionRecord> session = {};  // came with a cookie
};

// The token of the program's environment or of its token file. It is an owner's, for as long as the program runs with
// it, and is not kept in the catalog.
struct FirstToken {
  catalog::Sha256 sha256 = {};
  // Who uses it, in the audit log.
  std::string actor_kind = "admin_token";
  std::string actor_id = "environment";
};

// The cookie of a session. A browser takes a name with "__Host-" only with Secure, over HTTPS.
enum class CookieScheme : uint8_t { kHttp, kHttps };

// By the bearer token or, where there is none, by the session cookie of that scheme: over HTTPS a page of a
// neighbouring name could plant the other. Tokens are compared by their SHA-256, in constant time. Blocks: asks the
// catalog. Errors: 401, and 403 for a session's request to change something without its CSRF token; as refusal_of() for
// the catalog's.
AdminResult<AdminCaller> identify_caller(const AdminRequest& request, catalog::CatalogStore& catalog,
                                         const std::optional<FirstToken>& first_token, CookieScheme scheme);

// Refuses what a page of another site sends to change something, or to sign its user in as somebody else. Without a
// public origin, pages of the host that was asked are this one's. Errors: 403.
AdminResult<void> check_origin(const AdminRequest& request, std::string_view public_origin);

std::string_view session_cookie_name(CookieScheme scheme);
// "Set-Cookie" for a session that lasts `seconds`; 0 ends it.
std::string session_cookie(CookieScheme scheme, std::string_view secret, int64_t seconds);
CookieScheme cookie_scheme(std::string_view public_url);
// "https://admin.example.com" of "https://admin.example.com/x".
std::string_view origin_of(std::string_view url);

// What the catalog's refusals are over HTTP.
AdminRefusal refusal_of(const catalog::CatalogRefusal& refusal);

}  // namespace rateguard::admin
