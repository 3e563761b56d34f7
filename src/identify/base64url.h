// base64url without padding (RFC 4648, section 5, as RFC 7515, section 2 uses it).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rateguard::identify {

// The bytes, or none if the text is not exactly what an encoder writes: a foreign character, padding, an impossible
// length, or bits set beyond the last byte. So each string of bytes has one text, and a token cannot be altered and
// stay valid.
std::optional<std::string> decode_base64url(std::string_view text);

}  // namespace rateguard::identify
