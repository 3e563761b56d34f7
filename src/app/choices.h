// What an option may be, where it is one of a few words: for checks, help and the completion of shells.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::app {

// Of an option ("--format") or of the argument of a command ("shell" of completion); empty: anything.
std::vector<std::string> choices_for(std::string_view name);

}  // namespace rateguard::app
