// The table of a kind of record: its statements, and rows as records.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "catalog/record_constraints.h"
#include "catalog/record_field.h"
#include "catalog/records.h"
#include "catalog/refusal.h"
#include "catalog/sql/sql_database.h"

namespace rateguard::catalog {

// The columns are id, version, revision, created_at, updated_at, and the fields of the record.
struct RecordTable {
  std::string name = {};                    // "rg_api_keys"
  std::string columns = {};                 // separated by commas
  std::string insert = {};                  // values: all columns
  std::string update = {};                  // values: of update_values()
  std::string remove = {};                  // $1: the id
  std::string select = {};                  // "SELECT columns FROM name", without a condition
  std::string by_id = {};                   // $1: the id
  std::vector<std::string> by_unique = {};  // for each of constraints_of(kind).unique; as by_fields()

  // "SELECT columns FROM name WHERE a=$1 AND b=$2"
  std::string by_fields(UniqueFields fields) const;
};

const RecordTable& table_of(RecordKind kind);

SqlRow insert_values(const AnyRecord& record);
// Without created_at and tracked fields; the id comes first.
SqlRow update_values(const AnyRecord& record);
// Errors: kCorrupt, naming the table, the id and the column.
CatalogResult<AnyRecord> record_of(RecordKind kind, SqlRow row);

// The value of one field. REQUIRES: the kind has it.
SqlValue field_value(const AnyRecord& record, std::string_view field);

}  // namespace rateguard::catalog
