// The fields of a check by name, and what each may hold.
#pragma once

#include <optional>
#include <string_view>

#include "server/http/check_body.h"

namespace rateguard::http_api {

// A field of the check itself, and one inside its "facts".
std::optional<Field> check_field(std::string_view name);
std::optional<Field> facts_field(std::string_view name);

// Whether a scalar of that kind may stand in the field. Arrays and objects are the parser's own affair.
bool accepts(Field field, JsonKind kind);
// "a whole number from 1 to 9007199254740991"
std::string_view expectation(Field field);
// A value that must not be repeated to anyone: it authenticates somebody.
constexpr bool is_secret(Field field) {
  return field == Field::kApiKey || field == Field::kHeaders;
}

}  // namespace rateguard::http_api
