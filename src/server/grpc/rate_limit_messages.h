// Between protobuf's messages of Envoy's rate limit service and the structs that decide.
#pragma once

#include <envoy/service/ratelimit/v3/rls.pb.h>

#include "envoy/rate_limit.h"

namespace rateguard::grpc {

// Replaces `to`, using its room again. It borrows from `from`.
void from_message(const ::envoy::service::ratelimit::v3::RateLimitRequest& from, envoy::Request& to);

void to_message(const envoy::Response& from, ::envoy::service::ratelimit::v3::RateLimitResponse& to);

}  // namespace rateguard::grpc
