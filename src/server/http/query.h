// Queries of URLs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rateguard::http_api {

// "a=1&b=2" decoded, '+' as a space (the form encoding of the URL standard). Empty if a '%' is not followed by two
// hexadecimal digits.
std::optional<std::vector<std::pair<std::string, std::string>>> parse_query(std::string_view query);

}  // namespace rateguard::http_api
