// Reads the lines of one log, or of a part of it, and keeps what should be reported about them.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/logs/input_format.h"
#include "simulate/logs/line_reader.h"
#include "simulate/recording.h"

namespace rateguard::simulate {

// What was read of a log or of a part of it.
struct LogPart {
  LogSummary log;
  std::vector<MalformedLine> rejected = {};  // the first of them, as many as will be shown
  std::optional<Error> broken_off = {};      // why the input ended before its end
  uint64_t lines = 0;                        // of the file, blank ones included

  // Appends the part of the log that follows this one.
  void append(LogPart next);
};

// How much of a line messages show.
inline constexpr size_t kExampleChars = 100;
// A malformed line as errors show it, beginning with a line break.
std::string example_text(const MalformedLine& line);

// Whether the log's lines can be read wherever one begins to, each without those before it.
bool lines_stand_alone(const DetectedFormat& detected, const ReadOptions& options);

// Finds out the format of a log, which is called part.log.file, and reads all of it. Errors: as read_log(), except for
// a log none of whose lines can be read.
Result<void> read_whole(LineReader& lines, const ReadOptions& options, Recording& out, LogPart& part);
// Reads lines of a log whose format is known, and whose lines stand alone. Errors: kExhausted.
Result<void> read_lines(LineReader& lines, const DetectedFormat& detected, const ReadOptions& options, Recording& out,
                        LogPart& part);

// Once all parts of a log are read: puts examples of malformed lines into the summary, or says why the log has nothing
// to offer. Errors: kInvalid: none of its lines can be read; what broke off the log before its first line.
Result<void> conclude(LogPart& whole, const ReadOptions& options, ReadSummary& summary);

// Why no more requests than ReadOptions::requests_max are taken.
Error too_many_requests(const std::string& log, const ReadOptions& options);

}  // namespace rateguard::simulate
