#include "server/http/json_exponents.h"

#include <algorithm>

namespace rateguard::http_api {
namespace {

constexpr size_t kDigitsMax = 7;
constexpr std::string_view kLargest = "1000000";

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// The place after the string that begins at `at`.
size_t end_of_string(std::string_view json, size_t at) {
  for (++at; at < json.size() && json[at] != '"'; ++at) at += json[at] == '\\' ? 1 : 0;
  return std::min(at + 1, json.size());
}

}  // namespace

std::string with_bounded_exponents(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  for (size_t at = 0; at < json.size();) {
    const size_t begin = at;
    if (json[at] == '"') {
      at = end_of_string(json, at);
    } else if ((json[at] == 'e' || json[at] == 'E') && at > 0 && is_digit(json[at - 1])) {
      at += at + 1 < json.size() && (json[at + 1] == '+' || json[at + 1] == '-') ? 2 : 1;
      out += json.substr(begin, at - begin);
      size_t digits = at;
      while (at < json.size() && is_digit(json[at])) ++at;
      while (digits + 1 < at && json[digits] == '0') ++digits;
      out += at - digits > kDigitsMax ? kLargest : json.substr(digits, at - digits);
      continue;
    } else {
      ++at;
    }
    out += json.substr(begin, at - begin);
  }
  return out;
}

}  // namespace rateguard::http_api
