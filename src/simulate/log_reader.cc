#include "simulate/log_reader.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <optional>

#include "simulate/log_part.h"
#include "simulate/log_summaries.h"
#include "simulate/logs/byte_source.h"
#include "simulate/parallel_reader.h"
#include "text/printable.h"

namespace rateguard::simulate {
namespace {

// How many of the first lines an error shows if the format is unknown.
constexpr size_t kLinesOfUnknownShown = 3;

// Says why the first lines are not those of a combined log, the commonest format.
Error unknown_format(std::string_view head, const std::string& name) {
  Error error{.message = "cannot tell the log's format from its first lines; say it with --format or --log-format",
              .position = {.file = name}};
  const auto parser = make_line_parser({.format = InputFormat::kCombined});
  LogEntry entry;
  uint64_t number = 0;
  for (size_t shown = 0; shown < kLinesOfUnknownShown && !head.empty();) {
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

// --columns applies only to formats whose fields have names.
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

// 0 if that is not known before they are read. A missing file counts as empty.
uint64_t size_on_disk(std::span<const std::string> paths) {
  uint64_t total = 0;
  for (const std::string& path : paths) {
    struct stat info = {};
    if (path == "-") return 0;
    if (stat(path.c_str(), &info) != 0) continue;
    if (!S_ISREG(info.st_mode)) return 0;
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
  LogPart part{.log = {.file = name}};
  auto done = read_whole(lines, options, out, part);
  if (done) done = conclude(part, options, summary);
  summary.logs.push_back(std::move(part.log));
  return done;
}

Result<ReadSummary> read_logs(std::span<const std::string> paths, const ReadOptions& options,
                              const ProgressCallback& progress, Recording& out) {
  const uint64_t total = size_on_disk(paths);
  // Less than half a piece is read before threads have begun.
  if (options.jobs > 1 && total > options.piece_bytes / 2)
    return read_logs_in_parallel(paths, options, progress, total, out);
  RoomGuess room(options, total);
  uint64_t before = 0;  // bytes of the logs that are done
  LogSummaries logs(options, out);
  for (const std::string& path : paths) {
    LogPart part{.log = {.file = path == "-" ? "standard input" : path}};
    Result<void> read;
    if (auto source = ByteSource::open(path); !source) {
      read = std::unexpected(source.error());
    } else {
      LineReader lines([&](char* bytes, size_t size) {
        auto got = source->read(bytes, size);
        const uint64_t done = before + source->bytes_taken();
        room.make(out, done);
        if (progress) progress({.stage = ProgressUpdate::Stage::kRead, .done = done, .total = total});
        return got;
      });
      read = read_whole(lines, options, out, part);
      before += source->bytes_taken();
    }
    if (auto added = logs.add(std::move(part), std::move(read)); !added) return std::unexpected(added.error());
  }
  return logs.finish();
}

}  // namespace rateguard::simulate
