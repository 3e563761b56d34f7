// A report as text for a terminal.
#pragma once

#include <cstdio>
#include <string>

#include "simulate/report.h"

namespace rateguard::simulate {

enum class Colour : uint8_t { kNo, kYes };  // kYes: ANSI escapes

std::string table_text(const Report& report, Colour colour);
void print_table(const Report& report, Colour colour, std::FILE* out);

}  // namespace rateguard::simulate
