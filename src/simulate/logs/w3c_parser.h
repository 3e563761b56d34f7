// Lines of the W3C extended log format (w3.org/TR/WD-logfile), which says in the log itself what its fields are: IIS
// and CloudFront.
//   #Fields: date time s-ip cs-method cs-uri-stem c-ip cs(User-Agent) sc-status
//   2024-05-17 10:05:03 10.0.0.1 GET /a 203.0.113.9 Mozilla/5.0+(X11) 200
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "simulate/logs/column_map.h"
#include "simulate/logs/line_parser.h"
#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {

// The directives, which may come again anywhere, are LineKind::kNotARecord. Times are UTC, as the format says.
class W3cParser final : public LineParser {
 public:
  W3cParser(ColumnMap columns, const WantedHeaders& wanted);

  Parsed parse(std::string_view line, LogEntry& out) override;
  bool lines_stand_alone() const override { return false; }  // directives say how those after them are to be read

  std::vector<std::string> names_never_found() const override;
  // The names of the last #Fields line.
  const std::vector<std::string>& column_names() const { return names_; }

 private:
  enum class Use : uint8_t { kNothing, kDate, kClock, kField, kCost, kHeader };
  struct Column {
    Use use = Use::kNothing;
    FieldKind kind = FieldKind::kTime;
    std::string header = {};
  };

  void read_directive(std::string_view line);
  void bind(std::string_view fields);
  void bind_given();
  void bind_usual();
  Parsed use(const Column& column, std::string_view text, LogEntry& out);
  std::string_view decoded(std::string_view text);

  ColumnMap columns_;
  WantedHeaders wanted_;
  std::vector<std::string> found_;  // of the names that `columns_` gave
  std::vector<std::string> names_;
  std::vector<Column> bound_;
  char separator_ = ' ';
  std::string date_;  // of the last #Date directive, for logs whose lines have only a time
  std::string_view line_date_;
  std::string_view line_clock_;
  EntryFields fields_;
  std::deque<std::string> texts_;  // of values that were decoded; a deque, so that views stay
};

}  // namespace rateguard::simulate
