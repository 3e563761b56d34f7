// hiredis as a client, and HTTP beside it.
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <signal.h>

#include <cstdarg>
#include <memory>
#include <string>
#include <vector>

#include "support/http_connection.h"
#include "support/patience.h"
#include "support/program.h"

namespace rateguard::test {
namespace {

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

class Hiredis {
 public:
  explicit Hiredis(uint16_t port) : context_(redisConnect("127.0.0.1", port), &redisFree) {
    EXPECT_EQ(context_->err, 0) << context_->errstr;
  }

  Reply ask(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    Reply reply(static_cast<redisReply*>(redisvCommand(context_.get(), format, arguments)), &freeReplyObject);
    va_end(arguments);
    EXPECT_NE(reply, nullptr) << context_->errstr;
    return reply;
  }
  void append(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    EXPECT_EQ(redisvAppendCommand(context_.get(), format, arguments), REDIS_OK);
    va_end(arguments);
  }
  Reply next() {
    void* reply = nullptr;
    EXPECT_EQ(redisGetReply(context_.get(), &reply), REDIS_OK) << context_->errstr;
    return {static_cast<redisReply*>(reply), &freeReplyObject};
  }

 private:
  std::unique_ptr<redisContext, decltype(&redisFree)> context_;
};

std::vector<long long> integers(const Reply& reply) {
  std::vector<long long> out;
  if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) return out;
  for (size_t i = 0; i < reply->elements; ++i) {
    if (reply->element[i]->type == REDIS_REPLY_INTEGER) out.push_back(reply->element[i]->integer);
  }
  return out;
}

using Integers = std::vector<long long>;

TEST(HiredisClient, AsksOneByOneAndInPipelines) {
  const Service service({"--resp", "127.0.0.1:0"});
  Hiredis client(service.resp_port());
  EXPECT_STREQ(client.ask("PING")->str, "PONG");
  EXPECT_EQ(integers(client.ask("CL.THROTTLE %s 15 30 60", "user:1")), (Integers{0, 16, 15, -1, 2}));
  const std::string binary("a\0\r\nb", 5);
  EXPECT_EQ(integers(client.ask("CL.THROTTLE %b 0 1 60", binary.data(), binary.size())), (Integers{0, 1, 0, -1, 60}));
  EXPECT_EQ(client.ask("CL.THROTTLE a b c d")->type, REDIS_REPLY_ERROR);

  constexpr int kDepth = 1000;
  for (int i = 0; i < kDepth; ++i) client.append("CL.THROTTLE pipe 1999 1 3600");
  for (int i = 0; i < kDepth; ++i) {
    const Integers answer = integers(client.next());
    ASSERT_EQ(answer.size(), 5U);
    ASSERT_EQ(answer[0], 0);
    ASSERT_EQ(answer[2], 1999 - i);
  }
}

// The same key and the same figures are the same counter, whichever way it is asked.
TEST(HiredisClient, SharesItsCountersWithHttp) {
  const Service service({"--resp", "127.0.0.1:0"});
  Hiredis client(service.resp_port());
  HttpConnection http(service.port());
  const std::string body = R"({"key":"user:1","algorithm":"gcra","limit":1,"window":"1h","burst":5})";
  EXPECT_EQ(integers(client.ask("CL.THROTTLE user:1 4 1 3600 2"))[2], 3);
  const HttpAnswer admitted = http.post("/check", body);
  EXPECT_EQ(admitted.status, 200);
  EXPECT_NE(admitted.body.find(R"("limit":5,"remaining":2,)"), std::string::npos) << admitted.body;
  EXPECT_EQ(integers(client.ask("THROTTLE user:1 5 1 3600 2"))[2], 0);
  EXPECT_EQ(http.post("/check", body).status, 429);
  EXPECT_EQ(integers(client.ask("CL.THROTTLE user:1 4 1 3600"))[0], 1);
}

TEST(HiredisClient, AsksConfiguredRules) {
  const TemporaryFolder folder;
  const std::string file = folder.write(
      "rules.yaml", "rules:\n  - {name: login, per: ip, limit: 2/h}\n  - {name: pair, per: [ip, user], limit: 1/h}\n");
  const Service service({"--resp", "127.0.0.1:0", "--config", file});
  Hiredis client(service.resp_port());
  HttpConnection http(service.port());
  EXPECT_EQ(client.ask("RG.CHECK login 203.0.113.9")->elements, 14U);
  EXPECT_EQ(http.post("/check", R"({"rule":"login","key":"203.0.113.9"})").status, 200);
  const Reply refused = client.ask("RG.CHECK login 203.0.113.9");
  ASSERT_EQ(refused->elements, 14U);
  EXPECT_EQ(refused->element[1]->integer, 0);
  EXPECT_EQ(client.ask("RG.RESET login 203.0.113.9")->integer, 1);
  EXPECT_EQ(http.post("/check", R"({"rule":"login","key":"203.0.113.9"})").status, 200);
  EXPECT_EQ(client.ask("RG.CHECK pair 203.0.113.9 1 AND bob")->element[1]->integer, 1);
  EXPECT_EQ(http.post("/check", R"({"rule":"pair","key":["203.0.113.9","bob"]})").status, 429);
}

TEST(HiredisClient, IsCountedInTheMetrics) {
  const Service service({"--resp", "127.0.0.1:0"});
  Hiredis client(service.resp_port());
  client.ask("CL.THROTTLE a 1 1 1");
  const std::string metrics = HttpConnection(service.port()).get("/metrics").body;
  EXPECT_NE(metrics.find("rateguard_resp_commands_total{command=\"cl.throttle\"} 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("rateguard_resp_connections 1\n"), std::string::npos);
  EXPECT_NE(metrics.find("rateguard_decisions_total{verdict=\"allowed\"} 1\n"), std::string::npos);
}

// A reload reaches connections that are open; the end finishes what has begun and says goodbye in order.
TEST(HiredisClient, LivesThroughAReloadAndSeesTheEnd) {
  const TemporaryFolder folder;
  const std::string file = folder.write("rules.yaml", "rules:\n  - {name: login, per: ip, limit: 2/h}\n");
  Service service({"--resp", "127.0.0.1:0", "--config", file});
  Hiredis client(service.resp_port());
  EXPECT_EQ(client.ask("RG.CHECK login 1.1.1.1")->element[3]->integer, 2);
  folder.write("rules.yaml", "rules:\n  - {name: login, per: ip, limit: 7/h}\n");
  service.signal(SIGHUP);
  EXPECT_TRUE(eventually([&] { return client.ask("RG.PEEK login 1.1.1.1")->element[5]->integer == 7; }));
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0) << service.log();
}

TEST(HiredisClient, AnAddressInUseIsReportedWithASuggestion) {
  const Service service({"--resp", "127.0.0.1:0"});
  const Finished second = run({"serve", "--http", "127.0.0.1:0", "--grpc", "off", "--resp",
                               "127.0.0.1:" + std::to_string(service.resp_port())});
  EXPECT_EQ(second.exit_code, 4);
  EXPECT_NE(second.err.find("--resp off"), std::string::npos) << second.err;
}

}  // namespace
}  // namespace rateguard::test
