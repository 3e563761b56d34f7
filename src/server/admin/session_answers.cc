// Signing in and out, who somebody is, and the first owner.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/keys/key_text.h"
#include "model/ascii.h"
#include "server/admin/admin_call.h"
#include "server/admin/admin_parts.h"
#include "server/admin/admin_route.h"
#include "server/admin/field_check.h"
#include "server/admin/member_sessions.h"
#include "server/admin/record_json.h"
#include "server/admin/setup.h"
#include "server/admin/timestamp.h"
#include "text/json_text.h"

namespace rateguard::admin {
namespace {

using catalog::AdminTokenRecord;
using catalog::CatalogFault;
using catalog::MemberRecord;
using catalog::RecordKind;
using catalog::SessionRecord;

// A working day, with the evening.
constexpr int64_t kSessionSeconds = int64_t{12} * 3'600;
// What is kept of a browser's name.
constexpr size_t kAgentBytesMax = 200;

// The texts of a body that has just these members. Errors: 400 with what is missing, unknown or no text.
AdminResult<std::vector<std::string>> texts_of(const AdminCall& call, std::initializer_list<std::string_view> names) {
  if (auto good = check_members(call, names); !good) return std::unexpected(std::move(good.error()));
  std::vector<http_api::FieldError> errors;
  std::vector<std::string> texts;
  for (const std::string_view name : names) {
    const JsonNode* const value = call.body.find(name);
    if (value == nullptr) {
      errors.push_back({std::string(name), "is missing"});
    } else if (value->kind != JsonNode::Kind::kString) {
      errors.push_back({std::string(name), "expected text"});  // which may be a password
    } else {
      texts.push_back(value->text);
    }
  }
  if (!errors.empty()) return refused_fields(std::move(errors));
  return texts;
}

std::string folded(std::string_view email) {
  std::string text(email);
  for (char& c : text) c = ascii_lower(c);
  return text;
}

AdminResult<void> count_try(AdminCall& call, std::string_view email) {
  const auto wait = call.parts.sign_ins.try_now(call.request.peer, email, Now(call.now()));
  if (!wait) return {};
  AdminRefusal later = {.problem = {.status = 429, .detail = "too many tries to sign in; wait as Retry-After says"},
                        .code = "too_many_tries",
                        .headers = {{"Retry-After", std::to_string(wait->ceil_seconds())}}};
  return std::unexpected(std::move(later));
}

std::unexpected<AdminRefusal> busy() {
  auto refusal = refused(503, "busy", "too many passwords are being checked");
  refusal.error().headers = {{"Retry-After", "1"}};
  return refusal;
}

// The same for an unknown address, a wrong password and a member who cannot sign in.
std::unexpected<AdminRefusal> not_signed_in() {
  return refused(401, "bad_credentials", "no member has this e-mail address with this password");
}

// Errors: 401, 503, and the catalog's.
AdminResult<MemberRecord> member_by_password(AdminCall& call, const std::string& email, const std::string& password) {
  auto found = call.catalog.find_any(RecordKind::kMember, "email", email);
  if (!found && found.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(found.error()));
  std::optional<MemberRecord> member;
  if (found) member = std::get<MemberRecord>(*std::move(found));
  const bool may_sign_in = member && member->state == catalog::RecordState::kActive;
  const auto verdict = call.parts.passwords.verify(password, may_sign_in ? member->password_hash : std::nullopt);
  if (verdict == PasswordVerdict::kBusy) return busy();
  if (verdict == PasswordVerdict::kRight) return *std::move(member);
  if (member) {
    // So that whoever looks into the log sees that somebody tries.
    catalog::ChangeSet changes = call.changes();
    changes.notes.push_back({.action = "member.sign_in_failed",
                             .target_kind = std::string(to_string(RecordKind::kMember)),
                             .target_id = member->head.id,
                             .workspace_id = member->workspace_id});
    static_cast<void>(call.catalog.change(changes));
  }
  return not_signed_in();
}

std::string session_json(const MemberRecord& member, const SessionRecord& session, std::string_view csrf_token) {
  std::string out = "{\"member\":" + record_json(member) + ",\"expires_at\":";
  append_json_string(out, format_timestamp(session.expires_at));
  if (!csrf_token.empty()) {
    out += ",\"csrf_token\":";
    append_json_string(out, csrf_token);
  }
  return out + '}';
}

// However it was changed since: it lasts no longer than it was made for, and can be revoked as any token.
bool is_good_setup_link(const AdminTokenRecord& link, Instant now) {
  return link.purpose == catalog::TokenPurpose::kSetup && link.head.created_at + kSetupLinkLasts > now &&
         link.expires_at && *link.expires_at > now && (!link.revoked_at || *link.revoked_at > now);
}

std::unexpected<AdminRefusal> bad_setup_link() {
  return refused(401, "bad_setup_link", "this setup link is unknown, used or over; starting again makes another");
}

AdminResult<AdminReply> signed_in(AdminCall& call, const MemberRecord& member) {
  auto secret = catalog::make_secret(catalog::SecretKind::kSession);
  auto csrf = catalog::make_secret(catalog::SecretKind::kSession);
  if (!secret || !csrf) return refused(500, "no_random_bytes", "the system gives no random bytes");
  SessionRecord session = {.member_id = member.head.id,
                           .sha256 = secret->sha256,
                           .csrf_sha256 = csrf->sha256,
                           .address = call.request.peer,
                           .agent = clipped(call.request.header("User-Agent"), kAgentBytesMax),
                           .expires_at = call.now() + Duration::seconds(kSessionSeconds),
                           .seen_at = call.now()};
  std::string data = session_json(member, session, csrf->text.reveal());
  catalog::ChangeSet changes = call.changes();
  changes.actor.kind = "member";
  changes.actor.id = member.head.id;
  changes.writes.push_back({.what = catalog::CreateRecord{std::move(session)}, .verb = "sign_in"});
  const auto made = call.catalog.change(changes);
  if (!made) return std::unexpected(refusal_of(made.error()));
  const CookieScheme scheme = cookie_scheme(call.parts.identity.public_url);
  return AdminReply{.status = 201,
                    .data = std::move(data),
                    .headers = {{"Set-Cookie", session_cookie(scheme, secret->text.reveal(), kSessionSeconds)}}};
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> sign_in(AdminCall& call) {
  const auto texts = texts_of(call, {"email", "password"});
  if (!texts) return std::unexpected(texts.error());
  const std::string email = folded(texts->front());
  if (auto good = count_try(call, email); !good) return std::unexpected(std::move(good.error()));
  const auto member = member_by_password(call, email, texts->back());
  if (!member) return std::unexpected(member.error());
  return signed_in(call, *member);
}

AdminResult<AdminReply> get_session(AdminCall& call) {
  if (call.caller.session) {
    return AdminReply{.data = session_json(*call.caller.member, *call.caller.session, {})};
  }
  std::string out = "{\"token\":{\"id\":";
  append_json_string(out, call.caller.actor.id);
  out += ",\"role\":";
  append_json_string(out, catalog::choice_word(call.caller.role));
  out += ",\"workspace_id\":";
  if (call.caller.workspace_id) {
    append_json_string(out, *call.caller.workspace_id);
  } else {
    out += "null";
  }
  return AdminReply{.data = out + "}}"};
}

AdminResult<AdminReply> sign_out(AdminCall& call) {
  if (!call.caller.session)
    return refused(409, "no_session", "this request came with a token: there is nothing to end");
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back(
      {.what = catalog::RemoveRecord{RecordKind::kSession, call.caller.session->head.id}, .verb = "sign_out"});
  const auto made = call.catalog.change(changes);
  if (!made && made.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(made.error()));
  const CookieScheme scheme = cookie_scheme(call.parts.identity.public_url);
  return AdminReply{.status = 204, .headers = {{"Set-Cookie", session_cookie(scheme, {}, 0)}}};
}

AdminResult<AdminReply> set_up(AdminCall& call) {
  const auto texts = texts_of(call, {"token", "email", "password"});
  if (!texts) return std::unexpected(texts.error());
  const std::string email = folded((*texts)[1]);
  if (auto good = count_try(call, {}); !good) return std::unexpected(std::move(good.error()));
  const auto link = catalog::find_by_sha256<AdminTokenRecord>(call.catalog, catalog::key_sha256(texts->front()));
  if (!link && link.error().fault != CatalogFault::kNotFound) return std::unexpected(refusal_of(link.error()));
  if (!link || !is_good_setup_link(*link, call.now())) return bad_setup_link();
  // A token or an owner that came since lets people in: the link is not needed any more.
  const auto is_overtaken = has_owner(call.catalog, call.now());
  if (!is_overtaken) return std::unexpected(refusal_of(is_overtaken.error()));
  if (*is_overtaken) return bad_setup_link();
  if (auto fault = problem_of_email(email)) return refused_fields({{"email", *std::move(fault)}});
  if (auto fault = problem_of_password(texts->back())) return refused_fields({{"password", *std::move(fault)}});
  auto hash = call.parts.passwords.hash(texts->back());
  if (!hash) return busy();
  MemberRecord owner = {.email = email, .role = catalog::MemberRole::kOwner, .password_hash = std::move(hash)};
  catalog::ChangeSet changes = call.changes();
  changes.actor.kind = "admin_token";
  changes.actor.id = link->head.id;
  // Whoever removes the link is the only one who uses it.
  changes.writes.push_back(
      {.what = catalog::RemoveRecord{RecordKind::kAdminToken, link->head.id, link->head.version}, .verb = "use"});
  changes.writes.push_back({.what = catalog::CreateRecord{std::move(owner)}});
  const auto made = call.catalog.change(changes);
  // Whoever removed the link meanwhile was first.
  if (!made && made.error().fault == CatalogFault::kNotFound) return bad_setup_link();
  if (!made) return std::unexpected(refusal_of(made.error()));
  return AdminReply{.status = 201, .data = record_json(made->records.back()), .etag = etag_of(made->records.back())};
}

AdminResult<AdminReply> change_password(AdminCall& call) {
  const auto texts = texts_of(call, {"password", "new_password"});
  if (!texts) return std::unexpected(texts.error());
  if (!call.caller.member) return refused(409, "no_session", "this request came with a token: it has no password");
  MemberRecord member = *call.caller.member;
  if (auto good = count_try(call, member.email); !good) return std::unexpected(std::move(good.error()));
  if (auto fault = problem_of_password(texts->back())) return refused_fields({{"new_password", *std::move(fault)}});
  const auto verdict = call.parts.passwords.verify(texts->front(), member.password_hash);
  if (verdict == PasswordVerdict::kBusy) return busy();
  if (verdict == PasswordVerdict::kWrong)
    return refused(403, "bad_credentials", "password: this is another", "password");
  auto hash = call.parts.passwords.hash(texts->back());
  if (!hash) return busy();
  member.password_hash = std::move(hash);
  const int64_t version = member.head.version;
  catalog::ChangeSet changes = call.changes();
  if (auto good = end_sessions(call, member.head.id, changes); !good) return std::unexpected(std::move(good.error()));
  changes.writes.push_back({.what = catalog::UpdateRecord{std::move(member), version}, .verb = "change_password"});
  const auto made = call.catalog.change(changes);
  if (!made) return std::unexpected(refusal_of(made.error()));
  return AdminReply{.status = 204};
}

}  // namespace admin_answers
}  // namespace rateguard::admin
