// Reads `by_subject_file`: limits for named subjects, one per line.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace rateguard::config {

// A line "subject,limit".
struct SubjectLine {
  int line = 0;
  std::string subject = {};
  std::string limit = {};
};

// Comma-separated lines (RFC 4180): a subject and its limit, in quotes if they contain a comma, a quote or a line's
// end. Empty lines and those that begin with '#' are skipped; a first line "subject,limit" is a heading. Errors:
// kInvalid with file and line: another number of fields, an open quote.
Result<std::vector<SubjectLine>> parse_subject_lines(std::string_view text, const std::string& file_name);

}  // namespace rateguard::config
