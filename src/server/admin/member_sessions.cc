#include "server/admin/member_sessions.h"

namespace rateguard::admin {

AdminResult<void> end_sessions(const AdminCall& call, std::string_view member_id, catalog::ChangeSet& changes) {
  catalog::RecordQuery query = {.kind = catalog::RecordKind::kSession,
                                .limit = catalog::RecordQuery::kPageRecordsMax,
                                .filters = {{"member_id", std::string(member_id)}}};
  for (bool has_more = true; has_more;) {
    const auto page = call.catalog.list_any(query);
    if (!page) return std::unexpected(refusal_of(page.error()));
    for (const catalog::AnyRecord& session : page->records) {
      query.after = head_of(session).id;
      if (call.caller.session && call.caller.session->head.id == query.after) continue;
      changes.writes.push_back(
          {.what = catalog::RemoveRecord{catalog::RecordKind::kSession, query.after}, .verb = "sign_out"});
    }
    has_more = page->has_more;
  }
  return {};
}

}  // namespace rateguard::admin
