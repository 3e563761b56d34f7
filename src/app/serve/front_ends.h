// The front ends that there are, each in a file of its own.
#pragma once

#include "app/serve/front_end.h"

namespace rateguard::app {

extern const FrontEndKind kHttpFront;   // http_front.cc
extern const FrontEndKind kGrpcFront;   // grpc_front.cc
extern const FrontEndKind kRespFront;   // resp_front.cc
extern const FrontEndKind kAdminFront;  // admin_front.cc

}  // namespace rateguard::app
