// Reading one cookie of a request (RFC 6265, section 4.2).
#pragma once

#include <span>
#include <string_view>

#include "model/request_facts.h"

namespace rateguard {

// The value of the first cookie of that name, which compares with case, over all Cookie fields (HTTP/2 splits them);
// quotes around a value are not part of it. Empty if there is none.
std::string_view find_cookie(std::span<const Header> headers, std::string_view name);

}  // namespace rateguard
