// What is valid in a configuration and hardly meant so.
#pragma once

#include <vector>

#include "config/config.h"

namespace rateguard::config {

// Each says where (file, line, column), what happens and what to write instead. Of a configuration as it will be used:
// with the environment laid over the file. Nothing here keeps it from being used.
std::vector<Error> config_warnings(const Config& config);

}  // namespace rateguard::config
