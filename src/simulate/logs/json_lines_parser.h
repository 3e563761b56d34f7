// JSON lines (jsonlines.org): one object a line, as applications and nginx's escape=json write them.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/column_map.h"
#include "simulate/logs/log_entry.h"

namespace rateguard::simulate {

// Not thread-safe.
class JsonLinesParser {
 public:
  // Keeps of each line's "headers" object only the fields of these names (lower case); `columns` as for CSV, where a
  // name may lead into objects ("usage.total_tokens").
  JsonLinesParser(ColumnMap columns, std::vector<std::string> wanted_headers);
  JsonLinesParser(JsonLinesParser&&) noexcept;
  JsonLinesParser& operator=(JsonLinesParser&&) noexcept;
  ~JsonLinesParser();

  // `out` is borrowed from this parser until the next call.
  Parsed parse(std::string_view line, LogEntry& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The names of a line's members, those of objects inside by their dotted way ("source.ip"). Empty: not a JSON object.
std::vector<std::string> member_names(std::string_view line);

}  // namespace rateguard::simulate
