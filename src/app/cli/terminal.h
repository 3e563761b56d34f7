// Output for people: results on standard output, everything else on standard error; colour only on a terminal, and
// never if NO_COLOR is set (https://no-color.org).
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

#include "base/result.h"

namespace rateguard::app {

enum class TextStyle { kNone, kRed, kGreen, kYellow, kDim, kBold };

bool is_terminal(std::FILE* stream);
// Whether `stream` gets colour.
bool wants_colour(std::FILE* stream);
// `text` in `style` if `stream` gets colour; else `text`.
std::string paint(std::FILE* stream, TextStyle style, std::string_view text);
// "rateguard: message" on standard error, for each line of the message.
void complain(std::string_view message);
// "file:3:5: warning: message".
std::string as_warning(const Error& warning);

}  // namespace rateguard::app
