// Checks the text of a file before it is interpreted.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::config {

// Valid UTF-8 (RFC 3629) without control characters but tab, line feed and carriage return. Errors: kInvalid at the
// line and column of the first octet that is not.
Result<void> check_text(std::string_view text, const std::string& file_name);

// Text as part of a message: in single quotes, cut at 60 bytes, with control characters replaced.
std::string quote(std::string_view text);

}  // namespace rateguard::config
