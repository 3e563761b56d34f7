#include "server/http/problem.h"

#include "server/json_text.h"

namespace rateguard::http_api {
namespace {

using server::append_json_string;
using server::append_number;

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

std::string_view status_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Error";
  }
}

void append_problem(std::string& out, const Problem& problem) {
  out += '{';
  append_member(out, "type", problem.type);
  out += ',';
  append_member(out, "title", problem.title.empty() ? status_phrase(problem.status) : problem.title);
  out += ",\"status\":";
  append_number(out, problem.status);
  out += ',';
  append_member(out, "detail", problem.detail);
  if (!problem.field.empty()) {
    out += ',';
    append_member(out, "field", problem.field);
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
