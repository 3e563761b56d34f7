// Text of others as part of a message.
#pragma once

#include <string>
#include <string_view>

namespace rateguard {

// In single quotes, cut at 60 bytes between characters, with control characters replaced by blanks.
std::string quote(std::string_view text);

}  // namespace rateguard
