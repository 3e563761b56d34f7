// The limits of a workspace, a plan or a key, one at a time: by the names of rules.
#include <fmt/format.h>

#include <utility>

#include "server/admin/admin_call.h"
#include "server/admin/admin_route.h"
#include "server/admin/field_check.h"
#include "text/json_text.h"
#include "text/quote.h"

namespace rateguard::admin {
namespace {

using catalog::AnyRecord;
using catalog::TextMap;

TextMap* limits_of(AnyRecord& record) {
  TextMap* limits = nullptr;
  catalog::visit_fields(record, [&]<typename T>(const catalog::RecordField& field, T& value) {
    if constexpr (std::is_same_v<T, TextMap>) {
      if (field.name == "limits") limits = &value;
    }
  });
  return limits;
}

void append_limit(std::string& out, std::string_view rule, std::string_view limit) {
  out += "{\"rule\":";
  append_json_string(out, rule);
  out += ",\"limit\":";
  append_json_string(out, limit);
  out += '}';
}

std::string limits_json(AnyRecord& record) {
  std::string out = "[";
  for (const auto& [rule, limit] : *limits_of(record)) {
    if (out.size() > 1) out += ',';
    append_limit(out, rule, limit);
  }
  return out + ']';
}

AdminResult<std::string> limit_of_body(const AdminCall& call) {
  if (auto good = check_members(call, {"limit"}); !good) return std::unexpected(std::move(good.error()));
  const auto wrong = [](std::string detail) {
    return refused_fields({{.field = "limit", .detail = std::move(detail)}});
  };
  const JsonNode* const limit = call.body.find("limit");
  if (limit == nullptr) return wrong("is missing");
  if (limit->kind != JsonNode::Kind::kString)
    return wrong("expected text such as \"600/m\", found " + limit->describe());
  if (auto fault = problem_of_limit(limit->text)) return wrong(*std::move(fault));
  return limit->text;
}

AdminResult<AdminReply> store(AdminCall& call, AnyRecord record, std::string verb, int status) {
  const int64_t version = head_of(record).version;
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::UpdateRecord{std::move(record), version}, .verb = std::move(verb)});
  AdminCall::Rendering rendering = {.status = status, .etag_of = 0};
  if (status != 204) {
    rendering.data = [rule = call.captured[1]](const catalog::ChangeOutcome& outcome) {
      AnyRecord stored = outcome.records.front();
      std::string out;
      append_limit(out, rule, limits_of(stored)->at(rule));
      return out;
    };
  }
  return call.commit(std::move(changes), rendering);
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> list_limits(AdminCall& call) {
  auto record = call.record();
  if (!record) return std::unexpected(std::move(record.error()));
  return AdminReply{.data = limits_json(*record), .is_list = true, .etag = etag_of(*record)};
}

AdminResult<AdminReply> set_limit(AdminCall& call) {
  const std::string& rule = call.captured[1];
  if (auto fault = problem_of_limit_name(rule)) return refused(400, "invalid", "path: " + *fault, "path");
  auto limit = limit_of_body(call);
  if (!limit) return std::unexpected(std::move(limit.error()));
  auto record = call.record_to_change();
  if (!record) return std::unexpected(std::move(record.error()));
  (*limits_of(*record))[rule] = *std::move(limit);
  return store(call, *std::move(record), "set_limit", 200);
}

AdminResult<AdminReply> remove_limit(AdminCall& call) {
  const std::string& rule = call.captured[1];
  auto record = call.record_to_change();
  if (!record) return std::unexpected(std::move(record.error()));
  if (limits_of(*record)->erase(rule) == 0) {
    return refused(404, "not_found",
                   fmt::format("{} has no limit of its own for {}", head_of(*record).id, quote(rule)));
  }
  return store(call, *std::move(record), "remove_limit", 204);
}

}  // namespace admin_answers
}  // namespace rateguard::admin
