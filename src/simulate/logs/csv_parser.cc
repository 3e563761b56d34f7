#include "simulate/logs/csv_parser.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "simulate/logs/record_fields.h"

namespace rateguard::simulate {
namespace {

// A header of more columns than this is no header.
constexpr size_t kColumnsMax = 4096;

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
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

Result<CsvParser> CsvParser::create(std::string_view header, const ColumnMap& columns) {
  CsvParser parser;
  parser.separator_ = separator_of(header);
  if (parser.split(header) != CsvSplit::kComplete) return invalid("the header row's quotes do not match");
  if (parser.fields_.size() > kColumnsMax)
    return invalid(fmt::format("the header row has more than {} columns", kColumnsMax));
  parser.names_.assign(parser.fields_.begin(), parser.fields_.end());
  if (auto bound = parser.bind(columns); !bound) return std::unexpected(bound.error());
  return parser;
}

Result<void> CsvParser::bind(const ColumnMap& columns) {
  for (size_t i = 0; i < kFieldKinds; ++i) {
    if (auto bound = bind_field(static_cast<FieldKind>(i), columns); !bound) return bound;
  }
  for (const auto& [name, column_name] : columns.headers) {
    const auto found = column(column_name);
    if (!found) return std::unexpected(found.error());
    header_columns_.emplace_back(name, *found);
  }
  return {};
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
    const auto found = std::ranges::find_if(names_, [&](const std::string& n) { return equal_ignoring_case(n, name); });
    if (found == names_.end()) continue;
    const auto index = static_cast<size_t>(found - names_.begin());
    if (kind == FieldKind::kCost) {
      cost_columns_.push_back(index);
    } else {
      fields_bound_.push_back({.kind = kind, .column = index});
    }
    return {};
  }
  if (kind != FieldKind::kTime) return {};
  return invalid(fmt::format("no column is named {}; say which holds the time with --columns time=NAME (there are: {})",
                             fmt::join(default_names(kind), ", "), fmt::join(names_, ", ")));
}

Result<size_t> CsvParser::column(std::string_view name) const {
  const auto found = std::ranges::find(names_, name);
  if (found != names_.end()) return static_cast<size_t>(found - names_.begin());
  return invalid(fmt::format("columns: there is no column '{}' (there are: {})", name, fmt::join(names_, ", ")));
}

Parsed CsvParser::entry(LogEntry& out) {
  out = {};
  if (fields_.size() != names_.size()) {
    return malformed(fmt::format("{} fields where the header has {}", fields_.size(), names_.size()));
  }
  for (const Bound& bound : fields_bound_) {
    if (auto set = set_field(bound.kind, fields_[bound.column], out); !set) return set;
  }
  if (!cost_columns_.empty()) {
    uint32_t cost = 0;
    for (const size_t index : cost_columns_) {
      const auto sum = add_cost(cost, fields_[index], names_[index]);
      if (!sum) return malformed(sum.error());
      cost = *sum;
    }
    out.cost = {cost};
  }
  headers_.clear();
  for (const auto& [name, index] : header_columns_) {
    if (!fields_[index].empty()) headers_.push_back({.name = name, .value = fields_[index]});
  }
  out.headers = headers_;
  return {};
}

}  // namespace rateguard::simulate
