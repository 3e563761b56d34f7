// Functions that can fail return Result<T>: a value, or an Error that says what was wrong and what was expected.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace rateguard::api {

// What went wrong, in words for the person who can fix it; a position in a file is at the beginning of the
// message.
struct Error {
  // What kind of thing went wrong, for programs that tell them apart.
  enum class Code {
    kInvalid,      // the caller's input breaks a rule
    kNotFound,     // a named thing, such as a rule, does not exist
    kIo,           // the operating system refused
    kCorrupt,      // stored data fails its own checks
    kUnavailable,  // a dependency cannot answer now
    kExhausted,    // a bound was reached
  };

  Code code = Code::kInvalid;
  std::string message = {};
};

namespace detail {
// Prints the error and ends the process.
[[noreturn]] void value_of_error(const Error& error);
}  // namespace detail

// Either a T or an Error. There is no conversion to bool on purpose: `if (limiter.check(...))` would read as "if it was
// admitted" and mean "if the question was well formed".
template <typename T>
class [[nodiscard]] Result {
 public:
  // Both convert, so that a function returns what it has.
  Result(T value) : content_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : content_(std::in_place_index<1>, std::move(error)) {}

  // Whether there is a value.
  bool ok() const { return content_.index() == 0; }

  // The value. If there is none, the process ends with the error's message: for limits and rules written in the program
  // itself, whose failure is a mistake in the program. Check ok() first for any other input.
  const T& value() const& {
    require();
    return std::get<0>(content_);
  }
  // The same, moved out of a temporary.
  T value() && {
    require();
    return std::get<0>(std::move(content_));
  }

  // The value, with the same condition as value().
  const T& operator*() const& { return value(); }
  const T* operator->() const { return &value(); }

  // REQUIRES: !ok().
  const Error& error() const { return std::get<1>(content_); }

 private:
  void require() const {
    if (!ok()) detail::value_of_error(std::get<1>(content_));
  }

  std::variant<T, Error> content_;
};

}  // namespace rateguard::api
