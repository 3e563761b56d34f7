// What is said of a member or a parameter that nobody knows.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rateguard::admin {

// "is unknown; did you mean title?", or a list of the known names.
std::string unknown_name(std::string_view name, const std::vector<std::string_view>& known);

}  // namespace rateguard::admin
