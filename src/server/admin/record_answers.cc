// Lists, reads, makes, changes and removes records of any kind.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "catalog/record_constraints.h"
#include "catalog/record_id.h"
#include "server/admin/admin_call.h"
#include "server/admin/admin_route.h"
#include "server/admin/creation.h"
#include "server/admin/member_sessions.h"
#include "server/admin/owners.h"
#include "server/admin/record_json.h"
#include "server/admin/resource.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

using catalog::AnyRecord;
using catalog::ChangeOutcome;
using catalog::RecordKind;

// Only one record, or none, has a name.
AdminResult<AdminReply> list_by_name(AdminCall& call, std::string_view name) {
  AdminReply reply = {.data = "[", .is_list = true};
  const auto found = call.catalog.find_any(call.kind(), "name", std::string(name));
  if (!found && found.error().fault != catalog::CatalogFault::kNotFound) {
    return std::unexpected(refusal_of(found.error()));
  }
  if (found && call.sees(*found)) append_record(reply.data, *found);
  reply.data += ']';
  return reply;
}

// The workspaces of a caller of one workspace.
AdminResult<AdminReply> list_own_workspace(AdminCall& call) {
  const auto found = call.catalog.get_any(RecordKind::kWorkspace, *call.caller.workspace_id);
  if (!found) return std::unexpected(refusal_of(found.error()));
  return AdminReply{.data = "[" + record_json(*found) + "]", .is_list = true};
}

AdminResult<catalog::RecordQuery> query_of(const AdminCall& call) {
  catalog::RecordQuery query = {.kind = call.kind()};
  auto limit = page_limit(call);
  if (!limit) return std::unexpected(std::move(limit.error()));
  query.limit = *limit;
  if (const auto cursor = call.parameter("cursor")) {
    if (!catalog::is_record_id(call.kind(), *cursor)) {
      return refused(400, "invalid", fmt::format("cursor: {} is not the next_cursor of a page", quote(*cursor)),
                     "cursor");
    }
    query.after = *cursor;
  }
  const bool is_of_one = call.caller.workspace_id && call.route.reach == Reach::kWorkspace;
  for (const std::string_view filter : constraints_of(call.kind()).filters) {
    auto value = call.parameter(filter);
    if (filter == "workspace_id" && is_of_one) {
      if (value && *value != *call.caller.workspace_id) {
        return refused(403, "other_workspace",
                       fmt::format("workspace_id: this caller belongs to {}", *call.caller.workspace_id),
                       "workspace_id");
      }
      value = *call.caller.workspace_id;
    }
    if (value) query.filters.emplace_back(filter, *value);
  }
  return query;
}

// Without an owner nobody could let anybody in. Two who step down in the same moment may both do so: the configured
// token, or the next start's setup link, lets somebody in again. `after` is null where the record is removed.
AdminResult<void> check_owners(const AdminCall& call, const AnyRecord& before, const AnyRecord* after) {
  using catalog::MemberRecord;
  if (call.kind() != RecordKind::kMember || !is_owner(std::get<MemberRecord>(before))) return {};
  if (after != nullptr && is_owner(std::get<MemberRecord>(*after))) return {};
  const auto others = has_other_owner(call.catalog, head_of(before).id);
  if (!others) return std::unexpected(refusal_of(others.error()));
  if (*others) return {};
  return refused(409, "last_owner", "this is the last owner of the installation: make another one first");
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> list_records(AdminCall& call) {
  if (const auto name = call.parameter("name")) return list_by_name(call, *name);
  if (call.kind() == RecordKind::kWorkspace && call.caller.workspace_id) return list_own_workspace(call);
  const auto query = query_of(call);
  if (!query) return std::unexpected(query.error());
  const auto page = call.catalog.list_any(*query);
  if (!page) return std::unexpected(refusal_of(page.error()));
  AdminReply reply = {.data = "[", .is_list = true};
  for (const AnyRecord& record : page->records) {
    if (!call.sees(record)) continue;
    if (reply.data.size() > 1) reply.data += ',';
    append_record(reply.data, record);
  }
  reply.data += ']';
  if (page->has_more) reply.page.next_cursor = head_of(page->records.back()).id;
  return reply;
}

AdminResult<AdminReply> create_record(AdminCall& call) {
  auto made = record_of_body(call);
  if (!made) return std::unexpected(std::move(made.error()));
  const bool shows_secret = has_shown_secret(call.kind());
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::CreateRecord{std::move(made->record)}});
  // A repetition is told everything but the secret.
  const auto data = [shows_secret](const ChangeOutcome& outcome) {
    std::string json = record_json(outcome.records.front());
    return shows_secret ? with_secret(std::move(json), {}) : json;
  };
  std::string id;
  const auto data_and_id = [&](const ChangeOutcome& outcome) {
    id = head_of(outcome.records.front()).id;
    return data(outcome);
  };
  auto reply = call.commit(std::move(changes), {.status = 201, .data = data_and_id, .etag_of = 0});
  if (!reply) return reply;
  if (id.empty()) return reply;  // a kept answer
  reply->headers.emplace_back("Location", fmt::format("/v1/{}/{}", resource_of(call.kind()).collection, id));
  if (!made->secret.reveal().empty()) reply->data = shown_once(std::move(reply->data), made->secret.reveal());
  return reply;
}

AdminResult<AdminReply> get_record(AdminCall& call) {
  const auto record = call.record();
  if (!record) return std::unexpected(record.error());
  return AdminReply{.data = record_json(*record), .etag = etag_of(*record)};
}

AdminResult<AdminReply> update_record(AdminCall& call) {
  auto before = call.record_to_change();
  if (!before) return std::unexpected(std::move(before.error()));
  const int64_t version = head_of(*before).version;
  auto record = changed_by_body(call, *before);
  if (!record) return std::unexpected(std::move(record.error()));
  if (auto good = check_owners(call, *before, &*record); !good) return std::unexpected(std::move(good.error()));
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::UpdateRecord{*std::move(record), version}});
  if (call.kind() == RecordKind::kMember && call.body.find("password") != nullptr) {
    auto good = end_sessions(call, head_of(*before).id, changes);
    if (!good) return std::unexpected(std::move(good.error()));
  }
  const auto data = [](const ChangeOutcome& outcome) { return record_json(outcome.records.front()); };
  return call.commit(std::move(changes), {.data = data, .etag_of = 0});
}

AdminResult<AdminReply> remove_record(AdminCall& call) {
  const auto before = call.record_to_change();
  if (!before) return std::unexpected(before.error());
  if (auto good = check_owners(call, *before, nullptr); !good) return std::unexpected(std::move(good.error()));
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::RemoveRecord{call.kind(), head_of(*before).id, head_of(*before).version}});
  return call.commit(std::move(changes), {.status = 204});
}

}  // namespace admin_answers
}  // namespace rateguard::admin
