#include "simulate/log_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <optional>

#include "simulate/logs/access_log_parser.h"
#include "simulate/logs/byte_source.h"
#include "simulate/logs/csv_parser.h"
#include "simulate/logs/json_lines_parser.h"
#include "simulate/logs/printable.h"

namespace rateguard::simulate {
namespace {

constexpr std::array<std::string_view, 5> kFormatNames = {"auto", "combined", "common", "jsonl", "csv"};
constexpr size_t kLinesToDetect = 50;
constexpr size_t kExampleChars = 100;

bool is_blank(std::string_view text) {
  for (const char c : text) {
    if (c != ' ' && c != '\t') return false;
  }
  return true;
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
      if (!got) log().problem = got.error().to_string();
      if (!got || !*got) return false;
      if (line.too_long || !is_blank(line.text)) return true;
    }
  }

  void reject(const Line& line, std::string why) {
    ++log().malformed;
    if (summary_.examples.size() >= options_.examples_max) return;
    summary_.examples.push_back(
        {.file = log().file, .line = line.number, .why = std::move(why), .text = printable(line.text, kExampleChars)});
  }

  Result<void> keep(const LogEntry& entry) {
    if (out_.size() >= options_.requests_max) {
      return fail(ErrorCode::kExhausted, fmt::format("{} holds more than {} requests; simulate it in parts", log().file,
                                                     options_.requests_max));
    }
    out_.add(entry);
    return {};
  }

  // For formats of one record a line.
  template <typename Parser>
  Result<void> run(Parser parser) {
    Line line;
    LogEntry entry;
    while (next(line)) {
      ++log().lines;
      if (line.too_long) {
        reject(line, "longer than 1 MiB");
      } else if (auto parsed = parser.parse(line.text, entry); !parsed) {
        reject(line, std::move(parsed.error()));
      } else if (auto kept = keep(entry); !kept) {
        return kept;
      }
    }
    return {};
  }

  Result<void> run_csv() {
    Line line;
    if (!next(line)) return {};
    auto parser = CsvParser::create(line.text, options_.columns);
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

 private:
  LineReader& lines_;
  const ReadOptions& options_;
  Recording& out_;
  ReadSummary& summary_;
};

AccessLogParser::Trailer trailer_needed(const ReadOptions& options) {
  const bool needed = std::ranges::any_of(
      options.wanted_headers, [](const std::string& name) { return name == "user-agent" || name == "referer"; });
  return needed ? AccessLogParser::Trailer::kRead : AccessLogParser::Trailer::kSkip;
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

std::string_view to_string(InputFormat format) {
  return kFormatNames[static_cast<size_t>(format)];
}

Result<InputFormat> parse_input_format(std::string_view name) {
  const auto found = std::ranges::find(kFormatNames, name);
  if (found != kFormatNames.end()) return static_cast<InputFormat>(found - kFormatNames.begin());
  return invalid(fmt::format("unknown log format '{}'; expected auto, combined, common, jsonl or csv", name));
}

InputFormat detect_format(std::string_view head) {
  AccessLogParser access(AccessLogParser::Trailer::kSkip);
  LogEntry entry;
  size_t objects = 0;
  size_t access_lines = 0;
  size_t trailers = 0;
  std::string_view first;
  for (size_t i = 0; i < kLinesToDetect && !head.empty(); ++i) {
    const size_t end = head.find('\n');
    std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (first.empty()) first = line;
    if (line.starts_with('{')) {
      ++objects;
    } else if (access.parse(line, entry)) {
      ++access_lines;
      trailers += has_trailer(line);
    }
  }
  if (objects > access_lines) return InputFormat::kJsonLines;
  if (access_lines > 0) return trailers * 2 >= access_lines ? InputFormat::kCombined : InputFormat::kCommon;
  return first.find_first_of(",;\t") != std::string_view::npos ? InputFormat::kCsv : InputFormat::kAuto;
}

uint64_t ReadSummary::malformed() const {
  uint64_t sum = 0;
  for (const LogSummary& log : logs) sum += log.malformed;
  return sum;
}

Result<void> read_log(LineReader& lines, const std::string& name, const ReadOptions& options, Recording& out,
                      ReadSummary& summary) {
  Reading reading(lines, name, options, out, summary);
  const std::string_view head = lines.head();
  InputFormat format = options.format;
  if (format == InputFormat::kAuto && !head.empty()) {
    format = detect_format(head);
    if (format == InputFormat::kAuto) {
      return std::unexpected(Error{.code = ErrorCode::kInvalid,
                                   .message = "cannot tell the log's format from its first lines; say it with --format",
                                   .position = {.file = name}});
    }
  }
  reading.log().format = format;
  switch (format) {
    case InputFormat::kAuto:  // an empty log
    case InputFormat::kCombined:
    case InputFormat::kCommon:
      return reading.run(AccessLogParser(trailer_needed(options)));
    case InputFormat::kJsonLines:
      reading.log().columns = member_names(head.substr(0, head.find('\n')));
      return reading.run(JsonLinesParser(options.columns, options.wanted_headers));
    case InputFormat::kCsv:
      return reading.run_csv();
  }
  return {};
}

Result<ReadSummary> read_logs(std::span<const std::string> paths, const ReadOptions& options,
                              const ProgressCallback& progress, Recording& out) {
  const uint64_t total = size_on_disk(paths);
  uint64_t before = 0;  // bytes of the logs that are done
  bool guessed = false;
  ReadSummary summary;
  for (const std::string& path : paths) {
    auto source = ByteSource::open(path);
    if (!source) return std::unexpected(source.error());
    LineReader lines([&](char* bytes, size_t size) {
      auto got = source->read(bytes, size);
      guessed = guessed || reserve(out, options, before + source->bytes_taken(), total);
      if (progress) {
        progress({.stage = ProgressUpdate::Stage::kRead, .done = before + source->bytes_taken(), .total = total});
      }
      return got;
    });
    const std::string name = path == "-" ? "standard input" : path;
    if (auto read = read_log(lines, name, options, out, summary); !read) return std::unexpected(read.error());
    out.end_log();
    before += source->bytes_taken();
  }
  return summary;
}

}  // namespace rateguard::simulate
