#include "server/grpc/call_source.h"

#include <gtest/gtest.h>

#include <string>

#include "server/report_testing.h"

namespace rateguard::grpc {
namespace {

TEST(CallSource, SumsCallsByRpcAndStatusAndLeavesOutUnseenOnes) {
  GrpcMetrics first;
  GrpcMetrics second;
  CallSource source;
  source.add(first);
  source.add(second);
  first.calls[0][0].add(3);
  second.calls[0][0].add(4);
  const std::string text = server::reported(source);
  EXPECT_EQ(
      text,
      "# HELP rateguard_grpc_calls_total gRPC calls answered, by RPC and status. Combinations never seen are left "
      "out.\n# TYPE rateguard_grpc_calls_total counter\n"
      "rateguard_grpc_calls_total{rpc=\"envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit\",status="
      "\"OK\"} 7\n");
}

}  // namespace
}  // namespace rateguard::grpc
