// A command allocates nothing once the buffers have grown.
#include <gtest/gtest.h>

#include "base/count_allocations_for_tests.h"
#include "server/resp/resp_api_harness_testing.h"

namespace rateguard::resp {
namespace {

TEST(Allocation, NoCommandAllocatesOnceTheBuffersHaveGrown) {
  RespApiHarness server({rule_of("login", {"ip"}, *Limit::token_bucket(100, {.units = 5}))});
  ConnectedClient client = server.connect();
  std::string pipeline;
  for (int i = 0; i < 200; ++i) {
    pipeline +=
        command({"CL.THROTTLE", "user:123456789012345678901234567890:" + std::to_string(i % 7), "15", "30", "60"});
    pipeline += command({"THROTTLE", "user:123456789012345678901234567890", "15", "30", "60", "2"});
    pipeline += command({"RG.CHECK", "login", "203.0.113.9"});
    if (i % 50 == 0) pipeline += command({"PING"}) + "CL.THROTTLE inline 15 30 60\r\n";
  }
  net::ByteBuffer out;
  const auto ask = [&] {
    out.clear();
    EXPECT_EQ(server.api().answer(client, pipeline, SIZE_MAX, out, server.now).consumed, pipeline.size());
  };
  for (int i = 0; i < 3; ++i) ask();
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) ask();
  EXPECT_EQ(allocations - before, 0U);
  EXPECT_GT(before, 0U);  // it does count
}

}  // namespace
}  // namespace rateguard::resp
