// Reads whole logs into a recording. What cannot be read is counted and shown, never fatal.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulate/logs/column_map.h"
#include "simulate/logs/line_reader.h"
#include "simulate/progress.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

enum class InputFormat : uint8_t { kAuto, kCombined, kCommon, kJsonLines, kCsv };

// "auto", "combined", "common", "jsonl", "csv".
std::string_view to_string(InputFormat format);
Result<InputFormat> parse_input_format(std::string_view name);
// The format of a log that begins with `head`: of its first lines, the one that most of them can be read as. kAuto:
// none.
InputFormat detect_format(std::string_view head);

struct ReadOptions {
  InputFormat format = InputFormat::kAuto;
  ColumnMap columns = {};
  std::vector<std::string> wanted_headers = {};  // lower case; the others are not kept
  // How many malformed lines to keep as examples.
  size_t examples_max = 5;
  // Bounds the memory of a recording: 32 bytes a request, 64 while out-of-order ones are sorted; the default is
  // 6.4 GB.
  uint64_t requests_max = 200'000'000;
};

struct MalformedLine {
  std::string file;
  uint64_t line = 0;
  std::string why;
  std::string text;  // its beginning, safe to print
};

// What was read of one log.
struct LogSummary {
  std::string file;
  InputFormat format = InputFormat::kAuto;
  uint64_t lines = 0;  // records that are not blank, CSV's header aside
  uint64_t malformed = 0;
  std::vector<std::string> columns = {};  // the names that its records have, as far as the format has names
  std::string problem = {};               // why reading ended before the end of the file; empty: it did not
};

struct ReadSummary {
  std::vector<LogSummary> logs = {};
  std::vector<MalformedLine> examples = {};

  uint64_t malformed() const;
};

// Reads the logs one after the other ("-": standard input); `out` is not sorted yet. Errors: a log that cannot be
// opened, whose format cannot be told or whose columns are not those asked for; kExhausted beyond requests_max.
Result<ReadSummary> read_logs(std::span<const std::string> paths, const ReadOptions& options,
                              const ProgressCallback& progress, Recording& out);
// The same for one log whose bytes come from elsewhere.
Result<void> read_log(LineReader& lines, const std::string& name, const ReadOptions& options, Recording& out,
                      ReadSummary& summary);

}  // namespace rateguard::simulate
