// The names of statuses.
#pragma once

#include <string_view>

namespace rateguard::http {

// "Too Many Requests" for 429 (RFC 9110, section 15; RFC 6585); empty for a code that has no registered phrase.
std::string_view reason_phrase(int code);

}  // namespace rateguard::http
