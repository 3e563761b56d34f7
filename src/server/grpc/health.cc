#include "server/grpc/health.h"

#include <algorithm>

#include "server/grpc/rpc_table.h"

namespace rateguard::grpc {

ServingStatus health_of(const server::Service& service, std::string_view name) {
  const bool known =
      name.empty() || name == "ratelimit" || std::ranges::find(service_names(), name) != service_names().end();
  if (!known) return ServingStatus::kServiceUnknown;
  if (service.draining.load(std::memory_order_relaxed)) return ServingStatus::kNotServing;
  if (!service.dependencies) return ServingStatus::kServing;
  const std::vector<server::Dependency> dependencies = service.dependencies();
  const bool ready = std::ranges::all_of(dependencies, &server::Dependency::ready);
  return ready ? ServingStatus::kServing : ServingStatus::kNotServing;
}

}  // namespace rateguard::grpc
