#include "server/http/problem.h"

#include "http/reason_phrase.h"
#include "text/json_text.h"

namespace rateguard::http_api {
namespace {

void append_member(std::string& out, std::string_view name, std::string_view value) {
  append_json_string(out, name);
  out += ':';
  append_json_string(out, value);
}

}  // namespace

Problem problem_of(std::vector<FieldError> errors) {
  Problem problem;
  problem.status = 400;
  if (!errors.empty()) {
    problem.detail = errors.front().field + ": " + errors.front().detail;
    problem.field = errors.front().field;
  }
  problem.errors = std::move(errors);
  return problem;
}

void append_problem(std::string& out, const Problem& problem) {
  out += '{';
  append_member(out, "type", problem.type);
  out += ',';
  append_member(out, "title", problem.title.empty() ? http::reason_phrase(problem.status) : problem.title);
  out += ",\"status\":";
  append_number(out, problem.status);
  out += ',';
  append_member(out, "detail", problem.detail);
  if (!problem.field.empty()) {
    out += ',';
    append_member(out, "field", problem.field);
  }
  if (!problem.code.empty()) {
    out += ',';
    append_member(out, "code", problem.code);
  }
  if (problem.errors.size() > 1) {
    out += ",\"errors\":[";
    for (const FieldError& error : problem.errors) {
      if (&error != &problem.errors.front()) out += ',';
      out += '{';
      append_member(out, "field", error.field);
      out += ',';
      append_member(out, "detail", error.detail);
      out += '}';
    }
    out += ']';
  }
  out += '}';
}

}  // namespace rateguard::http_api
