#include "server/grpc/call_source.h"

#include "server/grpc/rpc_table.h"
#include "server/grpc/status.h"

namespace rateguard::grpc {

void CallSource::report(metrics::Writer& out) const {
  out.begin(metrics::MetricKind::kCounter, "rateguard_grpc_calls_total",
            "gRPC calls answered, by RPC and status. Combinations never seen are left out.");
  const auto rpcs = rpc_labels();
  for (size_t rpc = 0; rpc < rpcs.size(); ++rpc) {
    for (size_t code = 0; code < code_names().size(); ++code) {
      uint64_t total = 0;
      for (const GrpcMetrics* const loop : loops_) total += loop->calls[rpc][code].value();
      if (total != 0) out.sample({{"rpc", rpcs[rpc]}, {"status", code_names()[code]}}, total);
    }
  }
}

}  // namespace rateguard::grpc
