// What gRPC's callers meet besides answers: tokens, deadlines, encodings, bounds, streams that end.
#include "server/grpc/grpc_api.h"

#include <envoy/service/ratelimit/v3/rls.pb.h>
#include <gtest/gtest.h>

#include "http/server/server_fixture.h"
#include "server/grpc/api_fixture.h"

namespace rateguard::grpc {
namespace {

constexpr std::string_view kShouldRateLimit = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";
constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";
constexpr std::string_view kWatch = "/grpc.health.v1.Health/Watch";
constexpr std::string_view kReflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

std::string some_request(int descriptors = 1) {
  ::envoy::service::ratelimit::v3::RateLimitRequest request;
  request.set_domain("d");
  for (int i = 0; i < descriptors; ++i) {
    auto& entry = *request.add_descriptors()->add_entries();
    entry.set_key("user");
    entry.set_value(std::to_string(i));
  }
  return request.SerializeAsString();
}

struct Running : ApiServer {
  explicit Running(GrpcLimits limits = {}, http::ServerOptions options = {}) : ApiServer(limits, options) {
    rate_limits().set_policy(
        {.limits = *envoy::compiled({envoy::leaf("user", "", envoy::per_unit(2, envoy::Unit::kHour))})});
  }
};

std::string status_of_call(ApiServer& server, std::string_view path, const std::string& body,
                           const http::Http2Fields& fields = {}) {
  http::Http2Client client(server.port());
  return call(client, path, body, fields).status;
}

TEST(GrpcApi, AnswersWithHeadMessageAndTrailers) {
  Running server;
  server.run();
  http::Http2Client client(server.port());
  const RpcResult got = call(client, kShouldRateLimit, framed(some_request()));
  EXPECT_EQ(got.answer.field(":status"), "200");
  EXPECT_EQ(got.answer.field("content-type"), "application/grpc");
  ASSERT_EQ(got.answer.trailers.size(), 1U);
  EXPECT_EQ(got.status, "0");
  EXPECT_EQ(server.api().metrics().calls[0][0].value(), 1U);
}

TEST(GrpcApi, ErrorsAreOneBlockOfFields) {
  Running server;
  server.run();
  http::Http2Client client(server.port());
  const RpcResult got = call(client, "/a.B/C", framed(""));
  EXPECT_EQ(got.status, "12");
  EXPECT_EQ(got.message, "unknown method /a.B/C");
  EXPECT_EQ(got.answer.field("grpc-accept-encoding"), "identity,gzip");
  EXPECT_TRUE(got.answer.trailers.empty());
}

TEST(GrpcApi, WithoutConfigurationItSaysSo) {
  ApiServer server;
  server.run();
  http::Http2Client client(server.port());
  const RpcResult got = call(client, kShouldRateLimit, framed(some_request()));
  EXPECT_EQ(got.status, "2");
  EXPECT_EQ(got.message, "no rate limit configuration loaded");
}

TEST(GrpcApi, OtherRequestsThanGrpcGetAnHttpError) {
  Running server;
  server.run();
  http::Http2Client client(server.port());
  EXPECT_EQ(client.ask(std::string(kCheck), "{}", {{"content-type", "application/json"}}).field(":status"), "415");
  EXPECT_EQ(client.ask(std::string(kCheck), "{}").field(":status"), "415");
}

TEST(GrpcApi, AsksForATokenWhereThereAreTokens) {
  Running server;
  server.service().settings.tokens = {"secret"};
  server.service().settings.admin_tokens = {"admin"};
  server.run();
  const std::string body = framed(some_request());
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body), "16");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"authorization", "Bearer wrong"}}), "16");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"authorization", "Bearer secret"}}), "0");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"authorization", "bearer admin"}}), "0");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body,
                           {{"authorization", "Bearer wrong"}, {"authorization", "Bearer secret"}}),
            "16");
  EXPECT_EQ(status_of_call(server, kReflection, framed("\x3a\0"), {}), "16");
  EXPECT_EQ(status_of_call(server, kCheck, framed("")), "0");
}

TEST(GrpcApi, KeepsDeadlines) {
  Running server;
  server.run();
  const std::string body = framed(some_request());
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"grpc-timeout", "5S"}}), "0");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"grpc-timeout", "0m"}}), "4");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"grpc-timeout", "soon"}}), "3");
  http::Http2Client client(server.port());
  http::Http2Fields fields = kGrpcFields;
  fields.emplace_back("grpc-timeout", "30m");
  const int32_t stream = client.open(std::string(kWatch), fields);
  client.body(stream, framed(""), true);
  EXPECT_EQ(client.wait(stream).field("grpc-status"), "4");
}

TEST(GrpcApi, SpeaksGzip) {
  Running server;
  server.run();
  Gzip gzip;
  std::string packed;
  ASSERT_TRUE(gzip.compress(some_request(100), packed));
  const std::string body = framed(packed, Compressed::kYes);
  http::Http2Client client(server.port());
  const RpcResult plain = call(client, kShouldRateLimit, body, {{"grpc-encoding", "gzip"}});
  EXPECT_EQ(plain.status, "0");
  EXPECT_EQ(plain.answer.body[0], '\0');
  const RpcResult small =
      call(client, kShouldRateLimit, body, {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "identity,gzip"}});
  EXPECT_EQ(small.answer.field("grpc-encoding"), "gzip");
  EXPECT_LT(small.answer.body.size(), plain.answer.body.size());
  std::string expanded;
  ASSERT_EQ(gzip.expand(small.text, 100'000, expanded), Gzip::Outcome::kDone);
  ::envoy::service::ratelimit::v3::RateLimitResponse response;
  ASSERT_TRUE(response.ParseFromString(expanded));
  EXPECT_EQ(response.statuses_size(), 100);
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body, {{"grpc-encoding", "snappy"}}), "12");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, body), "13");
}

TEST(GrpcApi, RefusesMessagesThatAreTooLargeOrMalformed) {
  Running server({.message_bytes_max = 1'000}, {.limits = {.body_bytes_max = 1'005}});
  server.run();
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed(std::string(1'001, 'x'))), "8");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed(std::string(100'000, 'x'))), "8");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed("\xff\xff\xff")), "13");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, ""), "13");
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed("") + framed("")), "13");
  EXPECT_EQ(status_of_call(server, kCheck, framed("\xff")), "13");
  EXPECT_EQ(status_of_call(server, kWatch, framed("\xff")), "13");
  EXPECT_EQ(status_of_call(server, kWatch, ""), "13");
  EXPECT_EQ(status_of_call(server, kWatch, "\1"), "13");
  EXPECT_EQ(status_of_call(server, kReflection, framed("\xff")), "13");
  EXPECT_EQ(status_of_call(server, kReflection, ""), "0");
}

TEST(GrpcApi, AFieldThatIsNotKnownIsRefused) {
  Running server;
  server.run();
  const std::string unknown("\xa2\x06\x03xyz", 6);  // field 100, of three bytes
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed(some_request() + unknown)), "3");
}

TEST(GrpcApi, AMessageOfManyEmptyDescriptorsIsRefusedUnread) {
  Running server;
  server.run();
  std::string message(
      "\x0a\x04"
      "edge",
      6);
  for (int i = 0; i < 520'000; ++i) message += std::string_view("\x12\x00", 2);
  EXPECT_EQ(status_of_call(server, kShouldRateLimit, framed(message)), "8");
}

TEST(GrpcApi, HealthFollowsTheProgram) {
  Running server;
  std::atomic<bool> ready = true;
  server.service().dependencies = [&] {
    return std::vector<server::Dependency>{{.name = "s", .ready = ready, .detail = {}}};
  };
  server.run();
  http::Http2Client client(server.port());
  EXPECT_EQ(call(client, kCheck, framed("")).text, "\x08\x01");
  const int32_t watch = client.open(std::string(kWatch), kGrpcFields);
  client.body(watch, framed(""), true);
  const std::string serving = framed("\x08\x01");
  const std::string not_serving = framed("\x08\x02");
  ASSERT_TRUE(client.wait_until([&] { return client.answer(watch).body == serving; }));
  ready = false;
  EXPECT_EQ(call(client, kCheck, framed("")).text, "\x08\x02");
  ASSERT_TRUE(client.wait_until([&] { return client.answer(watch).body == serving + not_serving; }));
  ready = true;
  ASSERT_TRUE(client.wait_until([&] { return client.answer(watch).body == serving + not_serving + serving; }));
  server.service().draining = true;
  server.on_loop([&] { server.api().drain(); });
  EXPECT_EQ(client.wait(watch).body, serving + not_serving + serving + not_serving);
  EXPECT_EQ(client.answer(watch).field("grpc-status"), "14");
}

TEST(GrpcApi, ReflectionAnswersAsLongAsTheStreamIsOpen) {
  Running server;
  server.run();
  http::Http2Client client(server.port());
  const int32_t stream = client.open(std::string(kReflection), kGrpcFields);
  client.body(stream, framed(std::string("\x3a\0", 2)), false);
  ASSERT_TRUE(client.wait_until([&] { return client.answer(stream).body.find("grpc.health") != std::string::npos; }));
  const std::string symbol = "envoy.service.ratelimit.v3.RateLimitService";
  client.body(stream, framed("\x22" + std::string(1, static_cast<char>(symbol.size())) + symbol), true);
  const http::Http2Answer answer = client.wait(stream);
  EXPECT_EQ(answer.field("grpc-status"), "0");
  EXPECT_NE(answer.body.find("google/protobuf/duration.proto"), std::string::npos);
}

TEST(GrpcApi, AClientThatDoesNotReadIsCutOffAtABound) {
  Running server({.waiting_bytes_max = 100'000});
  server.run();
  http::Http2Client client(server.port());
  const int32_t stream = client.open(std::string(kReflection), kGrpcFields);
  const std::string file = "envoy/service/ratelimit/v3/rls.proto";
  const std::string ask = framed("\x1a" + std::string(1, static_cast<char>(file.size())) + file);
  std::string all;
  for (int i = 0; i < 500; ++i) all += ask;  // answers of 5,000 bytes each, before any is read
  client.body(stream, all, true);
  EXPECT_EQ(client.wait(stream).field("grpc-status"), "8");
}

TEST(GrpcApi, ACancelledWatchIsForgotten) {
  Running server;
  server.run();
  http::Http2Client client(server.port());
  const int32_t watch = client.open(std::string(kWatch), kGrpcFields);
  client.body(watch, framed(""), true);
  ASSERT_TRUE(client.wait_until([&] { return !client.answer(watch).body.empty(); }));
  client.reset(watch);
  client.flush();
  EXPECT_TRUE(net::eventually([&] { return server.api().metrics().calls[2][1].value() == 1; }));
}

}  // namespace
}  // namespace rateguard::grpc
