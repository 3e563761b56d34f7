#include "catalog/sql/record_table.h"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <utility>

#include "base/check.h"
#include "catalog/sql/field_codec.h"
#include "text/quote.h"

namespace rateguard::catalog {
namespace {

// In the order of RecordKind; what migrations.cc creates.
constexpr std::array<std::string_view, kRecordKinds> kTableNames = {
    "rg_workspaces",     "rg_plans",        "rg_members", "rg_api_keys", "rg_rules",
    "rg_upstreams",      "rg_routes",       "rg_prices",  "rg_budgets",  "rg_alert_rules",
    "rg_alert_channels", "rg_admin_tokens", "rg_sessions"};

constexpr size_t kHeadColumns = 5;

std::vector<RecordField> fields_of(RecordKind kind) {
  std::vector<RecordField> fields;
  visit_fields(empty_record(kind), [&](RecordField field, const auto&) { fields.push_back(field); });
  return fields;
}

RecordTable make_table(RecordKind kind) {
  RecordTable table;
  table.name = kTableNames[static_cast<size_t>(kind)];
  table.columns = "id,version,revision,created_at,updated_at";
  std::string places = "$1,$2,$3,$4,$5";
  std::string assignments = "version=$2,revision=$3,updated_at=$4";
  size_t inserted = kHeadColumns;
  size_t updated = kHeadColumns - 1;
  for (const RecordField field : fields_of(kind)) {
    table.columns += fmt::format(",{}", field.name);
    places += fmt::format(",${}", ++inserted);
    if (field.role != FieldRole::kTracked) assignments += fmt::format(",{}=${}", field.name, ++updated);
  }
  table.insert = fmt::format("INSERT INTO {}({}) VALUES({})", table.name, table.columns, places);
  // SQLite numbers parameters in the order in which they appear.
  table.update = fmt::format("UPDATE {} SET id=$1,{} WHERE id=$1", table.name, assignments);
  table.remove = fmt::format("DELETE FROM {} WHERE id=$1", table.name);
  table.select = fmt::format("SELECT {} FROM {}", table.columns, table.name);
  table.by_id = table.select + " WHERE id=$1";
  for (const UniqueFields fields : constraints_of(kind).unique) table.by_unique.push_back(table.by_fields(fields));
  return table;
}

}  // namespace

std::string RecordTable::by_fields(UniqueFields fields) const {
  std::string statement = select;
  int parameter = 0;
  for (const std::string_view field : fields) {
    statement += fmt::format(" {} {}=${}", parameter == 0 ? "WHERE" : "AND", field, parameter + 1);
    ++parameter;
  }
  return statement;
}

const RecordTable& table_of(RecordKind kind) {
  static const std::array<RecordTable, kRecordKinds> kTables = [] {
    std::array<RecordTable, kRecordKinds> tables;
    for (size_t i = 0; i < tables.size(); ++i) tables[i] = make_table(static_cast<RecordKind>(i));
    return tables;
  }();
  return kTables[static_cast<size_t>(kind)];
}

SqlRow insert_values(const AnyRecord& record) {
  const RecordHead& head = head_of(record);
  SqlRow values = {head.id, head.version, head.revision, head.created_at.us, head.updated_at.us};
  visit_fields(record, [&](RecordField, const auto& value) { values.push_back(encode_field(value)); });
  return values;
}

SqlRow update_values(const AnyRecord& record) {
  const RecordHead& head = head_of(record);
  SqlRow values = {head.id, head.version, head.revision, head.updated_at.us};
  visit_fields(record, [&](RecordField field, const auto& value) {
    if (field.role != FieldRole::kTracked) values.push_back(encode_field(value));
  });
  return values;
}

CatalogResult<AnyRecord> record_of(RecordKind kind, SqlRow row) {
  AnyRecord record = empty_record(kind);
  RecordHead& head = head_of(record);
  std::string_view wrong;
  size_t column = 0;
  const auto take = [&](std::string_view name, auto& value) {
    if (wrong.empty() && (column >= row.size() || !decode_field(row[column], value))) wrong = name;
    ++column;
  };
  take("id", head.id);
  take("version", head.version);
  take("revision", head.revision);
  take("created_at", head.created_at);
  take("updated_at", head.updated_at);
  visit_fields(record, [&](RecordField field, auto& value) { take(field.name, value); });
  if (wrong.empty()) return record;
  return refuse(CatalogFault::kCorrupt, fmt::format("table {}, id {}: column {} has a value that this program does not "
                                                    "write; restore the database from a backup, or mend the row",
                                                    table_of(kind).name, quote(head.id), wrong));
}

SqlValue field_value(const AnyRecord& record, std::string_view field) {
  SqlValue found;
  bool is_known = false;
  visit_fields(record, [&](RecordField its, const auto& value) {
    if (its.name != field) return;
    found = encode_field(value);
    is_known = true;
  });
  RG_CHECK(is_known);
  return found;
}

}  // namespace rateguard::catalog
