// The lines of the access log for gRPC.
#include <envoy/service/ratelimit/v3/rls.pb.h>
#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "server/grpc/api_fixture.h"

namespace rateguard::grpc {
namespace {

constexpr std::string_view kRateLimitRpc = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";

std::string asking(std::string_view user) {
  ::envoy::service::ratelimit::v3::RateLimitRequest request;
  request.set_domain("d");
  request.set_hits_addend(2);
  auto& entry = *request.add_descriptors()->add_entries();
  entry.set_key("user");
  entry.set_value(std::string(user));
  return framed(request.SerializeAsString());
}

class GrpcAccessLogTest : public testing::Test {
 protected:
  GrpcAccessLogTest() {
    server_.rate_limits().set_policy(
        {.limits = *envoy::compiled({envoy::leaf("user", "", envoy::per_unit(2, envoy::Unit::kHour))})});
    server_.service().log = &log_;
    server_.service().settings.access_log = true;
    server_.run();
  }
  // What is logged for a call, from its RPC on.
  std::string line_for(std::string_view path, const std::string& body) {
    server_.on_loop([&] { out_.str(""); });
    http::Http2Client client(server_.port());
    call(client, path, body);
    std::string line;
    server_.on_loop([&] { line = out_.str(); });
    return line;
  }

  std::ostringstream out_;
  Log log_{{.format = LogFormat::kJson}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out_)};
  ApiServer server_;
};

TEST_F(GrpcAccessLogTest, ALineHasTheVerdictDescriptorSubjectAndCost) {
  const std::string admitted = line_for(kRateLimitRpc, asking("ann"));
  const std::string head = R"("message":"call","peer":"127.0.0.1",)"
                           R"("rpc":"envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit","status":"OK",)";
  EXPECT_TRUE(admitted.contains(head + R"("verdict":"allowed","rule":"d.user","subject":")")) << admitted;
  EXPECT_TRUE(admitted.contains(R"(","cost":2,"duration_us":)")) << admitted;
  EXPECT_FALSE(admitted.contains("ann")) << "who was counted stays unsaid: " << admitted;
  const std::string refused = line_for(kRateLimitRpc, asking("ann"));
  EXPECT_TRUE(refused.contains(R"("status":"OK","verdict":"refused","rule":"d.user","subject":")")) << refused;
}

TEST_F(GrpcAccessLogTest, ACallThatDecidedNothingHasADurationAndNoVerdict) {
  for (const std::string& line : {line_for("/grpc.health.v1.Health/Check", framed("")), line_for("/a.B/C", framed("")),
                                  line_for(kRateLimitRpc, framed("\x0f"))}) {
    EXPECT_TRUE(line.contains(R"("duration_us":)")) << line;
    EXPECT_FALSE(line.contains("verdict")) << line;
  }
}

TEST_F(GrpcAccessLogTest, ACallThatIsRejectedBeforeItIsReadHasALineToo) {
  const std::string line = line_for("/grpc.health.v1.Health/Check", std::string(2'000'000, 'x'));
  EXPECT_TRUE(line.contains(R"("peer":"127.0.0.1","rpc":"grpc.health.v1.Health/Check",)"
                            R"("status":"RESOURCE_EXHAUSTED","duration_us":)"))
      << line;
}

}  // namespace
}  // namespace rateguard::grpc
