// The audit log, the state of the catalog, and the instances that share it.
#include <fmt/format.h>

#include <utility>

#include "server/admin/admin_call.h"
#include "server/admin/admin_parts.h"
#include "server/admin/admin_route.h"
#include "server/admin/timestamp.h"
#include "text/json_text.h"
#include "text/number.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

// As catalog's upkeep: who was not seen for a day is forgotten.
constexpr Duration kInstancesShown = Duration::seconds(86'400);

void append_text(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

void append_entry(std::string& out, const catalog::AuditEntry& entry) {
  out += "{\"number\":";
  append_number(out, entry.number);
  out += ",\"revision\":";
  append_number(out, entry.revision);
  out += ',';
  append_text(out, "at", format_timestamp(entry.at));
  out += ",\"actor\":{";
  append_text(out, "kind", entry.actor.kind);
  out += ',';
  append_text(out, "id", entry.actor.id);
  out += ',';
  append_text(out, "address", entry.actor.address);
  out += ',';
  append_text(out, "request_id", entry.actor.request_id);
  out += "},";
  append_text(out, "action", entry.action);
  out += ',';
  append_text(out, "target_kind", entry.target_kind);
  out += ',';
  append_text(out, "target_id", entry.target_id);
  out += ",\"workspace_id\":";
  if (entry.workspace_id) {
    append_json_string(out, *entry.workspace_id);
  } else {
    out += "null";
  }
  out += ",\"details\":" + (entry.details.empty() ? "{}" : entry.details) + '}';
}

AdminResult<std::optional<Instant>> time_parameter(const AdminCall& call, std::string_view name) {
  const auto given = call.parameter(name);
  if (!given) return std::nullopt;
  if (const auto at = parse_timestamp(*given)) return at;
  return refused(400, "invalid",
                 fmt::format("{}: expected a time such as 2026-12-31T00:00:00Z, found {}", name, quote(*given)),
                 std::string(name));
}

AdminResult<catalog::AuditQuery> audit_query(const AdminCall& call) {
  catalog::AuditQuery query;
  auto limit = page_limit(call);
  if (!limit) return std::unexpected(std::move(limit.error()));
  query.limit = *limit;
  if (const auto cursor = call.parameter("cursor")) {
    const auto number = parse_whole(*cursor, {.min = 1, .max = INT64_MAX});
    if (!number)
      return refused(400, "invalid", fmt::format("cursor: {} is not the next_cursor of a page", quote(*cursor)),
                     "cursor");
    query.before = static_cast<int64_t>(*number);
  }
  const auto text = [&call](std::string_view name) -> std::optional<std::string> {
    const auto given = call.parameter(name);
    return given ? std::optional<std::string>(*given) : std::nullopt;
  };
  query.workspace_id = text("workspace_id");
  query.actor_id = text("actor_id");
  query.action = text("action");
  query.target_id = text("target_id");
  if (call.caller.workspace_id) {
    if (query.workspace_id && query.workspace_id != call.caller.workspace_id) {
      return refused(403, "other_workspace",
                     fmt::format("workspace_id: this caller belongs to {}", *call.caller.workspace_id), "workspace_id");
    }
    query.workspace_id = call.caller.workspace_id;
  }
  auto from = time_parameter(call, "from");
  if (!from) return std::unexpected(std::move(from.error()));
  query.from = *from;
  auto until = time_parameter(call, "until");
  if (!until) return std::unexpected(std::move(until.error()));
  query.until = *until;
  return query;
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> list_audit(AdminCall& call) {
  const auto query = audit_query(call);
  if (!query) return std::unexpected(query.error());
  const auto entries = call.catalog.audit(*query);
  if (!entries) return std::unexpected(refusal_of(entries.error()));
  AdminReply reply = {.data = "[", .is_list = true};
  for (const catalog::AuditEntry& entry : *entries) {
    if (reply.data.size() > 1) reply.data += ',';
    append_entry(reply.data, entry);
  }
  reply.data += ']';
  // The first entry has number 1, and there are no gaps: but others may have been left out.
  if (static_cast<int>(entries->size()) == query->limit && entries->back().number > 1) {
    reply.page.next_cursor = std::to_string(entries->back().number);
  }
  return reply;
}

AdminResult<AdminReply> get_health(AdminCall& call) {
  const auto state = call.catalog.state();
  if (!state) return std::unexpected(refusal_of(state.error()));
  std::string out = "{\"status\":\"ok\",";
  append_text(out, "version", call.parts.identity.version);
  out += ",\"catalog\":{";
  append_text(out, "lineage", state->lineage);
  out += ",\"revision\":";
  append_number(out, state->revision);
  return AdminReply{.data = out + "}}"};
}

AdminResult<AdminReply> list_reporters(AdminCall& call) {
  const auto reports = call.catalog.instances(call.now() - kInstancesShown);
  if (!reports) return std::unexpected(refusal_of(reports.error()));
  std::string out = "[";
  for (const catalog::InstanceReport& report : *reports) {
    if (out.size() > 1) out += ',';
    out += '{';
    append_text(out, "id", report.id);
    out += ',';
    append_text(out, "address", report.address);
    out += ',';
    append_text(out, "version", report.version);
    out += ',';
    append_text(out, "started_at", format_timestamp(report.started_at));
    out += ',';
    append_text(out, "seen_at", format_timestamp(report.seen_at));
    out += ",\"revision\":";
    append_number(out, report.applied.empty() ? 0 : report.applied.back().revision);
    out += '}';
  }
  return AdminReply{.data = out + ']', .is_list = true};
}

}  // namespace admin_answers
}  // namespace rateguard::admin
