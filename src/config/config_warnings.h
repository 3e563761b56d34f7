// Warnings about configurations that are valid but hardly intended.
#pragma once

#include <vector>

#include "config/config.h"

namespace rateguard::config {

// Traps of the rules themselves (rules/rule_warnings.h), then others, such as a rule by user when no setting identifies
// the user; each has a position. The configuration is the one that will be used, including the environment. Warnings do
// not prevent its use.
std::vector<Error> config_warnings(const Config& config);

}  // namespace rateguard::config
