// What is valid in a configuration and can hardly work as it was meant.
#pragma once

#include <vector>

#include "config/config.h"

namespace rateguard::config {

// Traps of the rules themselves (rules/rule_warnings.h), then such as a rule by user where nothing says who the user
// is; each says where. Of a configuration as it will be used, with the environment laid over the file. Nothing here
// keeps it from being used.
std::vector<Error> config_warnings(const Config& config);

}  // namespace rateguard::config
