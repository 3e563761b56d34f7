// What is done with API keys and admin tokens beyond making and changing them.
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "catalog/keys/key_text.h"
#include "catalog/record_id.h"
#include "server/admin/admin_call.h"
#include "server/admin/admin_route.h"
#include "server/admin/record_json.h"
#include "server/admin/timestamp.h"
#include "text/json_text.h"

namespace rateguard::admin {
namespace {

using catalog::AdminTokenRecord;
using catalog::ApiKeyRecord;
using catalog::ChangeOutcome;
using catalog::RecordKind;

// Longer than any team needs to put a new key everywhere.
constexpr int64_t kGraceSecondsMax = int64_t{90} * 86'400;
// Instances that have not reported for as long are taken for gone.
constexpr Duration kReportsCount = Duration::seconds(60);

void append_time(std::string& out, std::string_view name, const std::optional<Instant>& at) {
  append_json_string(out, name);
  out += ':';
  if (at) {
    append_json_string(out, format_timestamp(*at));
  } else {
    out += "null";
  }
}

AdminResult<Duration> grace_of(const AdminCall& call) {
  if (auto good = check_members(call, {"grace_seconds"}); !good) return std::unexpected(std::move(good.error()));
  const JsonNode* const grace = call.body.find("grace_seconds");
  if (grace == nullptr) return Duration{};
  const bool is_good =
      grace->kind == JsonNode::Kind::kInteger && grace->integer >= 0 && grace->integer <= kGraceSecondsMax;
  if (is_good) return Duration::seconds(grace->integer);
  return refused_fields({{.field = "grace_seconds",
                          .detail = fmt::format("expected 0 to {}, found {}", kGraceSecondsMax, grace->describe())}});
}

bool is_revoked(const auto& record, Instant now) {
  return record.revoked_at && *record.revoked_at <= now;
}

// Revokes at once. What is revoked already stays as it was.
template <typename R>
AdminResult<AdminReply> revoke(AdminCall& call) {
  auto found = call.record_to_act_on();
  if (!found) return std::unexpected(std::move(found.error()));
  R record = std::get<R>(*std::move(found));
  if (is_revoked(record, call.now())) return AdminReply{.data = record_json(record), .etag = etag_of(record)};
  record.revoked_at = call.now();
  const int64_t version = record.head.version;
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::UpdateRecord{std::move(record), version}, .verb = "revoke"});
  const auto data = [](const ChangeOutcome& outcome) { return record_json(outcome.records.front()); };
  return call.commit(std::move(changes), {.data = data, .etag_of = 0});
}

// A key's successor: the same but for the secret and its own history.
ApiKeyRecord successor_of(const ApiKeyRecord& key, const catalog::NewSecret& secret, Instant now) {
  ApiKeyRecord next = key;
  next.head = {.id = catalog::new_record_id(RecordKind::kApiKey, now)};
  next.prefix = secret.prefix;
  next.last4 = secret.last4;
  next.sha256 = secret.sha256;
  next.revoked_at.reset();
  next.rotated_to.reset();
  next.last_used_at.reset();
  next.last_used_region.reset();
  return next;
}

// When an instance has known a revision. nullopt: not yet, as far as it has said.
std::optional<Instant> applied_at(const catalog::InstanceReport& report, int64_t revision) {
  for (const catalog::AppliedRevision& applied : report.applied) {
    if (applied.revision >= revision) return applied.at;
  }
  return std::nullopt;
}

}  // namespace

namespace admin_answers {

AdminResult<AdminReply> revoke_key(AdminCall& call) {
  return revoke<ApiKeyRecord>(call);
}
AdminResult<AdminReply> revoke_token(AdminCall& call) {
  return revoke<AdminTokenRecord>(call);
}

AdminResult<AdminReply> rotate_key(AdminCall& call) {
  const auto grace = grace_of(call);
  if (!grace) return std::unexpected(grace.error());
  auto found = call.record_to_act_on();
  if (!found) return std::unexpected(std::move(found.error()));
  ApiKeyRecord key = std::get<ApiKeyRecord>(*std::move(found));
  if (key.revoked_at) {
    return refused(409, key.rotated_to ? "rotated" : "revoked",
                   key.rotated_to ? "this key has been rotated already, to " + *key.rotated_to
                                  : "this key is revoked; make a new one");
  }
  const bool is_test = key.prefix == catalog::secret_prefix(catalog::SecretKind::kTestKey);
  auto secret = catalog::make_secret(is_test ? catalog::SecretKind::kTestKey : catalog::SecretKind::kLiveKey);
  if (!secret) return refused(500, "no_random_bytes", "the system gives no random bytes");
  ApiKeyRecord next = successor_of(key, *secret, call.now());
  key.revoked_at = call.now() + *grace;
  key.rotated_to = next.head.id;
  const std::string id = next.head.id;
  const int64_t version = key.head.version;
  catalog::ChangeSet changes = call.changes();
  changes.writes.push_back({.what = catalog::CreateRecord{std::move(next)}});
  changes.writes.push_back({.what = catalog::UpdateRecord{std::move(key), version}, .verb = "rotate"});
  bool is_new = false;
  const auto data = [&is_new](const ChangeOutcome& outcome) {
    is_new = true;
    return with_secret(record_json(outcome.records.front()), {});
  };
  auto reply = call.commit(std::move(changes), {.status = 201, .data = data, .etag_of = 0});
  if (!reply || !is_new) return reply;
  reply->headers.emplace_back("Location", "/v1/keys/" + id);
  reply->data = shown_once(std::move(reply->data), secret->text.reveal());
  return reply;
}

AdminResult<AdminReply> get_key_usage(AdminCall& call) {
  const auto found = call.record();
  if (!found) return std::unexpected(found.error());
  const ApiKeyRecord& key = std::get<ApiKeyRecord>(*found);
  std::string out = "{\"key_id\":";
  append_json_string(out, key.head.id);
  out += ',';
  append_time(out, "last_used_at", key.last_used_at);
  out += ",\"last_used_region\":";
  if (key.last_used_region) {
    append_json_string(out, *key.last_used_region);
  } else {
    out += "null";
  }
  return AdminReply{.data = out + '}'};
}

AdminResult<AdminReply> get_propagation(AdminCall& call) {
  const auto found = call.record();
  if (!found) return std::unexpected(found.error());
  const int64_t revision = head_of(*found).revision;
  const auto reports = call.catalog.instances(call.now() - kReportsCount);
  if (!reports) return std::unexpected(refusal_of(reports.error()));
  std::string list;
  bool is_everywhere = true;
  for (const catalog::InstanceReport& report : *reports) {
    const auto at = applied_at(report, revision);
    is_everywhere = is_everywhere && at.has_value();
    if (!list.empty()) list += ',';
    list += "{\"instance_id\":";
    append_json_string(list, report.id);
    if (!call.caller.workspace_id) {  // whoever belongs to a workspace learns nothing of the installation
      list += ",\"address\":";
      append_json_string(list, report.address);
    }
    list += ',';
    append_time(list, "seen_at", report.seen_at);
    list += ",\"applied\":";
    append_bool(list, at.has_value());
    list += ',';
    append_time(list, "applied_at", at);
    list += '}';
  }
  std::string out = "{\"key_id\":";
  append_json_string(out, head_of(*found).id);
  out += ",\"revision\":";
  append_number(out, revision);
  out += ',';
  append_time(out, "changed_at", head_of(*found).updated_at);
  out += ",\"applied_everywhere\":";
  append_bool(out, is_everywhere && !reports->empty());
  out += ",\"instances\":[" + list + "]}";
  return AdminReply{.data = std::move(out)};
}

}  // namespace admin_answers
}  // namespace rateguard::admin
