// What a response says about its request in dynamic_metadata, for later filters of Envoy.
#pragma once

#include "envoy/rate_limit.h"
#include "envoy/value.h"

namespace rateguard::envoy {

// `domain`, `descriptors` (each with its entries as "key=value", its own limit and hitsAddend) and `hitsAddend`, as
// envoyproxy/ratelimit names them.
Value describe_request(const DescriptorRequest& request);

}  // namespace rateguard::envoy
