// Problem documents, the form of all errors of the server (RFC 9457).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rateguard::http_api {

// One thing that is wrong with a request.
struct FieldError {
  std::string field;   // "capacity", "facts.ip", "checks"; "body", "path", "header" for parts of the request
  std::string detail;  // the value and what was expected, in words
};

// The most errors of one request that are reported; a reader fixes the first few first.
inline constexpr size_t kFieldErrorsMax = 8;

struct Problem {
  int status = 400;                       // a registered status
  std::string_view type = "about:blank";  // a URI; about:blank means that the status says all (RFC 9457, section 4.2.1)
  std::string_view title = {};            // empty: the status's phrase
  std::string detail = {};
  std::string field = {};
  std::string_view code = {};           // a word for programs, of several reasons with one status; empty: none
  std::vector<FieldError> errors = {};  // written if there are several
};

inline constexpr std::string_view kProblemType = "application/problem+json";

// A problem of one or more fields: the first gives `detail` and `field`.
Problem problem_of(std::vector<FieldError> errors);

void append_problem(std::string& out, const Problem& problem);

}  // namespace rateguard::http_api
