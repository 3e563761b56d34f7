// Every RPC: what serves it, who may call it. A test compares docs, seeds and text cases with this table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "server/access.h"

namespace rateguard::grpc {

enum class RpcKind : uint8_t { kShouldRateLimit, kHealthCheck, kHealthWatch, kReflection };

struct Rpc {
  std::string_view path;  // "/package.Service/Method"
  RpcKind kind;
  server::Access access = server::Access::kToken;

  // Whether messages may flow as long as the call is open.
  bool is_streaming() const { return kind == RpcKind::kHealthWatch || kind == RpcKind::kReflection; }
};

std::span<const Rpc> rpcs();
// Null if no RPC has that path.
const Rpc* find_rpc(std::string_view path);
// Its index in the table; the one after the last for null.
size_t rpc_index(const Rpc* rpc);
// For metrics: "package.Service/Method" by index, and "unknown" after the last.
std::vector<std::string_view> rpc_labels();
// "package.Service", each once.
std::span<const std::string_view> service_names();

}  // namespace rateguard::grpc
