#include "server/admin/owners.h"

#include "server/admin/each_record.h"

namespace rateguard::admin {

bool is_owner(const catalog::MemberRecord& member) {
  return member.role == catalog::MemberRole::kOwner && member.state == catalog::RecordState::kActive &&
         !member.workspace_id && member.password_hash;
}

catalog::CatalogResult<bool> has_other_owner(catalog::CatalogStore& catalog, std::string_view id) {
  return has_any<catalog::MemberRecord>(
      catalog, [id](const catalog::MemberRecord& member) { return is_owner(member) && member.head.id != id; });
}

}  // namespace rateguard::admin
