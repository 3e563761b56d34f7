// What settings outside the stores must hold together.
#pragma once

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// Of `listen` and `envoy`. Errors: kInvalid.
Result<void> check_listen_settings(const Config& config);

}  // namespace rateguard::config
