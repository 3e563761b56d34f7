// The limit that a check brings along: which fields belong to which algorithm, and what they may hold.
#pragma once

#include <optional>

#include "model/limit.h"
#include "server/http/check_body.h"

namespace rateguard::http_api {

// The limit of a check with "algorithm". None: the body's `errors` say what is wrong. `other` are the fields that a
// check may hold beside those of its limit.
std::optional<Limit> read_limit(CheckBody& body, FieldSet other);

// A field that holds a whole number of units. None: noted in the body's errors. REQUIRES: the field is present.
std::optional<uint64_t> read_units(CheckBody& body, Field field, uint64_t at_least);

}  // namespace rateguard::http_api
