// Whether the fields of a record are what every database can keep.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/records.h"
#include "catalog/refusal.h"

namespace rateguard::catalog {

// Text that databases keep as it is: UTF-8 without NUL, of at most kFieldBytesMax bytes. The message says what is
// wrong, in words that follow the field's name.
std::optional<std::string> problem_of_text(std::string_view text);

// Errors: kInvalid, naming the field.
CatalogResult<void> check_fields(const AnyRecord& record);

}  // namespace rateguard::catalog
