#include "server/grpc/rpc_table.h"

#include <array>

namespace rateguard::grpc {
namespace {

using server::Access;

// The most frequent first. Health is for probes, which have no token.
constexpr std::array<Rpc, 5> kRpcs = {{
    {.path = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit", .kind = RpcKind::kShouldRateLimit},
    {.path = "/grpc.health.v1.Health/Check", .kind = RpcKind::kHealthCheck, .access = Access::kAny},
    {.path = "/grpc.health.v1.Health/Watch", .kind = RpcKind::kHealthWatch, .access = Access::kAny},
    {.path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", .kind = RpcKind::kReflection},
    {.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", .kind = RpcKind::kReflection},
}};

constexpr std::array<std::string_view, 4> kServices = {"envoy.service.ratelimit.v3.RateLimitService",
                                                       "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
                                                       "grpc.reflection.v1alpha.ServerReflection"};

}  // namespace

std::span<const Rpc> rpcs() {
  return kRpcs;
}

const Rpc* find_rpc(std::string_view path) {
  for (const Rpc& rpc : kRpcs) {
    if (rpc.path == path) return &rpc;
  }
  return nullptr;
}

size_t rpc_index(const Rpc* rpc) {
  return rpc == nullptr ? kRpcs.size() : static_cast<size_t>(rpc - kRpcs.data());
}

std::vector<std::string_view> rpc_labels() {
  std::vector<std::string_view> labels;
  for (const Rpc& rpc : kRpcs) labels.push_back(rpc.path.substr(1));
  labels.push_back("unknown");
  return labels;
}

std::span<const std::string_view> service_names() {
  return kServices;
}

}  // namespace rateguard::grpc
