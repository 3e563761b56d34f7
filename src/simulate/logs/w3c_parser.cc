#include "simulate/logs/w3c_parser.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/ascii.h"
#include "simulate/logs/log_time.h"

namespace rateguard::simulate {
namespace {

struct UsualName {
  std::string_view name;
  FieldKind kind;
  int rank;
};
// w3.org/TR/WD-logfile, learn.microsoft.com/iis and CloudFront's standard logs, whose cs(Host) is the distribution and
// whose x-host-header is what the client asked for.
constexpr UsualName kUsualNames[] = {
    {"c-ip", FieldKind::kClient, 0},  {"cs-method", FieldKind::kMethod, 0},   {"cs-uri-stem", FieldKind::kPath, 0},
    {"cs-uri", FieldKind::kPath, 1},  {"x-host-header", FieldKind::kHost, 0}, {"cs(host)", FieldKind::kHost, 1},
    {"cs-host", FieldKind::kHost, 2}, {"cs-username", FieldKind::kUser, 0},   {"x-timestamp", FieldKind::kTime, 0},
};

std::string_view take_field(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view field = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return field;
}

// The header field that a column holds: "cs(User-Agent)", CloudFront's "x-forwarded-for"; empty: none.
std::string_view header_of(std::string_view name) {
  if (name.size() > 4 && equal_ignoring_case(name.substr(0, 3), "cs(") && name.ends_with(')')) {
    return name.substr(3, name.size() - 4);
  }
  return equal_ignoring_case(name, "x-forwarded-for") ? name : std::string_view();
}

}  // namespace

W3cParser::W3cParser(ColumnMap columns, const WantedHeaders& wanted) : columns_(std::move(columns)), wanted_(wanted) {}

std::vector<std::string> W3cParser::names_never_found() const {
  std::vector<std::string> out = columns_.given();
  std::erase_if(out, [this](const std::string& name) { return std::ranges::find(found_, name) != found_.end(); });
  return out;
}

void W3cParser::read_directive(std::string_view line) {
  constexpr std::string_view kFields = "#fields:";
  constexpr std::string_view kDate = "#date:";
  const auto begins_with = [line](std::string_view name) {
    return line.size() >= name.size() && equal_ignoring_case(line.substr(0, name.size()), name);
  };
  if (begins_with(kFields)) bind(line.substr(kFields.size()));
  if (begins_with(kDate)) date_ = trim(line.substr(kDate.size())).substr(0, 10);
}

void W3cParser::bind(std::string_view fields) {
  names_.clear();
  fields = trim(fields);
  while (!fields.empty()) {
    const size_t end = std::min(fields.find_first_of(" \t"), fields.size());
    names_.emplace_back(fields.substr(0, end));
    fields = trim(fields.substr(end));
  }
  bound_.assign(names_.size(), {});
  bind_usual();
  bind_given();
}

void W3cParser::bind_usual() {
  std::array<int, kFieldKinds> best;
  best.fill(INT32_MAX);
  for (size_t i = 0; i < names_.size(); ++i) {
    const std::string_view name = names_[i];
    if (equal_ignoring_case(name, "date")) bound_[i].use = Use::kDate;
    if (equal_ignoring_case(name, "time")) bound_[i].use = Use::kClock;
    if (const std::string_view header = header_of(name); !header.empty() && wanted_.contains(header)) {
      bound_[i] = {.use = Use::kHeader, .header = std::string(header)};
    }
    for (const UsualName& usual : kUsualNames) {
      int& rank = best[static_cast<size_t>(usual.kind)];
      if (!equal_ignoring_case(name, usual.name) || usual.rank >= rank) continue;
      rank = usual.rank;
      for (Column& other : bound_) {
        if (other.use == Use::kField && other.kind == usual.kind) other = {};
      }
      bound_[i] = {.use = Use::kField, .kind = usual.kind};
    }
  }
}

void W3cParser::bind_given() {
  const auto bind_to = [this](const std::string& given, const Column& column) {
    const auto at = std::ranges::find(names_, given);
    if (at == names_.end()) return;
    found_.push_back(given);
    bound_[static_cast<size_t>(at - names_.begin())] = column;
  };
  for (size_t i = 0; i < kFieldKinds; ++i) {
    const std::string& given = columns_.names[i];
    if (given.empty()) continue;
    const auto kind = static_cast<FieldKind>(i);
    for (Column& other : bound_) {
      if (other.use == Use::kField && other.kind == kind) other = {};
    }
    bind_to(given, {.use = Use::kField, .kind = kind});
  }
  for (const std::string& term : columns_.cost_terms) bind_to(term, {.use = Use::kCost});
  for (const auto& [header, column] : columns_.headers) bind_to(column, {.use = Use::kHeader, .header = header});
}

// "+" is a space in IIS's logs, "%20" in CloudFront's, which escapes its own escapes once more.
std::string_view W3cParser::decoded(std::string_view text) {
  if (text.find_first_of("+%") == std::string_view::npos) return text;
  std::string& out = texts_.emplace_back();
  for (size_t i = 0; i < text.size(); ++i) {
    const bool hex =
        text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0;
    if (hex) {
      out += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' && separator_ == ' ' ? ' ' : text[i];
    }
  }
  return out;
}

Parsed W3cParser::use(const Column& column, std::string_view text, LogEntry& out) {
  switch (column.use) {
    case Use::kNothing:
      return {};
    case Use::kDate:
      line_date_ = text;
      return {};
    case Use::kClock:
      line_clock_ = text;
      return {};
    case Use::kField:
      return fields_.set(column.kind, text);
    case Use::kCost: {
      const auto sum = add_cost(out.cost.units, text, "cost");
      if (!sum) return malformed(sum.error());
      out.cost = {*sum};
      return {};
    }
    case Use::kHeader:
      fields_.add_header(column.header, decoded(text));
      return {};
  }
  return {};
}

Parsed W3cParser::parse(std::string_view line, LogEntry& out) {
  fields_.begin(out);
  if (line.starts_with('#')) {
    read_directive(line);
    out.kind = LineKind::kNotARecord;
    return {};
  }
  if (names_.empty()) return malformed("no #Fields line before it says what its fields are");
  texts_.clear();
  line_date_ = date_;
  line_clock_ = {};
  separator_ = line.find('\t') != std::string_view::npos ? '\t' : ' ';
  const bool has_cost = !columns_.cost_terms.empty();
  if (has_cost) out.cost = {0};
  std::string_view rest = line;
  size_t count = 0;
  for (; count < names_.size() && !rest.empty(); ++count) {
    const std::string_view text = take_field(rest, separator_);
    const Column& column = bound_[count];
    if (noting()) {
      constexpr std::string_view kUses[] = {"", "time", "time", "", "cost", ""};
      std::string used(kUses[static_cast<size_t>(column.use)]);
      if (column.use == Use::kField) used = to_string(column.kind);
      if (column.use == Use::kHeader) used = "header " + column.header;
      note(names_[count], text, used);
    }
    if (auto done = use(column, text, out); !done) return done;
  }
  if (count < names_.size()) {
    return malformed(fmt::format("{} fields where the #Fields line has {}", count, names_.size()));
  }
  if (!line_clock_.empty() || out.time.us == 0) {
    const auto time = checked_time(parse_date_and_clock(line_date_, line_clock_));
    if (!time) return malformed("no date and time as in 2024-05-17 10:05:03");
    out.time = *time;
  }
  fields_.end();
  return {};
}

}  // namespace rateguard::simulate
