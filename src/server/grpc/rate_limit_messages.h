// Between protobuf's messages of Envoy's rate limit service and the structs that decide.
#pragma once

#include <envoy/service/ratelimit/v3/rls.pb.h>

#include <string_view>

#include "base/result.h"
#include "envoy/rate_limit.h"

namespace rateguard::grpc {

// Whether a message may be parsed: within the bounds of descriptors and entries (envoy/rate_limit.h), which a message
// of the permitted size can exceed a hundredfold. Looks at tags and lengths only; the parser refuses what is not
// protobuf. Errors: kExhausted.
Result<void> check_descriptor_bounds(std::string_view message);

// Replaces `to`, reusing its memory. It borrows from `from`. Errors: kInvalid for an unknown field, which could change
// what is charged.
Result<void> from_message(const ::envoy::service::ratelimit::v3::RateLimitRequest& from, envoy::DescriptorRequest& to);

void to_message(const envoy::Response& from, ::envoy::service::ratelimit::v3::RateLimitResponse& to);

}  // namespace rateguard::grpc
