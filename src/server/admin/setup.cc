#include "server/admin/setup.h"

#include <string>
#include <utility>

#include "catalog/keys/key_text.h"
#include "server/admin/each_record.h"
#include "server/admin/owners.h"

namespace rateguard::admin {
namespace {

using catalog::AdminTokenRecord;
using catalog::CatalogFault;
using catalog::CatalogResult;
using catalog::CatalogStore;
using catalog::RecordKind;

constexpr std::string_view kSetupName = "setup link";

}  // namespace

CatalogResult<bool> has_owner(CatalogStore& catalog, Instant now) {
  const auto member = has_other_owner(catalog, {});
  if (!member || *member) return member;
  // A member's token does no more than the member, who has been looked at.
  return has_any<AdminTokenRecord>(catalog, [now](const AdminTokenRecord& its) {
    return !its.member_id && its.purpose == catalog::TokenPurpose::kApi && its.role == catalog::MemberRole::kOwner &&
           !its.workspace_id && (!its.expires_at || *its.expires_at > now) &&
           (!its.revoked_at || *its.revoked_at > now);
  });
}

CatalogResult<std::optional<catalog::SecretText>> make_setup_link(CatalogStore& catalog, Instant now) {
  const auto owner = has_owner(catalog, now);
  if (!owner) return std::unexpected(owner.error());
  if (*owner) return std::nullopt;
  auto secret = catalog::make_secret(catalog::SecretKind::kSetupLink);
  if (!secret) return catalog::refuse(CatalogFault::kUnavailable, "the system gives no random bytes");
  catalog::ChangeSet changes = {.now = now};
  const auto before = catalog::find_by_name<AdminTokenRecord>(catalog, kSetupName);
  if (before) {
    changes.writes.push_back(
        {.what = catalog::RemoveRecord{RecordKind::kAdminToken, before->head.id, before->head.version}});
  } else if (before.error().fault != CatalogFault::kNotFound) {
    return std::unexpected(before.error());
  }
  AdminTokenRecord link = {.name = std::string(kSetupName),
                           .purpose = catalog::TokenPurpose::kSetup,
                           .role = catalog::MemberRole::kOwner,
                           .last4 = secret->last4,
                           .sha256 = secret->sha256,
                           .expires_at = now + kSetupLinkLasts};
  changes.writes.push_back({.what = catalog::CreateRecord{std::move(link)}});
  const auto made = catalog.change(changes);
  if (made) return std::move(secret->text);
  const CatalogFault fault = made.error().fault;
  const bool was_second =
      fault == CatalogFault::kDuplicate || fault == CatalogFault::kNotFound || fault == CatalogFault::kConflict;
  if (was_second) return std::nullopt;
  return std::unexpected(made.error());
}

}  // namespace rateguard::admin
