// Whether a service serves, in the terms of grpc.health.v1.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/service.h"

namespace rateguard::grpc {

// The numbers are the wire's.
enum class ServingStatus : uint8_t { kUnknown = 0, kServing = 1, kNotServing = 2, kServiceUnknown = 3 };

// `name` is empty for the whole server, one of service_names(), or "ratelimit", which is what envoyproxy/ratelimit
// calls itself. Not serving if the program was asked to end, or something that it needs is not ready.
ServingStatus health_of(const server::Service& service, std::string_view name);

}  // namespace rateguard::grpc
