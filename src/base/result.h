// Errors are values: what can fail returns Result<T>, and the caller decides.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace rateguard {

// Where in a file an error was found. Lines and columns count from 1; 0 means unknown.
struct SourcePosition {
  std::string file;
  int line = 0;
  int column = 0;

  bool operator==(const SourcePosition&) const = default;
};

enum class ErrorCode {
  kInvalid,      // the caller's input breaks a rule; the message says which and what was expected
  kNotFound,     // a named thing does not exist
  kIo,           // the operating system refused; the message carries its reason
  kCorrupt,      // stored data fails its own checks
  kUnavailable,  // a dependency cannot answer now
  kExhausted,    // a bound was reached
};

// Where the fault lies: it decides between a 4xx, a 502 and a 504, and whether to alert an operator.
enum class ErrorSource : unsigned char {
  kOwn,      // this program, its settings or its machine
  kCaller,   // the caller
  kPeer,     // the server that was asked: it refused, or broke its protocol
  kNetwork,  // the way there: no connection, a broken connection, or no answer in time
};

// Whether the same request may be sent again.
enum class Retry : unsigned char {
  kNever,         // it would fail again, or that is unknown
  kIfIdempotent,  // it may have been carried out, or still be: only if doing it twice does no harm
  kAlways,        // the peer has not seen it, or says that it did nothing
};

// What went wrong, in words for the person who can fix it.
struct Error {
  ErrorCode code = ErrorCode::kInvalid;
  std::string message;
  SourcePosition position = {};
  ErrorSource source = ErrorSource::kOwn;
  Retry retry = Retry::kNever;

  // "rules.yaml:12:5: message", or the message alone where the position is unknown.
  std::string to_string() const;
};

template <typename T>
using Result = std::expected<T, Error>;

// Shorthand for `return std::unexpected(Error{...})`.
inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected(Error{.code = code, .message = std::move(message)});
}
inline std::unexpected<Error> invalid(std::string message) {
  return fail(ErrorCode::kInvalid, std::move(message));
}

}  // namespace rateguard
