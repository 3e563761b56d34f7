// Percent-decoding of paths and queries (RFC 3986, section 2.1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rateguard::http {

// A path segment. None: a '%' without two hexadecimal digits.
std::optional<std::string> percent_decode(std::string_view text);

// "a=1&b=2" decoded, '+' as a space (the form encoding of the URL standard). None: as above.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace rateguard::http
