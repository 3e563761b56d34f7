#include "catalog/sql/sql_catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "catalog/sql/change_transaction.h"
#include "catalog/sql/field_check.h"
#include "catalog/sql/field_codec.h"
#include "catalog/sql/migrations.h"
#include "catalog/sql/record_table.h"
#include "text/quote.h"

namespace rateguard::catalog {
namespace {

constexpr std::string_view kState = "SELECT lineage,revision,changes_from FROM rg_state";
// More than these, and reading everything again is quicker.
constexpr int64_t kChangesMax = 10'000;

struct StateRow {
  CatalogState state;
  int64_t changes_from = 0;
};

CatalogResult<StateRow> state_of(CatalogResult<SqlRows> rows) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  StateRow state;
  if (rows->size() == 1 && decode_field(rows->front()[0], state.state.lineage) &&
      decode_field(rows->front()[1], state.state.revision) && decode_field(rows->front()[2], state.changes_from)) {
    return state;
  }
  return refuse(CatalogFault::kCorrupt, "table rg_state does not have one row");
}

CatalogResult<RecordChange> change_of(SqlRow& row) {
  RecordChange change;
  std::string kind_name;
  std::optional<RecordKind> kind;
  if (decode_field(row[0], change.revision) && decode_field(row[1], kind_name) &&
      (kind = parse_record_kind(kind_name)) && decode_field(row[2], change.id) && decode_field(row[3], change.sha256)) {
    change.kind = *kind;
    return change;
  }
  return refuse(CatalogFault::kCorrupt, "table rg_changes has a row that this program does not write");
}

CatalogRefusal about_query(std::string_view field, std::string message) {
  return {.fault = CatalogFault::kInvalid, .message = std::move(message), .field = std::string(field)};
}

}  // namespace

CatalogResult<std::unique_ptr<CatalogStore>> SqlCatalog::open(std::unique_ptr<SqlDatabase> database,
                                                              const std::string& program, Instant now) {
  auto migrated = migrate(*database, schema_version_newest(), program, now);
  if (!migrated) return std::unexpected(std::move(migrated.error()));
  return std::unique_ptr<CatalogStore>(new SqlCatalog(std::move(database)));
}

CatalogResult<CatalogState> SqlCatalog::state() {
  auto row = state_of(database_->ask(kState, {}));
  if (!row) return std::unexpected(std::move(row.error()));
  return std::move(row->state);
}

CatalogResult<AnyRecord> SqlCatalog::one_of(RecordKind kind, CatalogResult<SqlRows> rows, std::string_view what) {
  if (!rows) return std::unexpected(std::move(rows.error()));
  if (!rows->empty()) return record_of(kind, std::move(rows->front()));
  return refuse(CatalogFault::kNotFound, fmt::format("there is no {} {}", to_string(kind), what));
}

CatalogResult<AnyRecord> SqlCatalog::get_any(RecordKind kind, std::string_view id) {
  const std::string what = quote(std::string(id));
  if (problem_of_text(id)) return one_of(kind, SqlRows(), what);
  const SqlRow values = {std::string(id)};
  return one_of(kind, database_->ask(table_of(kind).by_id, values), what);
}

CatalogResult<AnyRecord> SqlCatalog::find_any(RecordKind kind, std::string_view field, const UniqueValue& value) {
  const auto unique = constraints_of(kind).unique;
  const auto fields =
      std::ranges::find_if(unique, [&](UniqueFields its) { return its.size() == 1 && its.front() == field; });
  RG_CHECK(fields != unique.end());
  const std::string* const text = std::get_if<std::string>(&value);
  const std::string what = fmt::format("with {} {}", field, text != nullptr ? quote(*text) : "as asked for");
  if (text != nullptr && problem_of_text(*text)) return one_of(kind, SqlRows(), what);
  const SqlRow values = {std::visit([](const auto& its) { return encode_field(its); }, value)};
  const auto place = static_cast<size_t>(fields - unique.begin());
  return one_of(kind, database_->ask(table_of(kind).by_unique[place], values), what);
}

CatalogResult<RecordPage> SqlCatalog::list_any(const RecordQuery& query) {
  if (query.limit < 1 || query.limit > RecordQuery::kPageRecordsMax) {
    return std::unexpected(about_query(
        "limit", fmt::format("limit must be from 1 to {}, found {}", RecordQuery::kPageRecordsMax, query.limit)));
  }
  std::string statement = table_of(query.kind).select + " WHERE id>$1";
  SqlRow values = {query.after};
  bool is_text = !problem_of_text(query.after);
  for (const auto& [field, value] : query.filters) {
    const auto offered = constraints_of(query.kind).filters;
    if (std::ranges::find(offered, field) == offered.end()) {
      return std::unexpected(
          about_query(field, fmt::format("{} cannot be listed by {}; offered: {}", to_string(query.kind), quote(field),
                                         offered.empty() ? "nothing" : fmt::format("{}", fmt::join(offered, ", ")))));
    }
    is_text = is_text && !problem_of_text(value);
    values.push_back(value);
    statement += fmt::format(" AND {}=${}", field, values.size());
  }
  if (!is_text) return RecordPage();
  values.push_back(int64_t{query.limit} + 1);
  statement += fmt::format(" ORDER BY id LIMIT ${}", values.size());
  auto rows = database_->ask(statement, values);
  if (!rows) return std::unexpected(std::move(rows.error()));
  RecordPage page = {.has_more = rows->size() > static_cast<size_t>(query.limit)};
  if (page.has_more) rows->pop_back();
  for (SqlRow& row : *rows) {
    auto record = record_of(query.kind, std::move(row));
    if (!record) return std::unexpected(std::move(record.error()));
    page.records.push_back(std::move(*record));
  }
  return page;
}

CatalogResult<ChangeOutcome> SqlCatalog::change(const ChangeSet& changes) {
  ChangeOutcome outcome;
  auto done = database_->write([&](SqlSession& session) -> CatalogResult<void> {
    auto made = ChangeTransaction(session, changes).run();
    if (!made) return std::unexpected(std::move(made.error()));
    outcome = std::move(*made);
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  if (listener_) listener_(outcome.revision);
  return outcome;
}

CatalogResult<RecentChanges> SqlCatalog::changes_since(const CatalogState& since) {
  RecentChanges recent;
  auto done = database_->read([&](SqlSession& session) -> CatalogResult<void> {
    auto row = state_of(session.run(kState, {}));
    if (!row) return std::unexpected(std::move(row.error()));
    recent = {.state = std::move(row->state)};
    // A greater revision than the database's own: it has been restored from a backup.
    recent.is_complete = since.lineage == recent.state.lineage && since.revision >= row->changes_from &&
                         since.revision <= recent.state.revision;
    if (!recent.is_complete || since.revision == recent.state.revision) return {};
    const SqlRow values = {since.revision, kChangesMax + 1};
    auto rows = session.run(
        "SELECT revision,kind,id,sha256 FROM rg_changes WHERE revision>$1 ORDER BY revision,place LIMIT $2", values);
    if (!rows) return std::unexpected(std::move(rows.error()));
    recent.is_complete = rows->size() <= static_cast<size_t>(kChangesMax);
    if (!recent.is_complete) return {};
    for (SqlRow& change : *rows) {
      auto read = change_of(change);
      if (!read) return std::unexpected(std::move(read.error()));
      recent.changes.push_back(std::move(*read));
    }
    return {};
  });
  if (!done) return std::unexpected(std::move(done.error()));
  return recent;
}

void SqlCatalog::on_change(std::function<void(int64_t revision)> listener) {
  listener_ = listener;
  database_->on_announcement(std::move(listener));
}

}  // namespace rateguard::catalog
