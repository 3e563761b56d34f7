// Lines of the common and the combined log format (httpd.apache.org/docs/2.4/logs.html; nginx's log_format combined)
// and of those that only put something before or after them:
//   203.0.113.9 - alice [17/May/2015:10:05:03 +0000] "GET /a?b HTTP/1.1" 200 512 "http://referer/" "agent"
//   shop.example.com:443 203.0.113.9 - - [...                 Apache's vhost_combined
//   203.0.113.9, 198.51.100.7 - - [...                        X-Forwarded-For in the place of the client
//   203.0.113.9 - [203.0.113.9] - - [...                      ingress-nginx before 0.25
//   ... "http://referer/" "agent" "203.0.113.9, 198.51.100.7" X-Forwarded-For last: nginx's packaged log_format main
#pragma once

#include <array>
#include <string>
#include <vector>

#include "simulate/logs/line_parser.h"
#include "simulate/logs/log_time.h"

namespace rateguard::simulate {

// Allocates nothing unless a field holds escapes.
class AccessLogParser final : public LineParser {
 public:
  // Reads what stands after the size only as far as `wanted` asks for Referer, User-Agent or X-Forwarded-For.
  explicit AccessLogParser(const WantedHeaders& wanted);

  Parsed parse(std::string_view line, LogEntry& out) override;

 private:
  // Each takes its part from the front of `rest`.
  bool take_usual_front(std::string_view& rest, LogEntry& out);
  bool take_identities_and_time(std::string_view& rest, size_t space, LogEntry& out);
  bool is_known_host(std::string_view word);
  Parsed take_front(std::string_view& rest, LogEntry& out);
  bool take_usual_request(std::string_view& rest, LogEntry& out);
  Parsed take_request(std::string_view& rest, LogEntry& out);
  Parsed take_identities(std::string_view front, LogEntry& out);
  Parsed take_user(std::string_view user, LogEntry& out);
  void set_client(std::string_view text, LogEntry& out);
  void read_trailer(std::string_view rest);
  void keep_header(std::string_view name, std::string_view value);

  bool wants_referer_;
  bool wants_agent_;
  bool wants_forwarded_;
  AccessTimeParser time_;
  std::string host_;  // the last word before a client that was no address
  std::string unescaped_request_;
  std::string unescaped_user_;
  std::array<std::string, 3> unescaped_headers_;
  std::vector<Header> headers_;
};

// Whether a line that parse() takes has the combined format's two quoted fields after its request.
bool has_trailer(std::string_view line);

}  // namespace rateguard::simulate
