// Lines of the common and the combined log format (httpd.apache.org/docs/2.4/logs.html; nginx's log_format combined):
//   203.0.113.9 - alice [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 512 "http://referer/" "agent"
#pragma once

#include <string>
#include <vector>

#include "simulate/logs/log_entry.h"
#include "simulate/logs/log_time.h"

namespace rateguard::simulate {

// Reads line by line; allocates nothing unless a request holds escapes. Not thread-safe.
class AccessLogParser {
 public:
  // Whether the two fields after the size are read: only where a rule looks at the Referer or User-Agent header.
  enum class Trailer { kSkip, kRead };

  explicit AccessLogParser(Trailer trailer) : trailer_(trailer) {}

  // `out` is borrowed from the line and from this parser, until the next call.
  Parsed parse(std::string_view line, LogEntry& out);

 private:
  // The text between two quotes, `rest` standing after the first; nullopt where there is no second. `rest` moves beyond
  // it.
  static std::optional<std::string_view> take_quoted(std::string_view& rest);
  static Parsed take_identities(std::string_view& rest, LogEntry& out);
  void read_request(std::string_view request, LogEntry& out);
  void read_trailer(std::string_view rest, LogEntry& out);

  Trailer trailer_;
  AccessTimeParser time_;
  std::string unescaped_;
  std::vector<Header> headers_;
};

// Whether a line that parse() takes has the combined format's two quoted fields at its end.
bool has_trailer(std::string_view line);

}  // namespace rateguard::simulate
