#include "simulate/log_part.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "simulate/logs/csv_parser.h"
#include "simulate/logs/json_lines_parser.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kReasonsMax = 3;  // lines that an error shows with why each cannot be read

// The names of the members that the first lines of a JSON log have, in the order in which they come.
std::vector<std::string> names_in(std::string_view head) {
  constexpr size_t kLinesMax = 20;
  std::vector<std::string> names;
  for (size_t line = 0; line < kLinesMax && !head.empty(); ++line) {
    const size_t end = std::min(head.find('\n'), head.size());
    for (std::string& name : member_names(head.substr(0, end))) {
      if (std::ranges::find(names, name) == names.end()) names.push_back(std::move(name));
    }
    head.remove_prefix(std::min(end + 1, head.size()));
  }
  return names;
}

std::unique_ptr<LineParser> parser_of(const DetectedFormat& detected, const ReadOptions& options) {
  return make_line_parser({.format = detected.format,
                           .envelopes = detected.envelopes,
                           .columns = options.columns,
                           .layout = options.layout,
                           .wanted_headers = options.wanted_headers});
}

// What the loops share.
class Reading {
 public:
  Reading(LineReader& lines, const ReadOptions& options, Recording& out, LogPart& part)
      : lines_(lines), options_(options), out_(out), part_(part) {}

  // The next line that is not blank; false at the end, also where the input broke off.
  bool next(LogLine& line) {
    for (;;) {
      const auto got = lines_.next(line);
      if (!got) {
        part_.broken_off = got.error();
        log().problem = got.error().to_string();
      }
      if (!got || !*got) return false;
      if (line.too_long || !is_blank(line.text)) return true;
    }
  }

  void reject(const LogLine& line, std::string why) {
    ++log().malformed;
    if (part_.rejected.size() >= std::max(options_.examples_max, kReasonsMax)) return;
    part_.rejected.push_back(
        {.file = log().file, .line = line.number, .why = std::move(why), .text = printable(line.text, kExampleChars)});
  }

  Result<void> keep(const LogEntry& entry) {
    if (options_.each) {
      options_.each(entry);
      return {};
    }
    if (out_.size() >= options_.requests_max) return std::unexpected(too_many_requests(log().file, options_));
    out_.add(entry);
    return {};
  }

  // For formats of one record a line.
  Result<void> run(LineParser& parser) {
    LogLine line;
    LogEntry entry;
    while (next(line)) {
      ++log().lines;
      if (line.too_long) {
        reject(line, "longer than 1 MiB");
      } else if (auto parsed = parser.parse(line.text, entry); !parsed) {
        reject(line, std::move(parsed.error()));
      } else if (entry.kind == LineKind::kRequest) {
        if (auto kept = keep(entry); !kept) return kept;
      } else if (entry.kind == LineKind::kNoRequest) {
        ++log().no_request;
      } else {
        --log().lines;
      }
    }
    for (const std::string& name : parser.names_never_found()) {
      log().not_found.push_back(options_.columns.as_given(name));
    }
    return {};
  }

  Result<void> run_csv() {
    LogLine line;
    if (!next(line)) return {};
    auto parser = CsvParser::create(line.text, options_.columns, WantedHeaders(options_.wanted_headers));
    if (!parser) {
      Error error = parser.error();
      error.position = {.file = log().file, .line = static_cast<int>(line.number), .column = 1};
      return std::unexpected(error);
    }
    log().columns = parser->column_names();
    LogEntry entry;
    while (next(line)) {
      ++log().lines;
      if (line.too_long) {
        reject(line, "longer than 1 MiB");
        continue;
      }
      CsvSplit split = parser->split(line.text);
      while (split == CsvSplit::kUnterminated && lines_.extend(line)) split = parser->split(line.text);
      if (split != CsvSplit::kComplete) {
        lines_.retract(line);
        reject(line, split == CsvSplit::kBadQuote ? "text after a closing quote" : "a quoted field is never closed");
      } else if (auto parsed = parser->entry(entry); !parsed) {
        reject(line, std::move(parsed.error()));
      } else if (auto kept = keep(entry); !kept) {
        return kept;
      }
    }
    return {};
  }

  // An empty file, or one whose first bytes say that it is not a log.
  Result<void> run_nothing() {
    LogLine line;
    while (next(line)) {
    }
    return {};
  }

 private:
  LogSummary& log() { return part_.log; }

  LineReader& lines_;
  const ReadOptions& options_;
  Recording& out_;
  LogPart& part_;
};

}  // namespace

std::string example_text(const MalformedLine& line) {
  std::string out = fmt::format("\n  {}:{}: {}", printable(line.file, kExampleChars), line.line, line.why);
  if (!line.text.empty()) out += "\n      " + line.text;
  return out;
}

void LogPart::append(LogPart next) {
  log.lines += next.log.lines;
  log.malformed += next.log.malformed;
  log.no_request += next.log.no_request;
  std::erase_if(log.not_found, [&](const std::string& name) {
    return std::ranges::find(next.log.not_found, name) == next.log.not_found.end();
  });
  log.problem = std::move(next.log.problem);
  broken_off = std::move(next.broken_off);
  for (MalformedLine& line : next.rejected) {
    line.line += lines;
    rejected.push_back(std::move(line));
  }
  lines += next.lines;
}

bool lines_stand_alone(const DetectedFormat& detected, const ReadOptions& options) {
  return detected.format != InputFormat::kCsv && parser_of(detected, options)->lines_stand_alone();
}

Result<void> read_whole(LineReader& lines, const ReadOptions& options, Recording& out, LogPart& part) {
  Reading reading(lines, options, out, part);
  const std::string_view head = lines.head();
  Result<void> done;
  if (head.find_first_not_of(" \t\r\n") == std::string_view::npos) {
    done = reading.run_nothing();
  } else {
    const auto detected = choose_format(head, part.log.file, options);
    if (!detected) return std::unexpected(detected.error());
    part.log.format = detected->format;
    part.log.envelopes = detected->envelopes;
    if (detected->format == InputFormat::kJsonLines) {
      part.log.columns = names_in(head);
    }
    done = detected->format == InputFormat::kCsv ? reading.run_csv() : reading.run(*parser_of(*detected, options));
  }
  part.lines = lines.lines();
  return done;
}

Result<void> read_lines(LineReader& lines, const DetectedFormat& detected, const ReadOptions& options, Recording& out,
                        LogPart& part) {
  const auto done = Reading(lines, options, out, part).run(*parser_of(detected, options));
  part.lines = lines.lines();
  return done;
}

Result<void> conclude(LogPart& whole, const ReadOptions& options, ReadSummary& summary) {
  const LogSummary& log = whole.log;
  if (whole.broken_off && log.lines == 0) return std::unexpected(*whole.broken_off);
  if (log.lines == 0 || log.malformed < log.lines) {
    for (MalformedLine& line : whole.rejected) {
      if (summary.examples.size() < options.examples_max) summary.examples.push_back(std::move(line));
    }
    return {};
  }
  std::string message =
      fmt::format("none of its lines can be read as {}; --log-format says how the lines of other logs are laid out",
                  to_string(log.format));
  for (size_t i = 0; i < std::min(whole.rejected.size(), kReasonsMax); ++i) message += example_text(whole.rejected[i]);
  return std::unexpected(
      Error{.code = ErrorCode::kInvalid, .message = std::move(message), .position = {.file = log.file}});
}

Error too_many_requests(const std::string& log, const ReadOptions& options) {
  return {.code = ErrorCode::kExhausted,
          .message = fmt::format("{} holds more than {} requests; simulate it in parts", log, options.requests_max)};
}

}  // namespace rateguard::simulate
