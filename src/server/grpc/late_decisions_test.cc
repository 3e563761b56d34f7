// Calls whose decisions wait for a store behind a network: nothing is lost, mixed up, or touched when it is gone.
#include <envoy/service/ratelimit/v3/rls.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "server/grpc/api_fixture.h"
#include "server/late_loop_for_tests.h"

namespace rateguard::grpc {
namespace {

namespace v3 = ::envoy::service::ratelimit::v3;

constexpr std::string_view kShouldRateLimit = "/envoy.service.ratelimit.v3.RateLimitService/ShouldRateLimit";
constexpr std::string_view kCheck = "/grpc.health.v1.Health/Check";

envoy::DescriptorPolicy policy_of(uint32_t limit) {
  return {.limits = *envoy::compiled({envoy::leaf("user", "", envoy::per_unit(limit, envoy::Unit::kHour))})};
}

// A call for a user of its own each.
std::string asking(std::string_view user, int descriptors = 1) {
  v3::RateLimitRequest request;
  request.set_domain("d");
  for (int i = 0; i < descriptors; ++i) {
    auto& entry = *request.add_descriptors()->add_entries();
    entry.set_key("user");
    entry.set_value(std::string(user));
    if (i != 0) entry.mutable_value()->append(std::to_string(i));
  }
  return framed(request.SerializeAsString());
}

v3::RateLimitResponse response_of(const RpcResult& got) {
  v3::RateLimitResponse response;
  EXPECT_EQ(got.status, "0") << got.message;
  EXPECT_TRUE(response.ParseFromString(got.text));
  return response;
}

struct Settings {
  GrpcLimits limits = {};
  http::ServerOptions options = {};
  net::TasksOptions tasks = {};
};

class LateServer : public server::LateLoop {
 public:
  explicit LateServer(Settings settings = {})
      : LateLoop(settings.tasks),
        rate_limits(service(), store(), labels_),
        api(service(), rate_limits, loop(), settings.limits),
        server_(std::move(settings.options)) {
    rate_limits.set_policy(policy_of(2));
    const auto port = server_.start(loop(), api);
    EXPECT_TRUE(port.has_value());
    port_ = port.value_or(0);
    run();
  }
  ~LateServer() { stop(); }

  // Of ShouldRateLimit.
  uint64_t calls_with(StatusCode code) const { return api.metrics().calls[0][static_cast<size_t>(code)].value(); }

  uint16_t port() const { return port_; }
  http::Server& server() { return server_; }

  // These two on the loop's thread.
  rls::DescriptorLabels labels_;
  rls::RateLimitService rate_limits;
  GrpcApi api;

 private:
  http::Server server_;
  uint16_t port_ = 0;
};

int32_t begin(http::Http2Client& client, const std::string& body, const http::Http2Fields& more = {}) {
  http::Http2Fields fields = kGrpcFields;
  fields.insert(fields.end(), more.begin(), more.end());
  const int32_t stream = client.post(std::string(kShouldRateLimit), body, fields);
  client.flush();
  return stream;
}

TEST(LateDecisions, AnAnswerComesWhenTheStoreHasDecided) {
  LateServer server;
  http::Http2Client client(server.port());
  for (const auto code : {v3::RateLimitResponse::OK, v3::RateLimitResponse::OK, v3::RateLimitResponse::OVER_LIMIT}) {
    const int32_t stream = begin(client, asking("a"));
    ASSERT_TRUE(server.asked(1));
    server.answer();
    EXPECT_EQ(response_of(answered(client.wait(stream))).overall_code(), code);
  }
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 3U);
  EXPECT_EQ(server.running(), 0U);
}

TEST(LateDecisions, AStoreMayAnswerAtOnce) {
  LateServer server;
  server.on_loop([&] { server.late.at_once = true; });
  http::Http2Client client(server.port());
  for (const auto code : {v3::RateLimitResponse::OK, v3::RateLimitResponse::OK, v3::RateLimitResponse::OVER_LIMIT}) {
    EXPECT_EQ(response_of(call(client, kShouldRateLimit, asking("a"), {{"grpc-timeout", "1S"}})).overall_code(), code);
  }
}

TEST(LateDecisions, WhatNeedsNoDecisionIsAnsweredMeanwhile) {
  LateServer server;
  http::Http2Client client(server.port());
  const int32_t first = begin(client, asking("a", 3));
  const int32_t second = begin(client, asking("b", 2));
  ASSERT_TRUE(server.asked(2));
  EXPECT_EQ(call(client, kCheck, framed("")).status, "0");
  EXPECT_EQ(call(client, kShouldRateLimit, framed("\xff")).status, "13");
  EXPECT_EQ(call(client, kShouldRateLimit, asking("c"), {{"grpc-timeout", "0m"}}).status, "4");
  server.answer(1);
  EXPECT_EQ(response_of(answered(client.wait(second))).statuses_size(), 2);
  EXPECT_FALSE(client.answer(first).closed);
  server.answer();
  EXPECT_EQ(response_of(answered(client.wait(first))).statuses_size(), 3);
}

TEST(LateDecisions, AnAnswerGoesToNoStreamThatReusedTheId) {
  LateServer server;
  http::Http2Client client(server.port());
  const int32_t gone = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  client.reset(gone);
  client.flush();
  ASSERT_TRUE(net::eventually([&] { return server.calls_with(StatusCode::kCancelled) == 1; }));
  const int32_t next = begin(client, asking("b", 2));
  ASSERT_TRUE(server.asked(2));
  server.answer();
  EXPECT_EQ(call(client, kCheck, framed("")).status, "0");
  EXPECT_TRUE(client.answer(next).head.empty());
  server.answer();
  EXPECT_EQ(response_of(answered(client.wait(next))).statuses_size(), 2);
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 1U);
  EXPECT_EQ(server.running(), 0U);
}

TEST(LateDecisions, AClientThatDisconnectsIsForgotten) {
  LateServer server;
  {
    http::Http2Client client(server.port());
    for (int i = 0; i < 10; ++i) begin(client, asking("a"), {{"grpc-timeout", "1H"}});
    ASSERT_TRUE(server.asked(10));
  }
  ASSERT_TRUE(net::eventually([&] { return server.calls_with(StatusCode::kCancelled) == 10; }));
  server.answer_all();
  EXPECT_EQ(server.running(), 0U);
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 0U);
  http::Http2Client client(server.port());
  EXPECT_EQ(call(client, kCheck, framed("")).status, "0");
}

TEST(LateDecisions, ADeadlineThatPassesEndsTheCall) {
  LateServer server;
  http::Http2Client client(server.port());
  const int32_t brief = begin(client, asking("a"), {{"grpc-timeout", "20m"}});
  const int32_t patient = begin(client, asking("b"), {{"grpc-timeout", "1H"}});
  ASSERT_TRUE(server.asked(2));
  server.on_loop([&] { server.clock().advance(Duration::millis(20)); });
  EXPECT_EQ(answered(client.wait(brief)).status, "4");
  EXPECT_EQ(server.running(), 2U) << "what was asked is answered";
  server.answer_all();
  EXPECT_EQ(answered(client.wait(patient)).status, "0");
  EXPECT_EQ(server.calls_with(StatusCode::kDeadlineExceeded), 1U);
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 1U);
}

TEST(LateDecisions, ADeadlineEndsACallThatHasNotHadItsTurn) {
  LateServer server({.tasks = {.short_lane = {.running_max = 1}}});
  http::Http2Client client(server.port());
  const int32_t first = begin(client, asking("a"), {{"grpc-timeout", "1H"}});
  ASSERT_TRUE(server.asked(1));
  const int32_t queued = begin(client, asking("b"), {{"grpc-timeout", "20m"}});
  const int32_t last = begin(client, asking("c"), {{"grpc-timeout", "1H"}});
  ASSERT_TRUE(net::eventually([&] { return server.on_loop([&] { return server.tasks().queued(); }) == 2; }));
  server.on_loop([&] { server.clock().advance(Duration::millis(20)); });
  EXPECT_EQ(answered(client.wait(queued)).status, "4");
  EXPECT_EQ(server.running(), 1U);
  server.answer();
  EXPECT_EQ(answered(client.wait(first)).status, "0");
  ASSERT_TRUE(server.asked(1)) << "the queued call asks nothing: the next in the queue does";
  server.answer();
  EXPECT_EQ(answered(client.wait(last)).status, "0");
  EXPECT_EQ(server.calls_with(StatusCode::kDeadlineExceeded), 1U);
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 2U);
  EXPECT_EQ(server.rate_limits.metrics().ok.value(), 2U);
  EXPECT_EQ(server.rate_limits.metrics().errors.value(), 0U);
}

// A policy that spares other limits looks at all of them before it charges any.
TEST(LateDecisions, ACallThatIsCancelledBetweenItsQuestionsDecidesNothing) {
  LateServer server;
  auto sparing = policy_of(2);
  sparing.answering =
      std::make_shared<const envoy::Answering>(envoy::Answering{.counting = envoy::Counting::kAdmittedOnce});
  server.on_loop([&] { server.rate_limits.set_policy(sparing); });
  http::Http2Client client(server.port());
  const int32_t whole = begin(client, asking("a", 2));
  for (int question = 0; question < 2; ++question) {
    ASSERT_TRUE(server.asked(1)) << question;
    server.answer();
  }
  EXPECT_EQ(response_of(answered(client.wait(whole))).overall_code(), v3::RateLimitResponse::OK);

  const int32_t cancelled = begin(client, asking("b", 2));
  ASSERT_TRUE(server.asked(1));
  client.reset(cancelled);
  client.flush();
  ASSERT_TRUE(net::eventually([&] { return server.calls_with(StatusCode::kCancelled) == 1; }));
  server.answer();
  ASSERT_TRUE(server.asked(0)) << "nothing is charged";
  EXPECT_EQ(server.running(), 0U);
  EXPECT_EQ(server.calls_with(StatusCode::kOk), 1U);
  EXPECT_EQ(server.calls_with(StatusCode::kCancelled), 1U);
  const rls::DescriptorMetrics& metrics = server.rate_limits.metrics();
  EXPECT_EQ(metrics.ok.value(), 1U) << "the first call's";
  EXPECT_EQ(metrics.over_limit.value(), 0U);
  EXPECT_EQ(metrics.errors.value(), 0U);
}

TEST(LateDecisions, AStoreThatCannotBeAskedIsAnAnswerToo) {
  LateServer server;
  server.on_loop([&] { server.late.fails = true; });
  http::Http2Client client(server.port());
  const int32_t stream = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  server.answer();
  EXPECT_EQ(answered(client.wait(stream)).status, "14");
  EXPECT_EQ(server.calls_with(StatusCode::kUnavailable), 1U);
}

TEST(LateDecisions, ANewPolicyCountsForCallsThatBeginAfterIt) {
  LateServer server;
  http::Http2Client client(server.port());
  const auto limit_of = [&](int32_t stream) {
    return response_of(answered(client.wait(stream))).statuses(0).current_limit().requests_per_unit();
  };
  const int32_t earlier = begin(client, asking("z"));  // leaves its buffers to the next call
  ASSERT_TRUE(server.asked(1));
  server.answer();
  EXPECT_EQ(limit_of(earlier), 2U);
  const int32_t before = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  server.on_loop([&] { server.rate_limits.set_policy(policy_of(20)); });
  const int32_t after = begin(client, asking("b"));
  ASSERT_TRUE(server.asked(2));
  server.answer_all();
  EXPECT_EQ(limit_of(before), 2U);
  EXPECT_EQ(limit_of(after), 20U);
}

TEST(LateDecisions, DrainWaitsForThem) {
  LateServer server;
  http::Http2Client client(server.port());
  const int32_t stream = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  std::atomic<bool> empty = false;
  server.on_loop([&] {
    server.api.drain();
    server.server().drain(Duration::seconds(100), [&] { empty = true; });
  });
  ASSERT_TRUE(client.wait_until([&] { return client.goaway_last_stream() == stream; }));
  EXPECT_FALSE(empty);
  server.answer();
  EXPECT_EQ(answered(client.wait(stream)).status, "0");
  client.wait_for_end();
  EXPECT_TRUE(net::eventually([&] { return empty.load(); }));
}

TEST(LateDecisions, NoTimeForReadingEndsWhileTheyAreWaitedFor) {
  LateServer server({.options = {.host = {.timeouts = {.read = Duration::millis(20)}}}});
  http::Http2Client client(server.port());
  const int32_t waits = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  for (int i = 0; i < 3; ++i) {  // each takes a whole timeout
    const int32_t slow = client.open(std::string(kShouldRateLimit), kGrpcFields);
    client.body(slow, std::string(1, '\0'), false);
    EXPECT_EQ(answered(client.wait(slow)).status, "4") << "DEADLINE_EXCEEDED";
  }
  server.answer();
  EXPECT_EQ(answered(client.wait(waits)).status, "0");
}

TEST(LateDecisions, AnswersAreCompressedWhereThatGainsAnything) {
  LateServer server;
  http::Http2Client client(server.port());
  const int32_t stream =
      begin(client, asking("a", 100), {{"grpc-encoding", "gzip"}, {"grpc-accept-encoding", "identity,gzip"}});
  ASSERT_TRUE(server.asked(1));
  server.answer();
  const RpcResult got = answered(client.wait(stream));
  EXPECT_EQ(got.answer.field("grpc-encoding"), "gzip");
  std::string expanded;
  Gzip gzip;
  ASSERT_EQ(gzip.expand(got.text, 100'000, expanded), Gzip::Outcome::kDone);
  v3::RateLimitResponse response;
  ASSERT_TRUE(response.ParseFromString(expanded));
  EXPECT_EQ(response.statuses_size(), 100);
}

TEST(LateDecisions, TheirMemoryHasABound) {
  LateServer server({.limits = {.waiting_calls_bytes_max = 100'000}});  // three small ones
  http::Http2Client client(server.port());
  std::vector<int32_t> streams;
  for (int i = 0; i < 4; ++i) streams.push_back(begin(client, asking(std::to_string(i))));
  EXPECT_EQ(answered(client.wait(streams[3])).status, "8");
  server.answer_all();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(answered(client.wait(streams[static_cast<size_t>(i)])).status, "0");
  const int32_t again = begin(client, asking("a"));
  ASSERT_TRUE(server.asked(1));
  server.answer();
  EXPECT_EQ(answered(client.wait(again)).status, "0");
}

// With few tasks most of them wait for their turn.
TEST(LateDecisions, AThousandWaitAtOnce) {
  for (const size_t running_max : {4'096, 100}) {
    LateServer server({.tasks = {.short_lane = {.running_max = running_max}}});
    http::Http2Client client(server.port());
    EXPECT_EQ(call(client, kCheck, framed("")).status, "0");  // it knows how many streams it may open
    constexpr int kCalls = 1'000;
    std::vector<int32_t> streams;
    for (int i = 0; i < kCalls; ++i) {
      streams.push_back(begin(client, asking(std::to_string(i), 1 + i % 7), {{"grpc-timeout", "1H"}}));
    }
    ASSERT_TRUE(server.asked(std::min<size_t>(kCalls, running_max)));
    client.reset(streams[5]);
    client.reset(streams[995]);
    client.flush();
    ASSERT_TRUE(net::eventually([&] { return server.calls_with(StatusCode::kCancelled) == 2; }));
    // From both ends, so that they end in another order than they began in.
    const auto all_answered = [&] {
      return server.on_loop([&] {
        for (int i = 0; server.late.waiting() > 0 && i < 50; ++i) {
          server.late.answer(i % 2 == 0 ? 0 : server.late.waiting() - 1);
        }
        return server.late.waiting() == 0;
      });
    };
    ASSERT_TRUE(net::eventually(all_answered));
    for (int i = 0; i < kCalls; ++i) {
      if (i == 5 || i == 995) continue;
      const RpcResult got = answered(client.wait(streams[static_cast<size_t>(i)]));
      ASSERT_EQ(response_of(got).statuses_size(), 1 + i % 7);
    }
    EXPECT_EQ(server.running(), 0U);
    EXPECT_EQ(server.calls_with(StatusCode::kOk), kCalls - 2U);
  }
}

// What waits is unwound.
TEST(LateDecisions, AServerMayGoWhileTheyAreWaitedFor) {
  LateServer server({.tasks = {.short_lane = {.running_max = 5}}});
  http::Http2Client client(server.port());
  for (int i = 0; i < 10; ++i) begin(client, asking(std::to_string(i)), {{"grpc-timeout", "1H"}});
  ASSERT_TRUE(server.asked(5));
}

}  // namespace
}  // namespace rateguard::grpc
