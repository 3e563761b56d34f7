// The counters of the RESP front end on one event loop.
#pragma once

#include <array>
#include <cstddef>

#include "base/counter.h"

namespace rateguard::resp {

// Commands are counted by their index in the server's table; the index after the last is for unknown ones.
inline constexpr size_t kRespCommandsMax = 64;

// Written only by its loop's thread; read by any.
struct RespMetrics {
  std::array<Counter, kRespCommandsMax> commands;
  std::array<Counter, kRespCommandsMax> errors;  // commands answered with an error
  Counter protocol_errors;                       // connections that ended because they did not speak the protocol
};

}  // namespace rateguard::resp
