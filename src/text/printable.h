// Text of others, made safe to show: on a terminal, in JSON, on a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rateguard {

// `bytes` as valid UTF-8 without control characters: those, and bytes that are not UTF-8, become \xHH. Text longer than
// `chars_max` bytes is cut after a whole character, and ends in "...".
std::string printable(std::string_view bytes, size_t chars_max);

// How many columns of a terminal printable text takes: as many as its characters, which are taken for narrow ones.
size_t width_of(std::string_view text);

}  // namespace rateguard
