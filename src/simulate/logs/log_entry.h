// One request as a log records it: what every reader makes, and what a recording keeps.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>

#include "model/instant.h"
#include "model/request_facts.h"

namespace rateguard::simulate {

// Borrowed from the line it was read from (or the reader's own buffers) until the next line. Empty: the log does not
// say.
struct LogEntry {
  Instant time = {};
  std::string_view client = {};  // an address, or a host name where the log was written with look-ups
  std::string_view method = {};
  std::string_view path = {};  // without the query, which no rule looks at
  std::string_view host = {};
  std::string_view user = {};
  std::string_view api_key = {};
  std::string_view workspace = {};
  std::string_view plan = {};
  std::span<const Header> headers = {};  // only those that the rules may read
  Cost cost = {};
  bool request_unreadable = false;  // the log line is whole, but what the client sent was no HTTP request
};

// Why a line is malformed, in words; or nothing.
using Parsed = std::expected<void, std::string>;

inline std::unexpected<std::string> malformed(std::string why) {
  return std::unexpected(std::move(why));
}

// A request target as logs write it, taken apart: "/a?b", "https://host/a?b", "*".
struct Target {
  std::string_view host = {};
  std::string_view path = {};
};
Target split_target(std::string_view target);

}  // namespace rateguard::simulate
