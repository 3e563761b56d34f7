#include "catalog/sql/migrations.h"

#include <fmt/format.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "text/quote.h"

namespace rateguard::catalog {
namespace {

// One statement a line, with the types as words that a dialect replaces. Text is compared byte by byte.
struct Migration {
  int version;
  std::vector<std::string_view> statements;
};

// Of every table with records.
#define RG_HEAD                                                                                          \
  "(id TEXT PRIMARY KEY,version INTEGER NOT NULL,revision INTEGER NOT NULL,created_at INTEGER NOT NULL," \
  "updated_at INTEGER NOT NULL,"

const std::vector<Migration>& migrations() {
  static const std::vector<Migration> kMigrations = {
      {.version = 1,
       .statements =
           {
               "CREATE TABLE rg_schema(version INTEGER PRIMARY KEY,applied_at INTEGER NOT NULL,program TEXT NOT NULL)"
               "OPTIONS",
               "CREATE TABLE rg_state(only_row INTEGER PRIMARY KEY CHECK(only_row=1),lineage TEXT NOT NULL,"
               "revision INTEGER NOT NULL,audit_number INTEGER NOT NULL,changes_from INTEGER NOT NULL)OPTIONS",
               "CREATE TABLE rg_changes(revision INTEGER NOT NULL,place INTEGER NOT NULL,kind TEXT NOT NULL,"
               "id TEXT NOT NULL,sha256 BYTES,PRIMARY KEY(revision,place))OPTIONS",
               "CREATE TABLE rg_audit(number INTEGER PRIMARY KEY,revision INTEGER NOT NULL,made_at INTEGER NOT NULL,"
               "actor_kind TEXT NOT NULL,actor_id TEXT NOT NULL,actor_address TEXT NOT NULL,request_id TEXT NOT NULL,"
               "action TEXT NOT NULL,target_kind TEXT NOT NULL,target_id TEXT NOT NULL,workspace_id TEXT,"
               "details TEXT NOT NULL)OPTIONS",
               "CREATE INDEX rg_audit_workspace ON rg_audit(workspace_id,number)",
               "CREATE INDEX rg_audit_target ON rg_audit(target_id,number)",
               "CREATE INDEX rg_audit_actor ON rg_audit(actor_id,number)",
               "CREATE TABLE rg_answers(scope TEXT NOT NULL,idempotency_key TEXT NOT NULL,request_sha256 BYTES NOT "
               "NULL,"
               "status INTEGER NOT NULL,body TEXT NOT NULL,created_at INTEGER NOT NULL,expires_at INTEGER NOT NULL,"
               "PRIMARY KEY(scope,idempotency_key))OPTIONS",
               "CREATE INDEX rg_answers_expires ON rg_answers(expires_at)",
               "CREATE TABLE rg_instances(id TEXT PRIMARY KEY,address TEXT NOT NULL,version TEXT NOT NULL,"
               "started_at INTEGER NOT NULL,seen_at INTEGER NOT NULL,applied TEXT NOT NULL)OPTIONS",
               "CREATE TABLE rg_workspaces" RG_HEAD
               "name TEXT NOT NULL,title TEXT NOT NULL,plan_id TEXT,state TEXT NOT NULL,limits TEXT NOT NULL,"
               "metadata TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_workspaces_name ON rg_workspaces(name)",
               "CREATE INDEX rg_workspaces_plan ON rg_workspaces(plan_id,id)",
               "CREATE TABLE rg_plans" RG_HEAD
               "name TEXT NOT NULL,title TEXT NOT NULL,limits TEXT NOT NULL,metadata TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_plans_name ON rg_plans(name)",
               "CREATE TABLE rg_members" RG_HEAD
               "workspace_id TEXT,email TEXT NOT NULL,name TEXT NOT NULL,role TEXT NOT NULL,state TEXT NOT NULL,"
               "password_hash TEXT,oidc_subject TEXT)OPTIONS",
               "CREATE UNIQUE INDEX rg_members_email ON rg_members(email)",
               "CREATE UNIQUE INDEX rg_members_oidc_subject ON rg_members(oidc_subject)",
               "CREATE INDEX rg_members_workspace ON rg_members(workspace_id,id)",
               "CREATE TABLE rg_api_keys" RG_HEAD
               "workspace_id TEXT NOT NULL,member_id TEXT,name TEXT NOT NULL,prefix TEXT NOT NULL,last4 TEXT NOT NULL,"
               "sha256 BYTES NOT NULL,plan_id TEXT,scopes TEXT NOT NULL,allowed_routes TEXT NOT NULL,"
               "allowed_models TEXT NOT NULL,allowed_networks TEXT NOT NULL,tags TEXT NOT NULL,metadata TEXT NOT NULL,"
               "limits TEXT NOT NULL,expires_at INTEGER,revoked_at INTEGER,rotated_to TEXT,last_used_at "
               "INTEGER)OPTIONS",
               "CREATE UNIQUE INDEX rg_api_keys_sha256 ON rg_api_keys(sha256)",
               "CREATE INDEX rg_api_keys_workspace ON rg_api_keys(workspace_id,id)",
               "CREATE INDEX rg_api_keys_member ON rg_api_keys(member_id,id)",
               "CREATE INDEX rg_api_keys_plan ON rg_api_keys(plan_id,id)",
               "CREATE TABLE rg_rules" RG_HEAD
               "name TEXT NOT NULL,definition TEXT NOT NULL,state TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_rules_name ON rg_rules(name)",
               "CREATE TABLE rg_upstreams" RG_HEAD
               "name TEXT NOT NULL,definition TEXT NOT NULL,credential_header TEXT,credential_value TEXT)OPTIONS",
               "CREATE UNIQUE INDEX rg_upstreams_name ON rg_upstreams(name)",
               "CREATE TABLE rg_routes" RG_HEAD "name TEXT NOT NULL,definition TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_routes_name ON rg_routes(name)",
               "CREATE TABLE rg_prices" RG_HEAD "provider TEXT NOT NULL,model TEXT NOT NULL,starts_at INTEGER NOT NULL,"
               "input_pico_dollars INTEGER NOT NULL,output_pico_dollars INTEGER NOT NULL,"
               "cached_input_pico_dollars INTEGER,cache_write_pico_dollars INTEGER,reasoning_pico_dollars INTEGER)"
               "OPTIONS",
               "CREATE UNIQUE INDEX rg_prices_start ON rg_prices(provider,model,starts_at)",
               "CREATE TABLE rg_budgets" RG_HEAD
               "name TEXT NOT NULL,workspace_id TEXT,key_id TEXT,unit TEXT NOT NULL,amount INTEGER NOT NULL,"
               "period TEXT NOT NULL,time_zone TEXT NOT NULL,mode TEXT NOT NULL,unknown_price TEXT NOT NULL,"
               "state TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_budgets_name ON rg_budgets(name)",
               "CREATE INDEX rg_budgets_workspace ON rg_budgets(workspace_id,id)",
               "CREATE INDEX rg_budgets_key ON rg_budgets(key_id,id)",
               "CREATE TABLE rg_alert_rules" RG_HEAD
               "name TEXT NOT NULL,workspace_id TEXT,definition TEXT NOT NULL,state TEXT NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_alert_rules_name ON rg_alert_rules(name)",
               "CREATE INDEX rg_alert_rules_workspace ON rg_alert_rules(workspace_id,id)",
               "CREATE TABLE rg_admin_tokens" RG_HEAD
               "name TEXT NOT NULL,purpose TEXT NOT NULL,role TEXT NOT NULL,workspace_id TEXT,member_id TEXT,"
               "last4 TEXT NOT NULL,sha256 BYTES NOT NULL,expires_at INTEGER,revoked_at INTEGER)OPTIONS",
               "CREATE UNIQUE INDEX rg_admin_tokens_name ON rg_admin_tokens(name)",
               "CREATE UNIQUE INDEX rg_admin_tokens_sha256 ON rg_admin_tokens(sha256)",
               "CREATE INDEX rg_admin_tokens_workspace ON rg_admin_tokens(workspace_id,id)",
               "CREATE INDEX rg_admin_tokens_member ON rg_admin_tokens(member_id,id)",
               "CREATE TABLE rg_sessions" RG_HEAD
               "member_id TEXT NOT NULL,sha256 BYTES NOT NULL,csrf_sha256 BYTES NOT NULL,address TEXT NOT NULL,"
               "agent TEXT NOT NULL,expires_at INTEGER NOT NULL,seen_at INTEGER NOT NULL)OPTIONS",
               "CREATE UNIQUE INDEX rg_sessions_sha256 ON rg_sessions(sha256)",
               "CREATE INDEX rg_sessions_member ON rg_sessions(member_id,id)",
               "CREATE INDEX rg_sessions_expires ON rg_sessions(expires_at)",
           }},
      {.version = 2,  // alerts go to channels; where a key was last used
       .statements =
           {
               "CREATE TABLE rg_alert_channels" RG_HEAD
               "name TEXT NOT NULL,channel TEXT NOT NULL,target TEXT NOT NULL,signing_secret TEXT)OPTIONS",
               "CREATE UNIQUE INDEX rg_alert_channels_name ON rg_alert_channels(name)",
               "ALTER TABLE rg_alert_rules ADD COLUMN channel_ids TEXT NOT NULL DEFAULT '[]'",
               "ALTER TABLE rg_api_keys ADD COLUMN last_used_region TEXT",
           }},
  };
  return kMigrations;
}
#undef RG_HEAD

// `statement` in the words of a dialect. None of these words is part of another word of a statement.
std::string in_dialect(std::string_view statement, const SqlDialect& dialect) {
  const std::array<std::pair<std::string_view, std::string_view>, 4> words = {{{"TEXT", dialect.text_type},
                                                                               {"INTEGER", dialect.integer_type},
                                                                               {"BYTES", dialect.bytes_type},
                                                                               {"OPTIONS", dialect.table_options}}};
  std::string text;
  while (!statement.empty()) {
    const auto* const word =
        std::ranges::find_if(words, [&](const auto& it) { return statement.starts_with(it.first); });
    if (word == words.end()) {
      text += statement.front();
      statement.remove_prefix(1);
    } else {
      text += word->second;
      statement.remove_prefix(word->first.size());
    }
  }
  return text;
}

std::string new_lineage() {
  std::array<uint8_t, 16> random;
  // Up to 256 bytes come whole and without an error once the system has started (getrandom(2)).
  RG_CHECK(getrandom(random.data(), random.size(), 0) == static_cast<ssize_t>(random.size()));
  std::string text;
  for (const uint8_t byte : random) text += fmt::format("{:02x}", byte);
  return text;
}

constexpr std::string_view kNewest = "SELECT COALESCE(MAX(version),0) FROM rg_schema";

CatalogResult<int64_t> number_of(CatalogResult<SqlRows> rows, const SqlDatabase& database) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (rows->size() == 1 && rows->front().size() == 1) {
    if (const auto* const number = std::get_if<int64_t>(&rows->front().front())) return *number;
  }
  return refuse(CatalogFault::kCorrupt, fmt::format("{}: table rg_schema has no versions", database.name()));
}

template <typename Ask>
CatalogResult<int> version_by(const SqlDatabase& database, Ask ask) {
  const SqlRow name = {std::string("rg_schema")};
  const auto tables = number_of(ask(database.dialect().has_table, name), database);
  if (!tables) return std::unexpected(tables.error());
  if (*tables == 0) return 0;
  const auto version = number_of(ask(kNewest, SqlRow{}), database);
  if (!version) return std::unexpected(version.error());
  return static_cast<int>(*version);
}

CatalogResult<void> refuse_newer(const SqlDatabase& database, int found) {
  if (found <= schema_version_newest()) return {};
  return refuse(CatalogFault::kSchemaNewer,
                fmt::format("{}: its tables have version {}, and this program knows versions up to {}. A newer version "
                            "of the program has written it; start that one. Nothing was changed",
                            database.name(), found, schema_version_newest()));
}

CatalogResult<void> run_all(SqlSession& session, const SqlDialect& dialect, const Migration& migration) {
  for (const std::string_view statement : migration.statements) {
    auto done = session.run(in_dialect(statement, dialect), {});
    if (!done) return std::unexpected(std::move(done.error()));
  }
  return {};
}

CatalogResult<void> apply(SqlSession& session, const SqlDatabase& database, const Migration& migration,
                          const std::string& program, Instant now) {
  auto done = run_all(session, database.dialect(), migration);
  if (!done) return done;
  if (migration.version == 1) {
    const SqlRow state = {new_lineage()};
    auto inserted = session.run(
        "INSERT INTO rg_state(only_row,lineage,revision,audit_number,changes_from) VALUES(1,$1,0,0,0)", state);
    if (!inserted) return std::unexpected(std::move(inserted.error()));
  }
  const SqlRow row = {int64_t{migration.version}, now.us, program};
  auto noted = session.run("INSERT INTO rg_schema(version,applied_at,program) VALUES($1,$2,$3)", row);
  if (!noted) return std::unexpected(std::move(noted.error()));
  return {};
}

}  // namespace

int schema_version_newest() {
  return migrations().back().version;
}

CatalogResult<int> schema_version(SqlDatabase& database) {
  return version_by(database,
                    [&](std::string_view statement, const SqlRow& row) { return database.ask(statement, row); });
}

CatalogResult<void> migrate(SqlDatabase& database, int version, const std::string& program, Instant now) {
  const auto found = schema_version(database);
  if (!found) return std::unexpected(found.error());
  auto known = refuse_newer(database, *found);
  if (!known || *found >= version) return known;
  return database.write([&](SqlSession& session) -> CatalogResult<void> {
    // Another instance may have been quicker.
    const auto present = version_by(
        database, [&](std::string_view statement, const SqlRow& row) { return session.run(statement, row); });
    if (!present) return std::unexpected(present.error());
    auto is_known = refuse_newer(database, *present);
    if (!is_known) return is_known;
    for (const Migration& migration : migrations()) {
      if (migration.version <= *present || migration.version > version) continue;
      auto done = apply(session, database, migration, program, now);
      if (!done) return done;
    }
    return {};
  });
}

}  // namespace rateguard::catalog
