// The names of RATEGUARD_* variables: a misspelt one would configure nothing, without a word.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// The environment of a process: names and values.
using Variables = std::vector<std::pair<std::string, std::string>>;

// Refuses variables that begin with RATEGUARD_ and stand for nothing: neither for a setting of `config`, whose stores
// have names of their own, nor for an option of a subcommand. What Kubernetes sets in every container for a Service
// named "rateguard" or "rateguard-..." is let pass (RATEGUARD_SERVICE_HOST, RATEGUARD_PORT_8080_TCP=tcp://...;
// https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables).
// Errors: kInvalid, a line for each, with what was probably meant.
Result<void> check_variable_names(const Config& config, const Variables& environment);

}  // namespace rateguard::config
