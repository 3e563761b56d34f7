#include "app/catalog/audit_command.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/catalog/people_text.h"
#include "app/catalog/record_directory.h"
#include "app/catalog/record_table.h"
#include "model/percent.h"
#include "server/admin/timestamp.h"

namespace rateguard::app {
namespace {

namespace json = boost::json;

constexpr size_t kDetailBytesMax = 60;  // of a table's line

Result<std::string> query_of(CatalogService& service, const CatalogWords& words) {
  std::string query = fmt::format("/v1/audit-log?limit={}", words.list_max.value_or(kListMaxDefault));
  RecordDirectory directory(service);
  constexpr std::pair<std::string_view, std::string_view> kTexts[] = {
      {"--action", "action"}, {"--target", "target_id"}, {"--actor", "actor_id"}};
  for (const auto& [option, parameter] : kTexts) {
    const auto given = words.options.find(option);
    if (given != words.options.end()) query += fmt::format("&{}={}", parameter, percent_encode(given->second.front()));
  }
  if (const auto given = words.options.find("--workspace"); given != words.options.end()) {
    const auto id = directory.id_of(catalog::RecordKind::kWorkspace, given->second.front());
    if (!id) return std::unexpected(id.error());
    query += "&workspace_id=" + percent_encode(*id);
  }
  for (const std::string_view name : {"from", "until"}) {
    const auto given = words.options.find(fmt::format("--{}", name));
    if (given == words.options.end()) continue;
    const auto at = time_from_person(given->second.front(), service.now());
    if (!at) return invalid(fmt::format("--{}: {}", name, at.error().message));
    query += fmt::format("&{}={}", name, percent_encode(admin::format_timestamp(*at)));
  }
  return query;
}

// The members that changed, as far as they fit a line.
std::string changed_members(const json::object& entry) {
  const json::value* const details = entry.if_contains("details");
  if (details == nullptr || !details->is_object()) return {};
  std::string out;
  for (const auto& [member, change] : details->as_object()) {
    if (out.size() + member.size() > kDetailBytesMax) return out + ", ...";
    out += (out.empty() ? "" : ", ") + std::string(member);
  }
  return out;
}

std::string actor_text(const json::object& entry) {
  const json::value* const actor = entry.if_contains("actor");
  if (actor == nullptr || !actor->is_object()) return "-";
  const std::string kind = member_text(actor->as_object(), "kind");
  const std::string id = member_text(actor->as_object(), "id");
  return id.empty() ? kind : fmt::format("{} {}", kind, id);
}

std::vector<std::string> row_of(const json::object& entry, Instant now) {
  const auto at = admin::parse_timestamp(member_text(entry, "at"));
  return {at ? time_for_people(*at, now) : "-", actor_text(entry), member_text(entry, "action"),
          member_text(entry, "target_id"), changed_members(entry)};
}

}  // namespace

Result<CommandOutput> show_audit_log(CatalogService& service, const CatalogWords& words) {
  if (!words.names.empty()) return invalid(fmt::format("'{}' is one argument too many", words.names.front()));
  const auto query = query_of(service, words);
  if (!query) return std::unexpected(query.error());
  const auto reply = service.ask({.target = *query});
  if (!reply) return std::unexpected(reply.error());
  CommandOutput out = {.json = reply->text};
  std::vector<std::vector<std::string>> rows = {{"WHEN", "WHO", "WHAT", "RECORD", "FIELDS"}};
  for (const json::value& entry : reply->data().as_array()) rows.push_back(row_of(entry.as_object(), service.now()));
  if (rows.size() > 1) {
    out.text = aligned_rows(rows);
    out.note = note_of_cut_list(*reply, words.list_max.value_or(kListMaxDefault));
  } else {
    out.note = "the audit log has no such entries";
  }
  return out;
}

}  // namespace rateguard::app
