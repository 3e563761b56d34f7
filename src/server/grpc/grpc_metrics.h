// The counters of the gRPC front end on one event loop.
#pragma once

#include <array>
#include <cstddef>

#include "base/counter.h"

namespace rateguard::grpc {

// Calls are counted by their index in the server's table; the index after the last is for unknown ones.
inline constexpr size_t kGrpcRpcsMax = 16;
// gRPC's status codes: 0 to 16.
inline constexpr size_t kGrpcCodes = 17;

// Written only by its loop's thread; read by any.
struct GrpcMetrics {
  std::array<std::array<Counter, kGrpcCodes>, kGrpcRpcsMax> calls;
};

}  // namespace rateguard::grpc
