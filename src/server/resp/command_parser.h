// The bytes of a Redis client as commands: arrays of bulk strings (RESP2 and RESP3 alike), or inline, one line each.
//
// Protocol: the Redis serialization protocol specification; errors have the texts of Redis 7 (networking.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::resp {

// The largest command. Redis's bounds are a million arguments and 512 MB, for values that are not stored here: the
// longest command has a rule's name with eight keys of 1,024 bytes.
inline constexpr int64_t kArgumentsMax = 1'024;
inline constexpr int64_t kBulkBytesMax = 64 * 1'024;
inline constexpr size_t kCommandBytesMax = 256 * 1'024;
// A line of an inline command (Redis: PROTO_INLINE_MAX_SIZE).
inline constexpr size_t kInlineBytesMax = 64 * 1'024;
// Before it has authenticated, a client can send no more than AUTH and HELLO take (Redis has the same two bounds).
inline constexpr int64_t kStrangerArgumentsMax = 10;
inline constexpr int64_t kStrangerBulkBytesMax = 16 * 1'024;

// Whether a connection has sent the token that its listener requires.
enum class Caller : uint8_t { kStranger, kKnown };

// Keeps nothing of an incomplete command: the caller calls again with the same bytes and more. Reused from command to
// command, so that nothing is allocated once its vector has grown. Not thread-safe.
class CommandParser {
 public:
  enum class Status : uint8_t {
    kCommand,   // complete: arguments() and consumed()
    kNeedMore,  // call again with wanted() bytes
    kError,     // error(); what follows cannot be understood
  };

  // Reads the command at the front of `bytes`.
  Status parse(std::string_view bytes, Caller caller);

  // The command's name and what follows it. They point into `bytes`, or for inline commands into the parser, until it
  // parses again. Empty for an empty command, which has no answer.
  std::span<const std::string_view> arguments() const { return arguments_; }
  size_t consumed() const { return consumed_; }
  size_t wanted() const { return wanted_; }
  // "Protocol error: invalid bulk length"
  const std::string& error() const { return error_; }

 private:
  struct Number;

  Status parse_array(std::string_view bytes, Caller caller);
  Status parse_inline(std::string_view bytes);
  bool split_line(std::string_view line);
  Status need(size_t wanted);
  Status refuse(std::string_view what);

  std::vector<std::string_view> arguments_;
  std::string line_;  // an inline command's arguments, without quotes and escapes
  std::string error_;
  size_t consumed_ = 0;
  size_t wanted_ = 0;
};

}  // namespace rateguard::resp
