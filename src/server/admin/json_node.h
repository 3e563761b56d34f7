// The body of a request as a small tree of JSON values.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/http/problem.h"

namespace rateguard::admin {

struct JsonNode {
  enum class Kind : uint8_t { kNull, kBool, kInteger, kDecimal, kString, kArray, kObject };

  Kind kind = Kind::kNull;
  bool boolean = false;
  int64_t integer = 0;
  std::string text = {};  // a string's characters; a decimal number as it was written
  std::vector<JsonNode> items = {};
  std::vector<std::pair<std::string, JsonNode>> members = {};  // in the order of the text

  // An object's member; null if it has none of that name.
  const JsonNode* find(std::string_view name) const;
  // For messages, cut short: "\"ten\"", "5", "an object".
  std::string describe() const;
  // As JSON text again.
  std::string to_json() const;
};

// Strict: one object of RFC 8259 in UTF-8, nested at most 16 deep, no member twice. The error's field is "body", or the
// member that comes twice.
std::expected<JsonNode, http_api::FieldError> parse_json_object(std::string_view text);

}  // namespace rateguard::admin
