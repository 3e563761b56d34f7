// gRPC++ as a client: calls, deadlines, gzip, many at once, keep-alive, cancelling, and the server's goodbye.
#include <envoy/service/ratelimit/v3/rls.grpc.pb.h>
#include <grpc/health/v1/health.grpc.pb.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

namespace rls = envoy::service::ratelimit::v3;
using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr const char* kConfig = R"(
domain: web
descriptors:
  - key: user
    rate_limit: {unit: hour, requests_per_unit: 2}
  - key: many
    rate_limit: {unit: day, requests_per_unit: 600}
)";

// A service with an Envoy configuration, and a channel to it.
struct Served {
  TemporaryFolder folder;
  Service service;
  std::shared_ptr<grpc::Channel> channel;

  explicit Served(grpc::ChannelArguments arguments = {}, std::vector<std::string> more = {})
      : service(options(folder, std::move(more))) {
    channel = grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(service.grpc_port()),
                                        grpc::InsecureChannelCredentials(), arguments);
  }
  static std::vector<std::string> options(const TemporaryFolder& folder, std::vector<std::string> more) {
    std::vector<std::string> all = {"--grpc", "127.0.0.1:0", "--envoy-config", folder.write("envoy.yaml", kConfig)};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }
};

rls::RateLimitRequest asking(const std::string& key, const std::string& value) {
  rls::RateLimitRequest request;
  request.set_domain("web");
  auto& entry = *request.add_descriptors()->add_entries();
  entry.set_key(key);
  entry.set_value(value);
  return request;
}

std::chrono::system_clock::time_point in(std::chrono::milliseconds time) {
  return std::chrono::system_clock::now() + time;
}

TEST(Grpcpp, DecidesAsConfigured) {
  const Served served;
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  for (const auto expected :
       {rls::RateLimitResponse::OK, rls::RateLimitResponse::OK, rls::RateLimitResponse::OVER_LIMIT}) {
    grpc::ClientContext context;
    rls::RateLimitResponse response;
    const grpc::Status status = stub->ShouldRateLimit(&context, asking("user", "a"), &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.overall_code(), expected);
    ASSERT_EQ(response.statuses_size(), 1);
    EXPECT_EQ(response.statuses(0).current_limit().requests_per_unit(), 2U);
    EXPECT_GT(response.statuses(0).duration_until_reset().seconds(), 0);
  }
}

TEST(Grpcpp, WhatCannotBeDecidedIsUnavailable) {
  const TemporaryFolder folder;
  const std::string limits =
      "domain: web\ndescriptors:\n"
      "  - {key: shut, rate_limit: {unit: hour, requests_per_unit: 2, on_store_failure: deny}}\n"
      "  - {key: open, rate_limit: {unit: hour, requests_per_unit: 2}}\n";
  const Service service({"--grpc", "127.0.0.1:0", "--envoy-config", folder.write("envoy.yaml", limits)},
                        {{"RATEGUARD_REDIS", "unix://" + (folder.path() / "nobody").string()}});
  const auto stub = rls::RateLimitService::NewStub(
      grpc::CreateChannel("127.0.0.1:" + std::to_string(service.grpc_port()), grpc::InsecureChannelCredentials()));
  const auto status_of = [&](const std::string& key) {
    grpc::ClientContext context;
    rls::RateLimitResponse response;
    return stub->ShouldRateLimit(&context, asking(key, "a"), &response);
  };
  const grpc::Status shut = status_of("shut");
  EXPECT_EQ(shut.error_code(), grpc::StatusCode::UNAVAILABLE) << shut.error_message();
  EXPECT_TRUE(contains(shut.error_message(), "cannot be reached")) << shut.error_message();
  EXPECT_TRUE(status_of("open").ok());
}

TEST(Grpcpp, ErrorsCarryTheirTexts) {
  const Served served;
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  grpc::ClientContext context;
  rls::RateLimitResponse response;
  const grpc::Status status = stub->ShouldRateLimit(&context, {}, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNKNOWN);
  EXPECT_EQ(status.error_message(), "rate limit domain must not be empty");
}

TEST(Grpcpp, TextThatIsNotUtf8IsRefusedAndDoesNotFillTheLog) {
  const Served served;
  const std::string before = served.service.log();
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  grpc::ClientContext context;
  rls::RateLimitResponse response;
  const grpc::Status status = stub->ShouldRateLimit(&context, asking("user", "\xff"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INTERNAL) << status.error_message();
  EXPECT_EQ(served.service.log(), before);
}

TEST(Grpcpp, GzipBothWays) {
  const Served served;
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  rls::RateLimitRequest request = asking("other", "x");
  for (int i = 0; i < 500; ++i) *request.add_descriptors() = request.descriptors(0);
  grpc::ClientContext context;
  context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
  rls::RateLimitResponse response;
  const grpc::Status status = stub->ShouldRateLimit(&context, request, &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.statuses_size(), 501);
}

TEST(Grpcpp, AMessageTooLargeIsResourceExhausted) {
  const Served served;
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  grpc::ClientContext context;
  rls::RateLimitResponse response;
  const grpc::Status status = stub->ShouldRateLimit(&context, asking("user", std::string(8'000'000, 'x')), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
}

// 600 a day for one key, asked 1,000 times at once: exactly 600 are admitted.
TEST(Grpcpp, AThousandStreamsAtOnceAreDecidedExactly) {
  const Served served;
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  grpc::CompletionQueue queue;
  struct Call {
    grpc::ClientContext context;
    rls::RateLimitResponse response;
    grpc::Status status;
    std::unique_ptr<grpc::ClientAsyncResponseReader<rls::RateLimitResponse>> reader;
  };
  std::vector<Call> calls(1'000);
  for (Call& call : calls) {
    call.context.set_deadline(in(std::chrono::seconds(60)));
    call.reader = stub->AsyncShouldRateLimit(&call.context, asking("many", "a"), &queue);
    call.reader->Finish(&call.response, &call.status, &call);
  }
  int admitted = 0;
  for (size_t i = 0; i < calls.size(); ++i) {
    void* tag = nullptr;
    bool ok = false;
    ASSERT_TRUE(queue.Next(&tag, &ok));
    const Call& call = *static_cast<Call*>(tag);
    ASSERT_TRUE(call.status.ok()) << call.status.error_message();
    admitted += call.response.overall_code() == rls::RateLimitResponse::OK ? 1 : 0;
  }
  EXPECT_EQ(admitted, 600);
}

TEST(Grpcpp, AWatchEndsAtItsDeadlineAndWhenCancelled) {
  const Served served;
  const auto stub = Health::NewStub(served.channel);
  grpc::ClientContext timed;
  timed.set_deadline(in(std::chrono::milliseconds(300)));
  HealthCheckResponse state;
  auto watch = stub->Watch(&timed, HealthCheckRequest());
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), HealthCheckResponse::SERVING);
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);

  grpc::ClientContext cancelled;
  watch = stub->Watch(&cancelled, HealthCheckRequest());
  ASSERT_TRUE(watch->Read(&state));
  cancelled.TryCancel();
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

// A client that pings every 100 ms, with and without calls, is answered and never told to calm down.
TEST(Grpcpp, KeepAlivePingsAreAnswered) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 100);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 1'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  const Served served(arguments);
  const auto stub = Health::NewStub(served.channel);
  grpc::ClientContext context;
  context.set_deadline(in(std::chrono::milliseconds(1'500)));
  auto watch = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse state;
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(served.channel->GetState(false), GRPC_CHANNEL_READY);
}

TEST(Grpcpp, TokensAreAskedFor) {
  const TemporaryFolder folder;
  const Served served({}, {"--config", folder.write("rules.yaml", "listen: {tokens: [0123456789abcdef]}\n")});
  const auto stub = rls::RateLimitService::NewStub(served.channel);
  rls::RateLimitResponse response;
  grpc::ClientContext without;
  EXPECT_EQ(stub->ShouldRateLimit(&without, asking("user", "a"), &response).error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  grpc::ClientContext with;
  with.AddMetadata("authorization", "Bearer 0123456789abcdef");
  EXPECT_TRUE(stub->ShouldRateLimit(&with, asking("user", "a"), &response).ok());
}

TEST(Grpcpp, ADrainTellsWatchersAndEnds) {
  Served served;
  const auto stub = Health::NewStub(served.channel);
  grpc::ClientContext context;
  auto watch = stub->Watch(&context, HealthCheckRequest());
  HealthCheckResponse state;
  ASSERT_TRUE(watch->Read(&state));
  served.service.signal(SIGTERM);
  ASSERT_TRUE(watch->Read(&state));
  EXPECT_EQ(state.status(), HealthCheckResponse::NOT_SERVING);
  EXPECT_FALSE(watch->Read(&state));
  EXPECT_EQ(watch->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(served.service.wait(), 0);
}

}  // namespace
}  // namespace rateguard::test
