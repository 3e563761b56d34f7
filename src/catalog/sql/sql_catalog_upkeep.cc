// What the catalog keeps beside its records: the audit log, answers to repetitions, when keys were used, instances.
#include <fmt/format.h>

#include <utility>

#include "catalog/sql/field_check.h"
#include "catalog/sql/field_codec.h"
#include "catalog/sql/sql_catalog.h"
#include "catalog/sql/text_of_applied.h"

namespace rateguard::catalog {
namespace {

constexpr int kAuditEntriesMax = 1'000;
// What one call of expire() removes of each kind, so that nobody waits long for it.
constexpr int64_t kExpiredMax = 1'000;
constexpr Duration kInstanceKept = Duration::seconds(86'400);

CatalogResult<AuditEntry> audit_entry_of(SqlRow& row) {
  AuditEntry entry;
  if (row.size() == 12 && decode_field(row[0], entry.number) && decode_field(row[1], entry.revision) &&
      decode_field(row[2], entry.at) && decode_field(row[3], entry.actor.kind) &&
      decode_field(row[4], entry.actor.id) && decode_field(row[5], entry.actor.address) &&
      decode_field(row[6], entry.actor.request_id) && decode_field(row[7], entry.action) &&
      decode_field(row[8], entry.target_kind) && decode_field(row[9], entry.target_id) &&
      decode_field(row[10], entry.workspace_id) && decode_field(row[11], entry.details)) {
    return entry;
  }
  return refuse(CatalogFault::kCorrupt, "table rg_audit has a row that this program does not write");
}

CatalogResult<InstanceReport> report_of(SqlRow& row) {
  InstanceReport report;
  std::string applied;
  if (row.size() == 6 && decode_field(row[0], report.id) && decode_field(row[1], report.address) &&
      decode_field(row[2], report.version) && decode_field(row[3], report.started_at) &&
      decode_field(row[4], report.seen_at) && decode_field(row[5], applied) && parse_applied(applied, report.applied)) {
    return report;
  }
  return refuse(CatalogFault::kCorrupt, "table rg_instances has a row that this program does not write");
}

}  // namespace

CatalogResult<std::vector<AuditEntry>> SqlCatalog::audit(const AuditQuery& query) {
  if (query.limit < 1 || query.limit > kAuditEntriesMax) {
    return refuse(CatalogFault::kInvalid,
                  fmt::format("limit must be from 1 to {}, found {}", kAuditEntriesMax, query.limit));
  }
  std::string statement =
      "SELECT number,revision,made_at,actor_kind,actor_id,actor_address,request_id,action,target_kind,target_id,"
      "workspace_id,details FROM rg_audit";
  SqlRow values;
  bool is_text = true;
  const auto where = [&](std::string_view condition, SqlValue value) {
    if (const auto* const text = std::get_if<std::string>(&value)) is_text = is_text && !problem_of_text(*text);
    values.push_back(std::move(value));
    statement += fmt::format(" {} {}${}", values.size() == 1 ? "WHERE" : "AND", condition, values.size());
  };
  if (query.before) where("number<", *query.before);
  if (query.workspace_id) where("workspace_id=", *query.workspace_id);
  if (query.actor_id) where("actor_id=", *query.actor_id);
  if (query.action) where("action=", *query.action);
  if (query.target_id) where("target_id=", *query.target_id);
  if (query.from) where("made_at>=", query.from->us);
  if (query.until) where("made_at<", query.until->us);
  if (!is_text) return std::vector<AuditEntry>();
  values.push_back(int64_t{query.limit});
  statement += fmt::format(" ORDER BY number DESC LIMIT ${}", values.size());
  auto rows = database_->ask(statement, values);
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<AuditEntry> entries;
  for (SqlRow& row : *rows) {
    auto entry = audit_entry_of(row);
    if (!entry) return std::unexpected(std::move(entry.error()));
    entries.push_back(std::move(*entry));
  }
  return entries;
}

CatalogResult<IdempotencyRecord> SqlCatalog::find_answer(std::string_view scope, std::string_view key, Instant now) {
  CatalogResult<SqlRows> rows;
  if (!problem_of_text(scope) && !problem_of_text(key)) {
    const SqlRow values = {std::string(scope), std::string(key), now.us};
    rows = database_->ask(
        "SELECT scope,idempotency_key,request_sha256,status,body,created_at,expires_at FROM rg_answers "
        "WHERE scope=$1 AND idempotency_key=$2 AND expires_at>$3",
        values);
  }
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (rows->empty()) return refuse(CatalogFault::kNotFound, "this idempotency key has not been used");
  SqlRow& row = rows->front();
  IdempotencyRecord record;
  if (decode_field(row[0], record.scope) && decode_field(row[1], record.key) &&
      decode_field(row[2], record.request_sha256) && decode_field(row[3], record.status) &&
      decode_field(row[4], record.body) && decode_field(row[5], record.created_at) &&
      decode_field(row[6], record.expires_at)) {
    return record;
  }
  return refuse(CatalogFault::kCorrupt, "table rg_answers has a row that this program does not write");
}

CatalogResult<void> SqlCatalog::note_uses(std::span<const KeyUse> uses) {
  if (uses.empty()) return {};
  return database_->write([&](SqlSession& session) -> CatalogResult<void> {
    for (const KeyUse& use : uses) {
      if (problem_of_text(use.id) || problem_of_text(use.region)) continue;
      SqlValue region;
      if (!use.region.empty()) region = use.region;
      const SqlRow values = {use.at.us, region, use.id};
      auto done = session.run(
          "UPDATE rg_api_keys SET last_used_at=$1,last_used_region=$2 "
          "WHERE id=$3 AND (last_used_at IS NULL OR last_used_at<$1)",
          values);
      if (!done) return std::unexpected(std::move(done.error()));
    }
    return {};
  });
}

CatalogResult<void> SqlCatalog::report_instance(const InstanceReport& report) {
  for (const std::string* text : {&report.id, &report.address, &report.version}) {
    if (const auto problem = problem_of_text(*text)) {
      return refuse(CatalogFault::kInvalid, "an instance's report " + *problem);
    }
  }
  return database_->write([&](SqlSession& session) -> CatalogResult<void> {
    const SqlRow values = {report.id,         report.address,
                           report.version,    report.started_at.us,
                           report.seen_at.us, text_of_applied(report.applied)};
    auto done = session.run(
        "INSERT INTO rg_instances(id,address,version,started_at,seen_at,applied) VALUES($1,$2,$3,$4,$5,$6) "
        "ON CONFLICT(id) DO UPDATE SET address=excluded.address,version=excluded.version,"
        "started_at=excluded.started_at,seen_at=excluded.seen_at,applied=excluded.applied",
        values);
    if (!done) return std::unexpected(std::move(done.error()));
    return {};
  });
}

CatalogResult<std::vector<InstanceReport>> SqlCatalog::instances(Instant since) {
  const SqlRow values = {since.us};
  auto rows = database_->ask(
      "SELECT id,address,version,started_at,seen_at,applied FROM rg_instances WHERE seen_at>=$1 ORDER BY id", values);
  if (!rows) return std::unexpected(std::move(rows.error()));
  std::vector<InstanceReport> reports;
  for (SqlRow& row : *rows) {
    auto report = report_of(row);
    if (!report) return std::unexpected(std::move(report.error()));
    reports.push_back(std::move(*report));
  }
  return reports;
}

CatalogResult<ExpiredCounts> SqlCatalog::expire(Instant now) {
  ExpiredCounts counts;
  auto done = database_->write([&](SqlSession& session) -> CatalogResult<void> {
    counts = {};
    const auto remove = [&](std::string_view statement, Instant until, int64_t& count) -> CatalogResult<void> {
      const SqlRow values = {until.us, kExpiredMax};
      const auto rows = session.run(statement, values);
      if (!rows) return std::unexpected(rows.error());
      count = static_cast<int64_t>(rows->size());
      return {};
    };
    auto removed = remove(
        "DELETE FROM rg_sessions WHERE id IN(SELECT id FROM rg_sessions WHERE expires_at<=$1 ORDER BY id LIMIT $2) "
        "RETURNING id",
        now, counts.sessions);
    if (removed) {
      removed = remove(
          "DELETE FROM rg_answers WHERE (scope,idempotency_key) IN(SELECT scope,idempotency_key FROM rg_answers "
          "WHERE expires_at<=$1 ORDER BY scope,idempotency_key LIMIT $2) RETURNING scope",
          now, counts.answers);
    }
    if (removed) {
      removed = remove(
          "DELETE FROM rg_admin_tokens WHERE id IN(SELECT id FROM rg_admin_tokens WHERE purpose='setup' AND "
          "expires_at<=$1 ORDER BY id LIMIT $2) RETURNING id",
          now, counts.tokens);
    }
    if (removed) {
      removed = remove(
          "DELETE FROM rg_instances WHERE id IN(SELECT id FROM rg_instances WHERE seen_at<$1 ORDER BY id LIMIT $2) "
          "RETURNING id",
          now - kInstanceKept, counts.instances);
    }
    return removed;
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return counts;
}

}  // namespace rateguard::catalog
