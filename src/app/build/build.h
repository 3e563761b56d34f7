// The version of this program, and its compiler.
#pragma once

#include <string>
#include <string_view>

namespace rateguard::app {

std::string_view version_number();  // "0.9.0"
std::string_view commit();          // "1a2b3c4d5e6f", with "-dirty" if files had been edited; "unknown" without git
std::string compiler();             // "gcc 12.2.0"

}  // namespace rateguard::app
