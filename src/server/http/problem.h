// Problem documents: what every error of the server looks like (RFC 9457).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rateguard::http_api {

// One thing that is wrong with a request.
struct FieldError {
  std::string field;   // "capacity", "facts.ip", "checks"; "body", "path", "header" for the request's own parts
  std::string detail;  // the value and what was expected, in words
};

// So many errors of one request are reported; the first few are what a person mends first.
inline constexpr size_t kFieldErrorsMax = 8;

struct Problem {
  int status = 400;                       // a registered one
  std::string_view type = "about:blank";  // a URI; about:blank means that the status says all (RFC 9457, section 4.2.1)
  std::string_view title = {};            // empty: the status's own phrase
  std::string detail = {};
  std::string field = {};
  std::vector<FieldError> errors = {};  // written where there are several
};

inline constexpr std::string_view kProblemType = "application/problem+json";

// A problem of one or more fields: the first gives `detail` and `field`.
Problem problem_of(std::vector<FieldError> errors);

void append_problem(std::string& out, const Problem& problem);

}  // namespace rateguard::http_api
