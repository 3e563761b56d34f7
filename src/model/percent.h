// Percent-encoding (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rateguard {

// "caf%C3%A9" as the bytes it stands for; '+' is itself. None if a '%' is not followed by two hex digits.
std::optional<std::string> percent_decode(std::string_view text);

// "%C3", appended to `out`.
void append_percent_encoded(std::string& out, char octet);

// `text` as one segment of a path, or one value of a query: every octet but the unreserved ones (section 2.3) encoded.
std::string percent_encode(std::string_view text);

}  // namespace rateguard
