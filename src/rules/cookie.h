// Cookies of a request (RFC 6265, section 4.2).
#pragma once

#include <span>
#include <string_view>

#include "model/request_facts.h"

namespace rateguard::rules {

// The value of the first cookie of that name in any Cookie field, without surrounding quotes; empty where there is
// none. Names compare by case.
std::string_view find_cookie(std::span<const Header> headers, std::string_view name);

}  // namespace rateguard::rules
