// Where a target is on the network.
#pragma once

#include <sys/socket.h>

#include "base/result.h"
#include "loadgen/plan.h"

namespace rateguard::loadgen {

struct Address {
  sockaddr_storage bytes = {};
  socklen_t size = 0;
};

// Looks the target up and connects once, so that a run never begins against nothing. Blocks, for at most
// `plan.patience` once the name is found. Errors: kUnavailable, with the address and the system's reason.
Result<Address> find_target(const Plan& plan);

}  // namespace rateguard::loadgen
