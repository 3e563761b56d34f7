#include "server/admin/member_sessions.h"

#include "server/admin/each_record.h"

namespace rateguard::admin {

AdminResult<void> end_sessions(const AdminCall& call, std::string_view member_id, catalog::ChangeSet& changes) {
  const auto looked = has_any<catalog::SessionRecord>(call.catalog, [&](const catalog::SessionRecord& session) {
    const bool is_own = call.caller.session && call.caller.session->head.id == session.head.id;
    if (session.member_id == member_id && !is_own) {
      changes.writes.push_back(
          {.what = catalog::RemoveRecord{catalog::RecordKind::kSession, session.head.id}, .verb = "sign_out"});
    }
    return false;
  });
  if (!looked) return std::unexpected(refusal_of(looked.error()));
  return {};
}

}  // namespace rateguard::admin
