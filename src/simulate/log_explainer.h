// How a log is read, field by field, for people who wonder why it is read that way.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/log_reader.h"
#include "simulate/logs/line_parser.h"

namespace rateguard::simulate {

// One field of a line.
struct ExplainedField {
  NotedField noted = {};   // safe to print, cut
  std::string value = {};  // what it became: "2015-05-17T10:05:03Z"; empty if it is not used, or means "none"
};

struct ExplainedLine {
  uint64_t number = 0;
  std::string text = {};  // its beginning, safe to print
  std::string why = {};   // why it cannot be read; empty if it can
  LineKind kind = LineKind::kRequest;
  std::vector<ExplainedField> fields = {};
};

struct LogExplanation {
  std::string file = {};
  std::string known_by = {};  // "--format", "--log-format", or how many of the first lines fit
  InputFormat format = InputFormat::kAuto;
  std::vector<Envelope> envelopes = {};
  std::vector<ExplainedLine> lines = {};
};

// Reads the first lines of a log ("-": standard input) and keeps what each of their fields was taken for. Headers that
// `options` does not want are shown as not used. Errors: the log cannot be opened, or its format is unknown.
Result<LogExplanation> explain_log(const std::string& path, const ReadOptions& options);

// Both end in a line break.
std::string explanation_text(const LogExplanation& explanation);
std::string explanation_json(const LogExplanation& explanation);

}  // namespace rateguard::simulate
