// Percent-decoding (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rateguard {

// "caf%C3%A9" as the bytes it stands for; '+' is itself. None if a '%' is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

}  // namespace rateguard
