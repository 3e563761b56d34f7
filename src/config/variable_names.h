// The names of RATEGUARD_* variables: a misspelt one would silently have no effect.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// The environment of a process: names and values.
using Variables = std::vector<std::pair<std::string, std::string>>;

// Refuses variables that begin with RATEGUARD_ and name neither a setting of `config`, including its stores, nor an
// option of a subcommand. It accepts those that Kubernetes sets in every container for a Service named "rateguard" or
// "rateguard-..." (RATEGUARD_SERVICE_HOST, RATEGUARD_PORT_8080_TCP=tcp://...;
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables). Errors: kInvalid, a line for
// each, with the name that was probably meant.
Result<void> check_variable_names(const Config& config, const Variables& environment);

}  // namespace rateguard::config
