#include "server/admin/creation.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "catalog/keys/key_text.h"
#include "model/ascii.h"
#include "server/admin/admin_parts.h"
#include "server/admin/field_check.h"
#include "server/admin/resource.h"

namespace rateguard::admin {
namespace {

using catalog::AdminTokenRecord;
using catalog::AnyRecord;
using catalog::ApiKeyRecord;
using catalog::MemberRecord;
using catalog::RecordKind;
using catalog::SecretKind;

constexpr std::string_view kKeyMembers[] = {"sha256", "test"};
constexpr std::string_view kMemberMembers[] = {"password"};

// What decides how much a workspace gets is for those who run the installation.
AdminResult<void> check_reach(const AdminCall& call, const std::vector<std::string>& fields) {
  if (!call.caller.workspace_id) return {};
  for (const std::string& field : fields) {
    const ResourceField row = resource_field(call.kind(), {.name = field});
    if (!row.is_of_installation) continue;
    return refused(403, "not_of_workspace",
                   fmt::format("{}: only callers of the whole installation set it, not those of a workspace", field),
                   field);
  }
  return {};
}

// A caller of a workspace makes things in it, and nowhere else.
AdminResult<void> place_in_workspace(const AdminCall& call, AnyRecord& record) {
  const auto& own = call.caller.workspace_id;
  if (!own) return {};
  bool is_elsewhere = false;
  catalog::visit_fields(record, [&]<typename T>(const catalog::RecordField& field, T& value) {
    if (field.name != "workspace_id") return;
    if constexpr (std::is_same_v<T, std::optional<std::string>>) {
      if (!value) value = own;
    }
    if constexpr (std::is_same_v<T, std::optional<std::string>> || std::is_same_v<T, std::string>) {
      is_elsewhere = value != *own;
    }
  });
  if (!is_elsewhere) return {};
  return refused(403, "other_workspace", fmt::format("workspace_id: this caller belongs to {}", *own), "workspace_id");
}

AdminResult<void> check_member(AdminCall& call, const std::optional<std::string>& member_id,
                               const std::optional<std::string>& workspace_id) {
  if (!member_id) return {};
  const auto member = catalog::get<MemberRecord>(call.catalog, *member_id);
  if (!member) {
    // The catalog itself says what is wrong with a reference to nothing.
    if (member.error().fault == catalog::CatalogFault::kNotFound) return {};
    return std::unexpected(refusal_of(member.error()));
  }
  // A member of the whole installation has to do with every workspace; only its own callers may name it.
  const bool fits = member->workspace_id ? member->workspace_id == workspace_id : !call.caller.workspace_id;
  if (fits) return {};
  return refused(422, "other_workspace", "member_id: this member does not belong to the workspace", "member_id");
}

AdminResult<catalog::SecretText> new_secret(SecretKind kind, std::string* prefix, std::string& last4,
                                            catalog::Sha256& sha256) {
  auto secret = catalog::make_secret(kind);
  if (!secret) return refused(500, "no_random_bytes", "the system gives no random bytes");
  if (prefix != nullptr) *prefix = secret->prefix;
  last4 = secret->last4;
  sha256 = secret->sha256;
  return std::move(secret->text);
}

AdminResult<void> import_key(const AdminCall& call, const JsonNode& sha256, ApiKeyRecord& key) {
  const auto hash = sha256.kind == JsonNode::Kind::kString ? catalog::parse_sha256(sha256.text) : std::nullopt;
  if (!hash) {
    return refused(400, "invalid", "sha256: expected the SHA-256 of the whole key in 64 hexadecimal digits", "sha256");
  }
  if (call.body.find("test") != nullptr) {
    return refused(400, "invalid", "test: a key that is imported is what it is", "test");
  }
  key.sha256 = *hash;
  return {};
}

AdminResult<catalog::SecretText> complete(AdminCall& call, ApiKeyRecord& key) {
  if (auto good = check_member(call, key.member_id, key.workspace_id); !good) return std::unexpected(good.error());
  if (const JsonNode* const sha256 = call.body.find("sha256")) {
    auto imported = import_key(call, *sha256, key);
    if (!imported) return std::unexpected(std::move(imported.error()));
    return catalog::SecretText();
  }
  for (const std::string_view field : {"prefix", "last4"}) {
    if (call.body.find(field) != nullptr) {
      return refused(400, "invalid", fmt::format("{}: goes with sha256, for a key that is imported", field),
                     std::string(field));
    }
  }
  const JsonNode* const test = call.body.find("test");
  if (test != nullptr && test->kind != JsonNode::Kind::kBool) {
    return refused(400, "invalid", "test: expected true or false, found " + test->describe(), "test");
  }
  const bool is_test = test != nullptr && test->boolean;
  return new_secret(is_test ? SecretKind::kTestKey : SecretKind::kLiveKey, &key.prefix, key.last4, key.sha256);
}

AdminResult<catalog::SecretText> complete(AdminCall& call, AdminTokenRecord& token) {
  if (auto good = check_member(call, token.member_id, token.workspace_id); !good) return std::unexpected(good.error());
  // What a member makes goes with the member.
  if (!token.member_id) token.member_id = call.caller.member_id;
  token.purpose = catalog::TokenPurpose::kApi;
  return new_secret(SecretKind::kAdminToken, nullptr, token.last4, token.sha256);
}

// Sets what the body's "password" says: a text, or null for none.
AdminResult<void> set_password(AdminCall& call, MemberRecord& member) {
  const JsonNode* const password = call.body.find("password");
  if (password == nullptr) return {};
  if (password->kind == JsonNode::Kind::kNull) {
    member.password_hash.reset();
    return {};
  }
  if (password->kind != JsonNode::Kind::kString) return refused_fields({{"password", "expected text"}});
  if (auto fault = problem_of_password(password->text)) return refused_fields({{"password", *std::move(fault)}});
  member.password_hash = call.parts.passwords.hash(password->text);
  if (member.password_hash) return {};
  auto busy = refused(503, "busy", "too many passwords are being checked");
  busy.error().headers = {{"Retry-After", "1"}};
  return busy;
}

AdminResult<catalog::SecretText> complete(AdminCall& call, MemberRecord& member) {
  if (auto good = set_password(call, member); !good) return std::unexpected(std::move(good.error()));
  return catalog::SecretText();
}

AdminResult<catalog::SecretText> complete(AdminCall&, auto&) {
  return catalog::SecretText();
}

void fold(AnyRecord& record) {
  if (MemberRecord* const member = std::get_if<MemberRecord>(&record)) {
    for (char& c : member->email) c = ascii_lower(c);
  }
}

AdminResult<void> check(const AdminCall& call, AnyRecord& record, BodyFor purpose) {
  BodyReading reading = read_record(call.body, purpose, other_members(call.kind(), purpose), record);
  if (!reading.errors.empty()) return refused_fields(std::move(reading.errors));
  fold(record);
  auto errors = check_record(record, reading.fields);
  if (!errors.empty()) return refused_fields(std::move(errors));
  return check_reach(call, reading.fields);
}

}  // namespace

std::span<const std::string_view> other_members(RecordKind kind, BodyFor purpose) {
  if (kind == RecordKind::kMember) return kMemberMembers;
  if (kind == RecordKind::kApiKey && purpose == BodyFor::kCreation) return kKeyMembers;
  return {};
}

AdminResult<NewRecord> record_of_body(AdminCall& call) {
  NewRecord made = {.record = catalog::empty_record(call.kind())};
  auto good = check(call, made.record, BodyFor::kCreation);
  if (good) good = place_in_workspace(call, made.record);
  if (!good) return std::unexpected(std::move(good.error()));
  auto secret = std::visit([&](auto& record) { return complete(call, record); }, made.record);
  if (!secret) return std::unexpected(std::move(secret.error()));
  made.secret = *std::move(secret);
  return made;
}

AdminResult<AnyRecord> changed_by_body(AdminCall& call, AnyRecord record) {
  const std::optional<std::string> member_before =
      std::holds_alternative<ApiKeyRecord>(record) ? std::get<ApiKeyRecord>(record).member_id : std::nullopt;
  if (auto good = check(call, record, BodyFor::kUpdate); !good) return std::unexpected(std::move(good.error()));
  if (const ApiKeyRecord* const key = std::get_if<ApiKeyRecord>(&record); key && key->member_id != member_before) {
    auto good = check_member(call, key->member_id, key->workspace_id);
    if (!good) return std::unexpected(std::move(good.error()));
  }
  if (MemberRecord* const member = std::get_if<MemberRecord>(&record)) {
    if (auto good = set_password(call, *member); !good) return std::unexpected(std::move(good.error()));
  }
  return record;
}

bool has_shown_secret(RecordKind kind) {
  return kind == RecordKind::kApiKey || kind == RecordKind::kAdminToken;
}

}  // namespace rateguard::admin
