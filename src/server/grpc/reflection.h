// Server reflection: tells a client which services there are and what their messages look like. Versions v1 and v1alpha
// have the same messages on the wire.
#pragma once

#include <string>
#include <string_view>

#include "server/grpc/status.h"

namespace rateguard::grpc {

// Answers one serialized ServerReflectionRequest: appends the serialized response. Fails if `request` is not such a
// message.
Status reflect(std::string_view request, std::string& response);

}  // namespace rateguard::grpc
