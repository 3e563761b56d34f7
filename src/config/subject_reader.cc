#include "config/subject_reader.h"

#include <fmt/format.h>

#include "model/ascii.h"

namespace rateguard::config {
namespace {

class SubjectParser {
 public:
  SubjectParser(std::string_view text, const std::string& file_name) : rest_(text), file_name_(file_name) {}

  Result<std::vector<SubjectLine>> parse() {
    std::vector<SubjectLine> lines;
    while (!rest_.empty()) {
      if (rest_.front() == '#' || rest_.front() == '\n' || rest_.starts_with("\r\n")) {
        skip_line();
        continue;
      }
      SubjectLine line{.line = line_};
      if (auto good = field(line.subject); !good) return std::unexpected(good.error());
      if (!take(',')) return bad(line.line, "expected subject,limit");
      if (auto good = field(line.limit); !good) return std::unexpected(good.error());
      take('\r');
      if (!rest_.empty() && !take('\n')) return bad(line.line, "expected subject,limit and the end of the line");
      ++line_;
      const bool is_heading = lines.empty() && !had_heading_ && line.subject == "subject" && line.limit == "limit";
      had_heading_ = had_heading_ || is_heading;
      if (!is_heading) lines.push_back(std::move(line));
    }
    return lines;
  }

 private:
  std::unexpected<Error> bad(int line, std::string message) const {
    return std::unexpected(
        Error{.message = std::move(message), .position = {.file = file_name_, .line = line, .column = 1}});
  }

  bool take(char wanted) {
    if (!rest_.starts_with(wanted)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  void skip_line() {
    const size_t end = rest_.find('\n');
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    ++line_;
  }

  // Reads a field up to the next comma or line's end, or in quotes.
  Result<void> field(std::string& out) {
    const int begin = line_;
    if (!take('"')) {
      const size_t end = std::min(rest_.find_first_of(",\r\n"), rest_.size());
      out = trim(rest_.substr(0, end));
      rest_.remove_prefix(end);
      return {};
    }
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"' && !take('"')) return {};  // two of them mean one
      if (c == '\n') ++line_;
      out += c;
    }
    return bad(begin, "a quote is not closed");
  }

  std::string_view rest_;
  const std::string& file_name_;
  int line_ = 1;
  bool had_heading_ = false;
};

}  // namespace

Result<std::vector<SubjectLine>> parse_subject_lines(std::string_view text, const std::string& file_name) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);  // a byte order mark
  return SubjectParser(text, file_name).parse();
}

}  // namespace rateguard::config
