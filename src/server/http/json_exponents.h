// Exponents of numbers that Boost.JSON 1.81 calls an overflow, though JSON sets no bound to them (RFC 8259, section 6).
#pragma once

#include <string>
#include <string_view>

namespace rateguard::http_api {

// The same JSON with every exponent of more than seven digits, not counting leading zeros, cut to 1000000: a number
// with such an exponent is zero if its digits are, and otherwise larger, or closer to zero, than any that a body may
// have.
std::string with_bounded_exponents(std::string_view json);

}  // namespace rateguard::http_api
