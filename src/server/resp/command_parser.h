// The bytes of a Redis client as commands: arrays of bulk strings (RESP2 and RESP3 alike), or inline, one line each.
//
// Protocol: the Redis serialization protocol specification; errors are in the words of Redis 7 (networking.c).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::resp {

// A command may be no larger than this. Redis's own bounds are a million arguments and 512 MB, for values that nobody
// stores here: the longest thing that is asked for is a rule's name with eight keys of 1,024 bytes.
inline constexpr int64_t kArgumentsMax = 1'024;
inline constexpr int64_t kBulkBytesMax = 64 * 1'024;
inline constexpr size_t kCommandBytesMax = 256 * 1'024;
// A line of an inline command (Redis: PROTO_INLINE_MAX_SIZE).
inline constexpr size_t kInlineBytesMax = 64 * 1'024;
// Who has not authenticated yet can say no more than AUTH and HELLO take (Redis has the same two bounds).
inline constexpr int64_t kStrangerArgumentsMax = 10;
inline constexpr int64_t kStrangerBulkBytesMax = 16 * 1'024;

// Whether a connection has shown the token that its listener asks for.
enum class Caller : uint8_t { kStranger, kKnown };

// Holds nothing of a command that is not whole: whoever calls again with the same bytes and more gets on. Reused from
// command to command, so that nothing is allocated once its vector has grown. Not thread-safe.
class CommandParser {
 public:
  enum class Status : uint8_t {
    kCommand,   // whole: arguments() and consumed()
    kNeedMore,  // it is worth asking again with wanted() bytes
    kError,     // error(); nothing that follows can be understood
  };

  // Reads the command at the front of `bytes`.
  Status parse(std::string_view bytes, Caller caller);

  // The command's name and what follows it. They point into `bytes`, or for inline commands into the parser, until it
  // parses again. None at all for an empty command, which has no answer.
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
