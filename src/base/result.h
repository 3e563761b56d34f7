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

// Where the fault lies, for whoever has to choose between a 4xx, a 502 and a 504, and between paging somebody or not.
enum class ErrorSource : unsigned char {
  kOwn,      // this program, its settings or its machine
  kCaller,   // whoever asked
  kPeer,     // the server that was asked: it refused, or said what it must not say
  kNetwork,  // the way there: no connection, a connection that broke off, or nothing in time
};

// Whether the same may be asked again.
enum class Retry : unsigned char {
  kNever,         // it would fail again, or nobody knows
  kIfIdempotent,  // it may have been carried out, or may be yet: only if twice is as good as once
  kAlways,        // the peer has not seen it, or says that it did nothing
};

// What went wrong, in words for the person who can mend it.
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
