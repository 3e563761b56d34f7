// The files that a configuration names.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace rateguard::config {

// The configuration's own file and every file that a service reads or keeps because of it: certificates, keys of
// tokens, limits of named callers, Envoy's limits, the snapshot. As they are written there, whether or not they exist;
// those of a folder only as far as it can be read.
std::vector<std::string> named_files(const Config& config);

}  // namespace rateguard::config
