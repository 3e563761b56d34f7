// Records as JSON, and JSON into records: by the fields that each record lists itself.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/records.h"
#include "server/admin/json_node.h"
#include "server/http/problem.h"

namespace rateguard::admin {

// The object of a record: its id, version and times, then its fields. Hidden and secret fields do not appear; some say
// whether they are set ("has_password").
void append_record(std::string& out, const catalog::AnyRecord& record);
std::string record_json(const catalog::AnyRecord& record);
// An object with one more member, "secret", at its end: a key or a token that is shown this once. Empty: null.
std::string with_secret(std::string json, std::string_view secret);
// The same for an object that ends with a secret of null.
std::string shown_once(std::string json, std::string_view secret);

enum class BodyFor : uint8_t { kCreation, kUpdate };

// Which members of a body were understood, and what was wrong with it.
struct BodyReading {
  std::vector<std::string> fields = {};  // of the record, that the body gave
  std::vector<http_api::FieldError> errors = {};
};

// Sets the fields of `record` that `body` gives; null empties a field that may be empty. Members in `others` belong to
// the caller. Reports unknown members with the nearest known name, those that cannot be given, wrong types, and, for a
// creation, what is missing. Values are not checked further (field_check.h).
BodyReading read_record(const JsonNode& body, BodyFor purpose, std::span<const std::string_view> others,
                        catalog::AnyRecord& record);

}  // namespace rateguard::admin
