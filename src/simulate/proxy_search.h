// Whether a log has its server's proxies where the callers' addresses should be.
#pragma once

#include <optional>

#include "simulate/recording.h"
#include "simulate/report.h"
#include "simulate/scenario.h"

namespace rateguard::simulate {

// What every request comes from, found out as the rules find out who is calling; nullopt: from callers, as far as can
// be told, from too few requests to say, or there is no rule that looks at addresses. Reads a recording up to the first
// request that tells.
std::optional<ProxyReport> find_proxy(const Scenario& scenario, const Recording& recording);

}  // namespace rateguard::simulate
