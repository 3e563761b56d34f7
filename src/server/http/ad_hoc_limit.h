// The limit that a check brings along: which fields belong to which algorithm, and which values they may have.
#pragma once

#include <optional>

#include "model/limit.h"
#include "server/http/check_body.h"

namespace rateguard::http_api {

// The limit of a check with "algorithm". Empty: the body's `errors` say what is wrong. `other` are the fields that a
// check may have besides those of its limit.
std::optional<Limit> read_limit(CheckBody& body, FieldSet other);

// A field with a whole number of units. Empty: the error is in the body's `errors`. REQUIRES: the field is present.
std::optional<uint64_t> read_units(CheckBody& body, Field field, uint64_t at_least);

}  // namespace rateguard::http_api
