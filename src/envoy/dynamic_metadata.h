// What a response says of its request in dynamic_metadata, for Envoy's filters further on.
#pragma once

#include "envoy/rate_limit.h"
#include "envoy/value.h"

namespace rateguard::envoy {

// `domain`, `descriptors` (each with its entries as "key=value", its own limit and hitsAddend) and `hitsAddend`, as
// envoyproxy/ratelimit names them.
Value describe_request(const Request& request);

}  // namespace rateguard::envoy
