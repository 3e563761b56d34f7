// The values of options that take one of a few words, for checks, help and shell completion.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rateguard::app {

// The values of an option ("--format") or of a command's argument ("shell" of completion); empty: any value.
std::vector<std::string> choices_for(std::string_view name);

}  // namespace rateguard::app
