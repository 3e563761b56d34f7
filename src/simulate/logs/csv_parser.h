// CSV records with a header row (RFC 4180), quoted fields with line breaks in them included.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/column_map.h"
#include "simulate/logs/line_parser.h"
#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {

enum class CsvSplit : uint8_t {
  kComplete,
  kUnterminated,  // a quoted field goes on in the next line
  kBadQuote,      // text after a closing quote
};

// Cuts a record into fields, quotes undone. The fields are borrowed from `record` and `unquoted`.
CsvSplit split_csv(std::string_view record, char separator, std::vector<std::string_view>& fields,
                   std::string& unquoted);

// Reads the records of one file. Not thread-safe.
class CsvParser {
 public:
  // From the header row. The separator is a comma; where the row has none, a tab or a semicolon. Where a name begins
  // with a space, as after ", ", the spaces around all names and values are left out. Columns that hold header fields
  // by a usual name are read as far as `wanted` names them. Errors: kInvalid, with the existing columns, if one that
  // --columns names, or any that could be the time, is missing, or if the row is not text.
  static Result<CsvParser> create(std::string_view header, const ColumnMap& columns, const WantedHeaders& wanted);

  // Cuts the next record; kComplete: entry() may follow.
  CsvSplit split(std::string_view record) { return split_csv(record, separator_, fields_, unquoted_); }
  // The record last cut, as an entry borrowed from it.
  Parsed entry(LogEntry& out);

  // The header row's names.
  const std::vector<std::string>& column_names() const { return names_; }
  // The record last cut, field by field, with what each is used for.
  std::vector<NotedField> fields() const;

 private:
  struct Bound {
    FieldKind kind;
    size_t column;
  };

  Result<void> bind(const ColumnMap& columns, const WantedHeaders& wanted);
  void bind_usual_headers(const WantedHeaders& wanted);
  Result<void> bind_field(FieldKind kind, const ColumnMap& columns);
  Result<size_t> column(std::string_view name) const;
  std::optional<size_t> usual_column(std::string_view name) const;

  char separator_ = ',';
  std::vector<std::string> names_;
  std::vector<Bound> fields_bound_;
  std::vector<size_t> cost_columns_;
  std::vector<std::pair<std::string, size_t>> header_columns_;
  std::vector<std::string_view> fields_;
  std::string unquoted_;
  EntryFields entry_fields_;
  bool trims_ = false;
};

}  // namespace rateguard::simulate
