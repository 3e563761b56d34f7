// Checks the text of a file before it is interpreted.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::config {

// Valid UTF-8 (RFC 3629) without control characters but tab, line feed and carriage return. Errors: kInvalid at the
// line and column of the first octet that is not.
Result<void> check_text(std::string_view text, const std::string& file_name);

}  // namespace rateguard::config
