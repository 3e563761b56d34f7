// One request as a log records it: every reader makes these, and a recording keeps them.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/instant.h"
#include "model/ip_address.h"
#include "model/request_facts.h"

namespace rateguard::simulate {

// The kind of a readable line.
enum class LineKind : uint8_t {
  kRequest,
  kNoRequest,   // complete, but something else: a message of the program between the requests
  kNotARecord,  // says how the lines after it are to be read, or is the beginning of a line that goes on
};

// Borrowed from the line it was read from (or the reader's own buffers) until the next line. Empty if the log does not
// say.
struct LogEntry {
  Instant time = {};
  std::string_view client = {};  // an address, or a host name where the log was written with look-ups
  std::string_view method = {};
  std::string_view path = {};  // without the query, which no rule uses
  std::string_view host = {};
  std::string_view user = {};
  std::string_view api_key = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  std::span<const Header> headers = {};  // only those that the rules may read
  Cost cost = {};
  LineKind kind = LineKind::kRequest;
  bool request_unreadable = false;  // the log line is complete, but the client did not send an HTTP request
};

// Success, or why a line is malformed, in words.
using Parsed = std::expected<void, std::string>;

inline std::unexpected<std::string> malformed(std::string why) {
  return std::unexpected(std::move(why));
}

// How logs write that there is no value: "-", nothing at all, or the "" that Apache writes for an empty name.
constexpr bool is_none(std::string_view text) {
  return text.empty() || text == "-" || text == "\"\"";
}
constexpr std::string_view value_or_none(std::string_view text) {
  return is_none(text) ? std::string_view() : text;
}

// A request target as logs write it, taken apart: "/a?b", "https://host/a?b", "*".
struct LoggedTarget {
  std::string_view host = {};
  std::string_view path = {};
};
LoggedTarget split_target(std::string_view target);

// "POST /a?b HTTP/1.1" into method, path and host. False if it is not an HTTP request; the entry then says that its
// request is unreadable. An entry that has a host keeps it.
bool read_request_line(std::string_view request, LogEntry& out);

// Undoes the escapes of Apache (\" \\ \n \t \xhh and the other C ones) and nginx (\xHH); `out` is replaced.
void unescape(std::string_view text, std::string& out);

// The client of a log that writes the addresses of X-Forwarded-For where others write one address: "203.0.113.5,
// 198.51.100.7". The last is the one that the server's own proxy saw; a caller may have made up those before it, unless
// trusted_proxies names the last.
struct ClientList {
  std::string_view last = {};
  std::string_view before = {};
};
ClientList split_client_list(std::string_view text);

// The address in a log's client field: an address alone, or with a port ("203.0.113.9:4711", "[2001:db8::1]:4711").
std::optional<IpAddress> parse_client(std::string_view text);

}  // namespace rateguard::simulate
