// Checks settings outside the stores against each other.
#pragma once

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// Checks `listen` and `envoy`. Errors: kInvalid.
Result<void> check_listen_settings(const Config& config);

}  // namespace rateguard::config
