#include "simulate/log_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "simulate/logs/byte_source.h"
#include "simulate/logs/csv_parser.h"
#include "simulate/logs/json_lines_parser.h"
#include "simulate/logs/printable.h"

namespace rateguard::simulate {
namespace {

constexpr size_t kExampleChars = 100;
constexpr size_t kReasonsMax = 3;  // lines that an error shows with why each cannot be read

std::string example_text(const MalformedLine& line) {
  std::string out = fmt::format("\n  {}:{}: {}", printable(line.file, kExampleChars), line.line, line.why);
  if (!line.text.empty()) out += "\n      " + line.text;
  return out;
}

// Reads one log: what its loops share.
class Reading {
 public:
  Reading(LineReader& lines, const std::string& name, const ReadOptions& options, Recording& out, ReadSummary& summary)
      : lines_(lines), options_(options), out_(out), summary_(summary) {
    summary.logs.push_back({.file = name});
  }

  LogSummary& log() { return summary_.logs.back(); }

  // The next line that is not blank; false at the end, also where the input broke off.
  bool next(Line& line) {
    for (;;) {
      const auto got = lines_.next(line);
      if (!got) {
        broken_off_ = got.error();
        log().problem = got.error().to_string();
      }
      if (!got || !*got) return false;
      if (line.too_long || !is_blank(line.text)) return true;
    }
  }

  void reject(const Line& line, std::string why) {
    ++log().malformed;
    const bool shown = summary_.examples.size() < options_.examples_max;
    if (!shown && reasons_.size() >= kReasonsMax) return;
    MalformedLine example{
        .file = log().file, .line = line.number, .why = std::move(why), .text = printable(line.text, kExampleChars)};
    if (reasons_.size() < kReasonsMax) reasons_.push_back(example);
    if (shown) summary_.examples.push_back(std::move(example));
  }

  Result<void> keep(const LogEntry& entry) {
    if (options_.each) {
      options_.each(entry);
      return {};
    }
    if (out_.size() >= options_.requests_max) {
      return fail(ErrorCode::kExhausted, fmt::format("{} holds more than {} requests; simulate it in parts", log().file,
                                                     options_.requests_max));
    }
    out_.add(entry);
    return {};
  }

  // For formats of one record a line.
  Result<void> run(LineParser& parser) {
    Line line;
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
    return end();
  }

  Result<void> run_csv() {
    Line line;
    if (!next(line)) return end();
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
    return end();
  }

  // An empty log, or one whose first bytes say that it is none.
  Result<void> run_nothing() {
    Line line;
    while (next(line)) {
    }
    return end();
  }

 private:
  Result<void> end() {
    if (broken_off_ && log().lines == 0) return std::unexpected(*broken_off_);
    if (log().lines == 0 || log().malformed < log().lines) return {};
    std::string message =
        fmt::format("none of its lines can be read as {}; --log-format says how the lines of other logs are laid out",
                    to_string(log().format));
    for (const MalformedLine& line : reasons_) message += example_text(line);
    // They are in the message, or in nobody's way.
    std::erase_if(summary_.examples, [this](const MalformedLine& line) { return line.file == log().file; });
    return std::unexpected(
        Error{.code = ErrorCode::kInvalid, .message = std::move(message), .position = {.file = log().file}});
  }

  LineReader& lines_;
  const ReadOptions& options_;
  Recording& out_;
  ReadSummary& summary_;
  std::optional<Error> broken_off_;
  std::vector<MalformedLine> reasons_;  // of the first lines that cannot be read
};

// Why the first lines of a log are none of a combined log, which most logs are.
Error unknown_format(std::string_view head, const std::string& name) {
  Error error{.message = "cannot tell the log's format from its first lines; say it with --format or --log-format",
              .position = {.file = name}};
  const auto parser = make_line_parser({.format = InputFormat::kCombined});
  LogEntry entry;
  uint64_t number = 0;
  for (size_t shown = 0; shown < kReasonsMax && !head.empty();) {
    const std::string_view line = head.substr(0, head.find('\n'));
    head.remove_prefix(std::min(line.size() + 1, head.size()));
    ++number;
    if (is_blank(line)) continue;
    ++shown;
    const Parsed parsed = parser->parse(line, entry);
    error.message += example_text({.file = name,
                                   .line = number,
                                   .why = "as a combined log: " + (parsed ? std::string("readable") : parsed.error()),
                                   .text = printable(line, kExampleChars)});
  }
  return error;
}

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

// --columns gives names to what has names.
Result<void> check_columns(const ReadOptions& options, InputFormat format, const std::string& name) {
  const bool has_names =
      format == InputFormat::kJsonLines || format == InputFormat::kCsv || format == InputFormat::kW3c;
  if (has_names || options.columns.empty()) return {};
  return std::unexpected(Error{
      .message = fmt::format("--columns says which fields of JSON lines, CSV and W3C logs mean what; this is {}, whose "
                             "fields --log-format names",
                             format == InputFormat::kLayout ? "read by --log-format" : to_string(format)),
      .position = {.file = name}});
}

// Once enough is read to guess by, makes room for all that will come, and a little more: growing step by step would
// copy everything several times. Returns whether it has guessed.
bool reserve(Recording& out, const ReadOptions& options, uint64_t done, uint64_t total) {
  constexpr uint64_t kBytesToGuessBy = 16 * 1024 * 1024;
  if (done < kBytesToGuessBy || done >= total) return false;
  const auto events = static_cast<double>(out.size());
  const double guess = events * 1.05 * static_cast<double>(total) / static_cast<double>(done);
  out.reserve(static_cast<size_t>(std::min(guess, static_cast<double>(options.requests_max))));
  return true;
}

uint64_t size_on_disk(std::span<const std::string> paths) {
  uint64_t total = 0;
  for (const std::string& path : paths) {
    struct stat info = {};
    if (path == "-" || stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return 0;
    total += static_cast<uint64_t>(info.st_size);
  }
  return total;
}

}  // namespace

uint64_t ReadSummary::malformed() const {
  uint64_t sum = 0;
  for (const LogSummary& log : logs) sum += log.malformed;
  return sum;
}

uint64_t ReadSummary::no_request() const {
  uint64_t sum = 0;
  for (const LogSummary& log : logs) sum += log.no_request;
  return sum;
}

std::vector<std::string> ReadSummary::not_found() const {
  std::vector<std::string> out;
  const auto read = [](const LogSummary& log) { return log.lines > log.malformed; };
  const auto first = std::ranges::find_if(logs, read);
  if (first == logs.end()) return out;
  for (const std::string& name : first->not_found) {
    const bool nowhere = std::ranges::all_of(logs, [&](const LogSummary& log) {
      return !read(log) || std::ranges::find(log.not_found, name) != log.not_found.end();
    });
    if (nowhere) out.push_back(name);
  }
  return out;
}

bool ReadSummary::has_problems() const {
  return std::ranges::any_of(logs, [](const LogSummary& log) { return !log.problem.empty(); });
}

Result<DetectedFormat> choose_format(std::string_view head, const std::string& name, const ReadOptions& options) {
  DetectedFormat detected;
  if (options.layout) {
    detected = {.format = InputFormat::kLayout, .envelopes = detect_envelopes(head)};
  } else if (options.format != InputFormat::kAuto) {
    detected.format = options.format;
    if (options.format != InputFormat::kCsv) detected.envelopes = detect_envelopes(head);
  } else {
    detected = detect_format(head);
    if (detected.format == InputFormat::kAuto) return std::unexpected(unknown_format(head, name));
  }
  if (auto checked = check_columns(options, detected.format, name); !checked) return std::unexpected(checked.error());
  return detected;
}

Result<void> read_log(LineReader& lines, const std::string& name, const ReadOptions& options, Recording& out,
                      ReadSummary& summary) {
  Reading reading(lines, name, options, out, summary);
  const std::string_view head = lines.head();
  if (head.find_first_not_of(" \t\r\n") == std::string_view::npos) return reading.run_nothing();
  auto detected = choose_format(head, name, options);
  if (!detected) return std::unexpected(detected.error());
  reading.log().format = detected->format;
  reading.log().envelopes = detected->envelopes;
  if (detected->format == InputFormat::kCsv) return reading.run_csv();
  if (detected->format == InputFormat::kJsonLines) {
    reading.log().columns = names_in(head);
  }
  const auto parser = make_line_parser({.format = detected->format,
                                        .envelopes = std::move(detected->envelopes),
                                        .columns = options.columns,
                                        .layout = options.layout,
                                        .wanted_headers = options.wanted_headers});
  return reading.run(*parser);
}

Result<ReadSummary> read_logs(std::span<const std::string> paths, const ReadOptions& options,
                              const ProgressCallback& progress, Recording& out) {
  const uint64_t total = size_on_disk(paths);
  uint64_t before = 0;  // bytes of the logs that are done
  bool guessed = false;
  ReadSummary summary;
  std::optional<Error> first_error;
  size_t failed = 0;
  for (const std::string& path : paths) {
    const std::string name = path == "-" ? "standard input" : path;
    const auto fail_log = [&](const Error& error) {
      if (summary.logs.empty() || summary.logs.back().file != name) summary.logs.push_back({.file = name});
      const std::string text = error.to_string();
      summary.logs.back().problem = text.substr(0, text.find('\n'));
      if (!first_error) first_error = error;
      ++failed;
    };
    auto source = ByteSource::open(path);
    if (!source) {
      fail_log(source.error());
      continue;
    }
    LineReader lines([&](char* bytes, size_t size) {
      auto got = source->read(bytes, size);
      guessed = guessed || reserve(out, options, before + source->bytes_taken(), total);
      if (progress) {
        progress({.stage = ProgressUpdate::Stage::kRead, .done = before + source->bytes_taken(), .total = total});
      }
      return got;
    });
    if (auto read = read_log(lines, name, options, out, summary); !read) {
      if (read.error().code == ErrorCode::kExhausted) return std::unexpected(read.error());
      fail_log(read.error());
    }
    out.end_log();
    if (options.end_of_log) options.end_of_log();
    before += source->bytes_taken();
  }
  if (failed == paths.size() && first_error) return std::unexpected(*first_error);
  return summary;
}

}  // namespace rateguard::simulate
