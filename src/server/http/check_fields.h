// The fields of a check by name, and which values each may have.
#pragma once

#include <optional>
#include <string_view>

#include "server/http/check_body.h"

namespace rateguard::http_api {

// A field of the check itself, and one inside its "facts".
std::optional<Field> check_field(std::string_view name);
std::optional<Field> facts_field(std::string_view name);

// Whether the field accepts a scalar of that kind. The parser itself checks arrays and objects.
bool accepts(Field field, JsonKind kind);
// "a whole number from 1 to 9007199254740991"
std::string_view expectation(Field field);
// Whether the field's value must not be repeated, because it authenticates a caller.
constexpr bool is_secret(Field field) {
  return field == Field::kApiKey || field == Field::kHeaders;
}

}  // namespace rateguard::http_api
