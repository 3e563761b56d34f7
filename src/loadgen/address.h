// Where a target is on the network.
#pragma once

#include "base/result.h"
#include "loadgen/plan.h"
#include "net/connector.h"

namespace rateguard::loadgen {

// Looks the target up and connects once, so that a run never begins without a server. Blocks, for at most
// `plan.patience`. The result's host is an address, which costs no look-up. Errors: kUnavailable, with the address and
// the system's reason.
Result<net::ConnectTarget> find_target(const Plan& plan);

}  // namespace rateguard::loadgen
