// Reads whole logs into a recording. What cannot be read is counted and shown, never fatal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "simulate/logs/column_map.h"
#include "simulate/logs/input_format.h"
#include "simulate/logs/line_reader.h"
#include "simulate/progress.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

struct ReadOptions {
  InputFormat format = InputFormat::kAuto;
  ColumnMap columns = {};
  std::optional<LineFormat> layout = {};         // from --log-format, instead of a format
  std::vector<std::string> wanted_headers = {};  // lower case; the others are not kept
  // How many malformed lines to keep as examples.
  size_t examples_max = 5;
  // Bounds the memory of a recording: 32 bytes a request, 64 while out-of-order ones are sorted; the default is
  // 6.4 GB.
  uint64_t requests_max = 200'000'000;
  // Threads that read: logs side by side, and large plain ones in pieces. The result is the same for any number.
  uint32_t jobs = 1;
  // The pieces: large enough that per-piece work is small for each line, small enough that all threads have work until
  // near the end.
  uint64_t piece_bytes = 16 * 1024 * 1024;
  // For callers that want the requests one by one instead of a recording, which then stays empty: called for each
  // request, whose texts are valid until the next, and after the last one of a log. Both on the calling thread and in
  // the order of the logs; with several threads request_unreadable is not set.
  std::function<void(const LogEntry&)> each = {};
  std::function<void()> end_of_log = {};
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
  std::vector<Envelope> envelopes = {};  // around each of its lines
  uint64_t lines = 0;                    // records that are not blank, CSV's header and W3C's directives aside
  uint64_t malformed = 0;
  uint64_t no_request = 0;                  // of the lines: readable, but not about a request
  std::vector<std::string> columns = {};    // the names that its records have, as far as the format has names
  std::vector<std::string> not_found = {};  // columns given by --columns ("ip=client_adr") that no record had
  std::string problem = {};                 // why the log was not read, or not to its end; empty if it was
};

struct ReadSummary {
  std::vector<LogSummary> logs = {};
  std::vector<MalformedLine> examples = {};

  uint64_t malformed() const;
  uint64_t no_request() const;
  // Names that --columns gave and no record of any log had.
  std::vector<std::string> not_found() const;
  // Whether a log that was named is missing from the figures, or a part of it.
  bool has_problems() const;
};

// The format of a log that begins with `head` and is called `name`: from `options`, or else guessed from its first
// lines. Errors: kInvalid: it is unknown, or --columns names fields of a format whose fields have no names.
Result<DetectedFormat> choose_format(std::string_view head, const std::string& name, const ReadOptions& options);

// Reads the logs one after the other ("-": standard input); `out` is not sorted yet. A log that cannot be opened, whose
// format is unknown or none of whose lines can be read is named in the summary, and the others are read. Errors: those
// of the first such log if none can be read; kInvalid if a log lacks the columns asked for; kExhausted beyond
// requests_max.
Result<ReadSummary> read_logs(std::span<const std::string> paths, const ReadOptions& options,
                              const ProgressCallback& progress, Recording& out);
// The same for one log whose bytes come from elsewhere. Errors: kInvalid: its format is unknown, none of its lines can
// be read, or it lacks the columns asked for; kExhausted.
Result<void> read_log(LineReader& lines, const std::string& name, const ReadOptions& options, Recording& out,
                      ReadSummary& summary);

}  // namespace rateguard::simulate
