// Whether a log has its server's proxies where the callers' addresses should be.
#pragma once

#include <optional>

#include "simulate/recording.h"
#include "simulate/report.h"
#include "simulate/scenario.h"

namespace rateguard::simulate {

// The proxy that every request comes from, determined as the rules determine the caller; nullopt if they come from
// callers as far as is known, if there are too few requests to say, or if no rule uses addresses. Reads a recording up
// to the first request that decides.
std::optional<ProxyReport> find_proxy(const Scenario& scenario, const Recording& recording);

}  // namespace rateguard::simulate
