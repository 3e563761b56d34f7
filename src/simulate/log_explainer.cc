#include "simulate/log_explainer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "model/ascii.h"
#include "simulate/logs/byte_source.h"
#include "simulate/logs/csv_parser.h"
#include "simulate/report.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kLinesShown = 3;
constexpr size_t kLineChars = 200;
constexpr size_t kFileChars = 200;
constexpr size_t kFromChars = 40;
constexpr size_t kTextChars = 60;

std::string time_text(Instant time) {
  std::string out = instant_text(time);
  std::ranges::replace(out, ' ', 'T');
  if (const int64_t us = time.us % 1'000'000; us != 0) out += fmt::format(".{:06}", us);
  return out + "Z";
}

// What the fields of that use became.
std::string value_of(std::string_view use, const LogEntry& entry) {
  constexpr std::string_view kHeader = "header ";
  if (use.starts_with(kHeader)) return std::string(find_header(entry.headers, use.substr(kHeader.size())));
  if (use == "time") return time_text(entry.time);
  if (use == "ip") return std::string(entry.client);
  if (use == "method") return std::string(entry.method);
  if (use == "path") return std::string(entry.path);
  if (use == "host") return std::string(entry.host);
  if (use == "user") return std::string(entry.user);
  if (use == "api_key") return std::string(entry.api_key);
  if (use == "workspace") return std::string(entry.workspace);
  if (use == "plan") return std::string(entry.plan);
  if (use == "cost") return fmt::format("{}", entry.cost.units);
  if (use == "method, path" || use == "request") return fmt::format("{} {}", entry.method, entry.path);
  return {};
}

ExplainedLine explained(const LogLine& line, const Parsed& parsed, const LogEntry& entry,
                        const std::vector<NotedField>& notes) {
  ExplainedLine out{.number = line.number, .text = printable(line.text, kLineChars), .kind = entry.kind};
  if (!parsed) out.why = parsed.error();
  for (const NotedField& field : notes) {
    out.fields.push_back({.noted = {.from = printable(field.from, kFromChars),
                                    .text = printable(field.text, kTextChars),
                                    .use = printable(field.use, kFromChars)},
                          .value = parsed ? printable(value_of(field.use, entry), kTextChars) : std::string()});
  }
  return out;
}

Result<void> explain_csv(LineReader& lines, const ReadOptions& options, LogExplanation& out) {
  LogLine line;
  std::optional<CsvParser> parser;
  LogEntry entry;
  while (out.lines.size() < kLinesShown) {
    const auto got = lines.next(line);
    if (!got) return std::unexpected(got.error());
    if (!*got) break;
    if (line.too_long || is_blank(line.text)) continue;
    if (!parser) {
      auto made = CsvParser::create(line.text, options.columns, WantedHeaders(options.wanted_headers));
      if (!made) {
        Error error = made.error();
        error.position = {.file = out.file, .line = static_cast<int>(line.number), .column = 1};
        return std::unexpected(error);
      }
      parser = std::move(*made);
      continue;
    }
    CsvSplit split = parser->split(line.text);
    while (split == CsvSplit::kUnterminated && lines.extend(line)) split = parser->split(line.text);
    const Parsed parsed = split == CsvSplit::kComplete ? parser->entry(entry) : malformed("its quotes do not match");
    out.lines.push_back(explained(line, parsed, entry, parser->fields()));
  }
  return {};
}

Result<void> explain_lines(LineReader& lines, LineParser& parser, LogExplanation& out) {
  LogLine line;
  LogEntry entry;
  std::vector<NotedField> notes;
  parser.note_fields(&notes);
  while (out.lines.size() < kLinesShown) {
    const auto got = lines.next(line);
    if (!got) return std::unexpected(got.error());
    if (!*got) break;
    if (line.too_long || is_blank(line.text)) continue;
    notes.clear();
    const Parsed parsed = parser.parse(line.text, entry);
    if (parsed && entry.kind == LineKind::kNotARecord) continue;
    out.lines.push_back(explained(line, parsed, entry, notes));
  }
  return {};
}

}  // namespace

Result<LogExplanation> explain_log(const std::string& path, const ReadOptions& options) {
  auto source = ByteSource::open(path);
  if (!source) return std::unexpected(source.error());
  LogExplanation out{.file = path == "-" ? "standard input" : path};
  LineReader lines([&source](char* bytes, size_t size) { return source->read(bytes, size); });
  const std::string_view head = lines.head();
  if (head.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    LogLine line;
    if (const auto got = lines.next(line); !got) return std::unexpected(got.error());
    return std::unexpected(Error{.message = "is empty: there is nothing to explain", .position = {.file = out.file}});
  }
  auto choice = choose_format(head, out.file, options);
  if (!choice) return std::unexpected(choice.error());
  out.format = choice->format;
  out.envelopes = choice->envelopes;
  out.known_by = options.layout                         ? "--log-format"
                 : options.format != InputFormat::kAuto ? "--format"
                 : choice->format == InputFormat::kCsv  ? "a first line with commas, tabs or semicolons"
                 : choice->lines == 1
                     ? "its first line, which fits"
                     : fmt::format("{} of its first {} lines, which fit", choice->fitting, choice->lines);
  if (out.format == InputFormat::kCsv) {
    if (auto done = explain_csv(lines, options, out); !done) return std::unexpected(done.error());
    return out;
  }
  const auto parser = make_line_parser({.format = out.format,
                                        .envelopes = out.envelopes,
                                        .columns = options.columns,
                                        .layout = options.layout,
                                        .wanted_headers = options.wanted_headers});
  if (auto done = explain_lines(lines, *parser, out); !done) return std::unexpected(done.error());
  return out;
}

std::string explanation_text(const LogExplanation& explanation) {
  std::string out = fmt::format("{}: {}", printable(explanation.file, kFileChars), to_string(explanation.format));
  for (const Envelope envelope : explanation.envelopes) out += fmt::format(", in lines of {}", to_string(envelope));
  out += fmt::format(" (known by {})\n", explanation.known_by);
  for (const ExplainedLine& line : explanation.lines) {
    out += fmt::format("\nline {}: {}\n", line.number, line.text);
    if (!line.why.empty()) out += fmt::format("  cannot be read: {}\n", line.why);
    if (line.why.empty() && line.kind == LineKind::kNoRequest) out += "  names no request: it is left out\n";
    size_t from_width = 0;
    size_t text_width = 0;
    for (const ExplainedField& field : line.fields) {
      from_width = std::max(from_width, field.noted.from.size());
      text_width = std::max(text_width, field.noted.text.size());
    }
    for (const ExplainedField& field : line.fields) {
      out += fmt::format("  {:<{}}  {:<{}}  ", field.noted.from, from_width, field.noted.text, text_width);
      if (field.noted.use.empty()) {
        const std::string near = near_nginx_variable(field.noted.from);
        out += near.empty() ? "not used\n" : fmt::format("not used; did you mean {}?\n", near);
      } else {
        out += fmt::format("{}: {}\n", field.noted.use, field.value.empty() ? "none" : field.value);
      }
    }
  }
  return out;
}

std::string explanation_json(const LogExplanation& explanation) {
  namespace json = boost::json;
  json::array envelopes;
  for (const Envelope envelope : explanation.envelopes) envelopes.emplace_back(to_string(envelope));
  json::array lines;
  for (const ExplainedLine& line : explanation.lines) {
    json::array fields;
    for (const ExplainedField& field : line.fields) {
      fields.push_back(
          json::object{{"from", field.noted.from},
                       {"text", field.noted.text},
                       {"use", field.noted.use.empty() ? json::value(nullptr) : json::value(field.noted.use)},
                       {"value", field.value.empty() ? json::value(nullptr) : json::value(field.value)}});
    }
    lines.push_back(json::object{{"line", line.number},
                                 {"text", line.text},
                                 {"why_not", line.why.empty() ? json::value(nullptr) : json::value(line.why)},
                                 {"is_request", line.why.empty() && line.kind == LineKind::kRequest},
                                 {"fields", std::move(fields)}});
  }
  return json::serialize(json::object{{"file", printable(explanation.file, kFileChars)},
                                      {"format", to_string(explanation.format)},
                                      {"envelopes", std::move(envelopes)},
                                      {"known_by", explanation.known_by},
                                      {"lines", std::move(lines)}}) +
         "\n";
}

}  // namespace rateguard::simulate
