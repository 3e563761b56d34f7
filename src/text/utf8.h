// UTF-8, octet by octet (RFC 3629).
#pragma once

#include <cstddef>
#include <string_view>

namespace rateguard {

// The length of the well-formed sequence that `text` begins with (RFC 3629, section 4), 1 to 4; 0 if it begins with
// none.
size_t utf8_length(std::string_view text);

}  // namespace rateguard
