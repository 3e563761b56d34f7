#include "simulate/logs/csv_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "model/ascii.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// A row with more columns than this is not a header.
constexpr size_t kColumnsMax = 4096;

constexpr size_t kNameChars = 60;    // of a column's name in a message
constexpr size_t kNamesChars = 600;  // of all of them

std::string names_text(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (out.size() > kNamesChars) return out + ", ...";
    if (!out.empty()) out += ", ";
    // Quoted if spaces would be invisible.
    const bool spaces = name.empty() || name.front() == ' ' || name.back() == ' ';
    out += spaces ? fmt::format("'{}'", printable(name, kNameChars)) : printable(name, kNameChars);
  }
  return out;
}

// Whether bytes can be the names of columns: no control characters but tabs, no broken UTF-8.
bool is_text(std::string_view bytes) {
  std::string without_tabs(bytes);
  std::erase(without_tabs, '\t');
  std::erase(without_tabs, '\n');
  return printable(without_tabs, without_tabs.size()) == without_tabs;
}

char separator_of(std::string_view header) {
  for (const char separator : {',', '\t', ';'}) {
    if (header.find(separator) != std::string_view::npos) return separator;
  }
  return ',';
}

// Takes a quoted field, `rest` standing after its first quote, and leaves `rest` after its last one.
CsvSplit take_quoted(std::string_view& rest, std::string& unquoted) {
  for (;;) {
    const size_t quote = rest.find('"');
    if (quote == std::string_view::npos) return CsvSplit::kUnterminated;
    unquoted.append(rest.substr(0, quote));
    rest.remove_prefix(quote + 1);
    if (!rest.starts_with('"')) return CsvSplit::kComplete;
    unquoted.push_back('"');
    rest.remove_prefix(1);
  }
}

}  // namespace

CsvSplit split_csv(std::string_view record, char separator, std::vector<std::string_view>& fields,
                   std::string& unquoted) {
  fields.clear();
  unquoted.clear();
  unquoted.reserve(record.size());  // so that views into it stay where they are
  std::string_view rest = record;
  for (;;) {
    if (rest.starts_with('"')) {
      rest.remove_prefix(1);
      const size_t begin = unquoted.size();
      if (const CsvSplit status = take_quoted(rest, unquoted); status != CsvSplit::kComplete) return status;
      fields.push_back(std::string_view(unquoted).substr(begin));
      if (!rest.empty() && rest.front() != separator) return CsvSplit::kBadQuote;
    } else {
      const size_t end = std::min(rest.find(separator), rest.size());
      fields.push_back(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    if (rest.empty()) return CsvSplit::kComplete;
    rest.remove_prefix(1);
  }
}

Result<CsvParser> CsvParser::create(std::string_view header, const ColumnMap& columns, const WantedHeaders& wanted) {
  CsvParser parser;
  if (!is_text(header)) return invalid("the first line is not text, so it cannot be CSV's header row");
  parser.separator_ = separator_of(header);
  if (parser.split(header) != CsvSplit::kComplete) return invalid("the header row's quotes do not match");
  if (parser.fields_.size() > kColumnsMax)
    return invalid(fmt::format("the header row has more than {} columns", kColumnsMax));
  parser.trims_ = std::ranges::any_of(parser.fields_, [](std::string_view name) { return name.starts_with(' '); });
  for (const std::string_view name : parser.fields_) parser.names_.emplace_back(parser.trims_ ? trim(name) : name);
  if (auto bound = parser.bind(columns, wanted); !bound) return std::unexpected(bound.error());
  return parser;
}

Result<void> CsvParser::bind(const ColumnMap& columns, const WantedHeaders& wanted) {
  for (size_t i = 0; i < kFieldKinds; ++i) {
    if (auto bound = bind_field(static_cast<FieldKind>(i), columns); !bound) return bound;
  }
  for (const auto& [name, column_name] : columns.headers) {
    const auto found = column(column_name);
    if (!found) return std::unexpected(found.error());
    header_columns_.emplace_back(name, *found);
  }
  bind_usual_headers(wanted);
  return {};
}

void CsvParser::bind_usual_headers(const WantedHeaders& wanted) {
  for (const std::string& header : wanted.names()) {
    const bool given = std::ranges::any_of(header_columns_,
                                           [&](const auto& bound) { return equal_ignoring_case(bound.first, header); });
    if (given) continue;
    for (const std::string& name : default_header_names(header)) {
      const auto found = usual_column(name);
      if (!found) continue;
      header_columns_.emplace_back(header, *found);
      break;
    }
  }
}

std::optional<size_t> CsvParser::usual_column(std::string_view name) const {
  const auto found = std::ranges::find_if(names_, [&](const std::string& n) { return equal_ignoring_case(n, name); });
  if (found == names_.end()) return std::nullopt;
  return static_cast<size_t>(found - names_.begin());
}

Result<void> CsvParser::bind_field(FieldKind kind, const ColumnMap& columns) {
  if (kind == FieldKind::kCost && !columns.cost_terms.empty()) {
    for (const std::string& term : columns.cost_terms) {
      const auto found = column(term);
      if (!found) return std::unexpected(found.error());
      cost_columns_.push_back(*found);
    }
    return {};
  }
  const std::string& given = columns.names[static_cast<size_t>(kind)];
  if (!given.empty()) {
    const auto found = column(given);
    if (!found) return std::unexpected(found.error());
    fields_bound_.push_back({.kind = kind, .column = *found});
    return {};
  }
  for (const std::string_view name : default_names(kind)) {
    const auto found = usual_column(name);
    if (!found) continue;
    if (kind == FieldKind::kCost) {
      cost_columns_.push_back(*found);
    } else {
      fields_bound_.push_back({.kind = kind, .column = *found});
    }
    return {};
  }
  if (kind != FieldKind::kTime) return {};
  return invalid(fmt::format("no column is named {}; say which holds the time with --columns time=NAME (there are: {})",
                             fmt::join(default_names(kind), ", "), names_text(names_)));
}

Result<size_t> CsvParser::column(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<size_t>(found - names_.begin());
  return invalid(
      fmt::format("columns: there is no column '{}' (there are: {})", printable(name, kNameChars), names_text(names_)));
}

Parsed CsvParser::entry(LogEntry& out) {
  entry_fields_.begin(out);
  if (fields_.size() != names_.size()) {
    return malformed(fmt::format("{} fields where the header has {}", fields_.size(), names_.size()));
  }
  if (trims_) std::ranges::transform(fields_, fields_.begin(), trim);
  for (const Bound& bound : fields_bound_) {
    if (auto set = entry_fields_.set(bound.kind, fields_[bound.column]); !set) return set;
  }
  if (!cost_columns_.empty()) {
    uint64_t cost = 0;
    for (const size_t index : cost_columns_) {
      const auto sum = add_cost(cost, fields_[index], names_[index]);
      if (!sum) return malformed(sum.error());
      cost = *sum;
    }
    out.cost = {cost};
  }
  for (const auto& [name, index] : header_columns_) entry_fields_.add_header(name, fields_[index]);
  entry_fields_.end();
  return {};
}

std::vector<NotedField> CsvParser::fields() const {
  std::vector<NotedField> out;
  for (size_t i = 0; i < fields_.size() && i < names_.size(); ++i) {
    NotedField field{.from = names_[i], .text = std::string(fields_[i])};
    for (const Bound& bound : fields_bound_) {
      if (bound.column == i) field.use = to_string(bound.kind);
    }
    if (std::ranges::find(cost_columns_, i) != cost_columns_.end()) field.use = "cost";
    for (const auto& [name, index] : header_columns_) {
      if (index == i && field.use.empty()) field.use = "header " + name;
    }
    out.push_back(std::move(field));
  }
  return out;
}

}  // namespace rateguard::simulate
