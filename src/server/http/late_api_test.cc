// The API on a store that has to be waited for.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/server_fixture.h"
#include "server/awaiting_store.h"
#include "server/http/fake_exchange.h"
#include "server/late_store_for_tests.h"

namespace rateguard::http_api {
namespace {

// What became of a request.
struct Asked {
  FakeResponse response;
  bool kept = false;
  bool finished = false;
  bool let_go = false;
};

// May be kept; owns itself, as a session's exchange does.
class FakeExchange final : public http::LocalExchange {
 public:
  FakeExchange(FakeRequest request, std::shared_ptr<Asked> asked)
      : http::LocalExchange(request_, asked->response),
        own_(std::move(request)),
        request_(parsed(own_, headers_)),
        asked_(std::move(asked)) {}

  static void ask(HttpApi& api, FakeRequest request, const std::shared_ptr<Asked>& asked, Now now) {
    auto* const exchange = new FakeExchange(std::move(request), asked);
    api.handle(*exchange, now);
    if (asked->kept) return;
    asked->finished = true;
    exchange->let_go();
  }

  http::KeptExchange keep(http::ExchangeEvents*) override {
    asked_->kept = true;
    return http::KeptExchange(this);
  }
  void finish() override {
    EXPECT_FALSE(asked_->finished);
    EXPECT_EQ(asked_->response.bodies, 1);
    asked_->finished = true;
  }

 private:
  void let_go() override {
    asked_->let_go = true;
    delete this;
  }

  FakeRequest own_;
  std::vector<Header> headers_;
  http::Request request_;
  std::shared_ptr<Asked> asked_;
};

rules::Rule login(uint32_t capacity) {
  rules::Rule rule = rule_of("login", "ip", *Limit::token_bucket(capacity, {.units = 1}));
  rule.match = {.paths = {"/login"}};
  return rule;
}

// Asks the same store as an HttpApiHarness, and has to wait for it.
class LateApi : public testing::Test {
 protected:
  Policy policy(std::vector<rules::Rule> rules) const {
    return {.rules = *rules::RuleSet::compile(std::move(rules)), .identifier = identifier_};
  }
  std::shared_ptr<Asked> ask(FakeRequest request) {
    auto asked = std::make_shared<Asked>();
    FakeExchange::ask(*api_, std::move(request), asked, server_.now);
    return asked;
  }
  std::shared_ptr<Asked> post(std::string target, std::string body) {
    return ask({.method = "POST", .target = std::move(target), .body = std::move(body)});
  }
  // Of a token bucket that starts with `capacity`.
  std::shared_ptr<Asked> check(const std::string& key, int capacity) {
    return post("/check", R"({"key":")" + key + R"(","algorithm":"token_bucket","refill_rate":1,"capacity":)" +
                              std::to_string(capacity) + "}");
  }

  std::shared_ptr<const identify::Identifier> identifier_ = *identify::Identifier::create({});
  HttpApiHarness server_{{login(5)}};
  net::ManualClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  server::LateStore remote_{*server_.store};
  std::optional<HttpApi> api_;
  net::Tasks tasks_;
  server::AwaitingStore store_{remote_, tasks_, *loop_};

  LateApi() { api_.emplace(server_.service, policy({login(5)}), server::LoopStore{.store = store_, .tasks = &tasks_}); }
};

TEST_F(LateApi, AnswersWhenTheStoreHas) {
  const auto asked = check("k", 3);
  EXPECT_EQ(asked->response.code, 0);
  ASSERT_EQ(remote_.waiting(), 1u);
  remote_.answer();
  EXPECT_TRUE(asked->kept);
  EXPECT_TRUE(asked->finished);
  EXPECT_TRUE(asked->let_go);
  EXPECT_EQ(asked->response.code, 200);
  EXPECT_NE(asked->response.text.find(R"("limit":3,"remaining":2)"), std::string::npos) << asked->response.text;
}

TEST_F(LateApi, AnAnswerOfTheStoreWithinTheCallIsNotWaitedFor) {
  remote_.at_once = true;
  const auto asked = check("k", 3);
  EXPECT_TRUE(asked->finished);
  EXPECT_EQ(asked->response.code, 200);
  EXPECT_EQ(tasks_.running(), 0u);
}

// Every answer is the one that a store gives that is not waited for, and none is shared with what else is under way.
TEST_F(LateApi, EveryRouteThatAsksTheStoreWaitsForIt) {
  const std::string bucket = R"({"key":"k","algorithm":"token_bucket","capacity":2,"refill_rate":1})";
  const std::string facts = R"({"facts":{"path":"/login","ip":"192.0.2.1"},"explain":true})";
  const std::vector<FakeRequest> requests = {
      {.method = "POST", .target = "/check", .body = bucket},
      {.method = "POST", .target = "/check", .body = R"({"rule":"login","key":"192.0.2.1"})"},
      {.method = "POST", .target = "/check", .body = facts},
      {.method = "POST",
       .target = "/v1/check/batch",
       .body = "{\"checks\":[" + bucket + "," + facts + "," + bucket + "," + facts + "]}"},
      {.method = "POST", .target = "/v1/release", .body = R"({"hold":")" + std::string(40, '0') + "\"}"},
      {.target = "/v1/authz",
       .headers = {{"X-Forwarded-Method", "GET"}, {"X-Forwarded-Uri", "/login"}, {"X-Forwarded-For", "192.0.2.1"}}},
      {.target = "/v1/authz/login"},
      {.target = "/v1/counters/login/192.0.2.1"},
      {.method = "DELETE", .target = "/v1/counters/login/192.0.2.1"},
      {.target = "/v1/counters/login/192.0.2.1"},
      {.method = "DELETE", .target = "/v1/counters/login/192.0.2.1"},
  };
  HttpApiHarness at_once({login(5)});
  for (const FakeRequest& request : requests) {
    const auto asked = ask(request);
    EXPECT_FALSE(asked->finished) << request.target;
    const auto another = check("another", 1'000);
    for (int rounds = 0; !asked->finished && rounds < 10; ++rounds) remote_.answer_all();
    EXPECT_TRUE(another->finished);
    const FakeResponse expected = at_once.ask(request);
    EXPECT_EQ(asked->response.code, expected.code) << request.target;
    EXPECT_EQ(asked->response.text, expected.text) << request.target;
    EXPECT_EQ(asked->response["RateLimit"], expected["RateLimit"]) << request.target;
  }
}

TEST_F(LateApi, RequestsWithoutTheStoreAreAnsweredMeanwhile) {
  const auto waiting = check("k", 3);
  for (const char* path : {"/health", "/ready", "/metrics", "/version", "/v1/rules", "/healthcheck", "/", "/nope"}) {
    const auto asked = ask({.target = path});
    EXPECT_TRUE(asked->finished) << path;
    EXPECT_EQ(asked->response.code, std::string_view(path) == "/nope" ? 404 : 200) << path;
  }
  FakeResponse rejected;
  api_->reject({.status = 413, .detail = "d", .field = "f"}, server_.now, rejected);
  EXPECT_EQ(rejected.code, 413);
  EXPECT_FALSE(waiting->finished);
  remote_.answer();
  EXPECT_EQ(waiting->response.code, 200);
}

TEST_F(LateApi, MistakesAskNothing) {
  EXPECT_EQ(post("/check", "{")->response.code, 400);
  EXPECT_EQ(post("/check", R"({"rule":"nope","key":"x"})")->response.code, 404);
  EXPECT_EQ(post("/json", R"({"domain":"d","descriptors":[{}]})")->response.code, 400);
  EXPECT_EQ(remote_.waiting(), 0u);
}

TEST_F(LateApi, RequestsThatWaitKnowNothingOfEachOther) {
  const auto first = check("first", 10);
  const auto second = post("/check", R"({"facts":{"path":"/login","ip":"192.0.2.1"},"explain":true})");
  const auto third = check("third", 30);
  remote_.answer(2);
  EXPECT_NE(third->response.text.find(R"("remaining":29)"), std::string::npos);
  remote_.answer(0);
  EXPECT_NE(first->response.text.find(R"("remaining":9)"), std::string::npos);
  remote_.answer(0);
  EXPECT_NE(second->response.text.find(R"("rule":"login")"), std::string::npos);
  EXPECT_NE(server_.get("/metrics").text.find("rateguard_"), std::string::npos);
}

TEST_F(LateApi, APolicyHoldsForWhatBeginsAfterIt) {
  const std::string body = R"({"facts":{"path":"/login","ip":"192.0.2.1"}})";
  const auto before = post("/check", body);
  api_->set_policy(policy({login(50)}));
  const auto after = post("/check", body);
  const auto third = post("/check", body);
  remote_.answer_all();
  EXPECT_NE(before->response.text.find(R"("limit":5,)"), std::string::npos) << before->response.text;
  EXPECT_NE(after->response.text.find(R"("limit":50,)"), std::string::npos) << after->response.text;
  EXPECT_NE(third->response.text.find(R"("limit":50,)"), std::string::npos) << third->response.text;
  // What was at rest knows it, too.
  api_->set_policy(policy({login(500)}));
  const auto last = post("/check", body);
  remote_.answer();
  EXPECT_NE(last->response.text.find(R"("limit":500,)"), std::string::npos) << last->response.text;
}

TEST_F(LateApi, AnOldPolicyGoesWithTheLastThatNeedsIt) {
  auto old = policy({login(7)});
  const std::weak_ptr<const rules::RuleSet> rules = old.rules;
  api_->set_policy(std::move(old));
  const std::string body = R"({"facts":{"path":"/login","ip":"192.0.2.1"}})";
  const auto at_rest = post("/check", body);
  remote_.answer();
  const auto waiting = post("/check", body);
  api_->set_policy(policy({login(8)}));
  EXPECT_FALSE(rules.expired());
  remote_.answer();
  EXPECT_TRUE(rules.expired());
}

TEST_F(LateApi, EnvoysQuestionsWaitToo) {
  rls::DescriptorLabels labels;
  rls::RateLimitService rate_limits(server_.service, {.store = store_, .tasks = &tasks_}, labels);
  rate_limits.set_rules(policy({login(2)}));
  api_->serve_rate_limits(rate_limits);
  const auto ask_json = [&](const std::string& ip) {
    return post("/json", R"({"domain":"rateguard","descriptors":[{"entries":[{"key":"rule","value":"login"},)"
                         R"({"key":"ip","value":")" +
                             ip + R"("}]}]})");
  };
  const auto first = ask_json("192.0.2.1");
  const auto other = ask_json("192.0.2.2");
  rate_limits.set_rules(policy({login(1)}));
  const auto after = ask_json("192.0.2.3");
  const auto over = ask_json("192.0.2.3");
  EXPECT_EQ(first->response.code, 0);
  remote_.answer_all();
  EXPECT_NE(first->response.text.find(R"("limitRemaining":1)"), std::string::npos) << first->response.text;
  EXPECT_NE(other->response.text.find(R"("limitRemaining":1)"), std::string::npos) << other->response.text;
  EXPECT_EQ(after->response.text.find("limitRemaining"), std::string::npos) << after->response.text;
  EXPECT_EQ(after->response.code, 200);
  EXPECT_EQ(over->response.code, 429);
  api_.reset();
}

TEST_F(LateApi, AThousandWaitAtOnce) {
  std::vector<std::shared_ptr<Asked>> asked;
  for (int round = 0; round < 2; ++round) {
    asked.clear();
    for (int i = 0; i < 1'000; ++i) asked.push_back(check("key " + std::to_string(i), 1'000 + i));
    EXPECT_EQ(remote_.waiting(), 1'000u);
    remote_.answer_all();
    for (int i = 0; i < 1'000; ++i) {
      const std::string limit = "\"limit\":" + std::to_string(1'000 + i) + ",";
      EXPECT_NE(asked[static_cast<size_t>(i)]->response.text.find(limit), std::string::npos);
    }
  }
  EXPECT_EQ(tasks_.running(), 0u);
}

TEST_F(LateApi, BeyondItsBoundARequestIsRefusedAndAsksNothing) {
  net::Tasks few(net::TasksOptions{.short_lane = {.running_max = 1, .queued_max = 1}});
  server::AwaitingStore store(remote_, few, *loop_);
  api_.emplace(server_.service, policy({login(5)}), server::LoopStore{.store = store, .tasks = &few});
  const auto first = check("k", 10);
  const auto queued = check("k", 10);
  const auto refused = check("k", 10);
  EXPECT_EQ(refused->response.code, 503);
  EXPECT_EQ(refused->response["Retry-After"], "1");
  remote_.answer();
  remote_.answer();
  EXPECT_EQ(first->response.code, 200);
  EXPECT_NE(queued->response.text.find(R"("remaining":8)"), std::string::npos) << queued->response.text;
  api_.reset();
}

TEST_F(LateApi, WhatIsNotToBeHadIsSaid) {
  const auto hold = post("/v1/release", R"({"hold":")" + std::string(40, '0') + "\"}");
  const auto counter = ask({.method = "DELETE", .target = "/v1/counters/login/192.0.2.1"});
  remote_.fails = true;
  remote_.answer_all();
  EXPECT_EQ(hold->response.code, 503);
  EXPECT_EQ(counter->response.code, 503);
}

TEST_F(LateApi, WhatWaitsAtTheEndIsLetGo) {
  std::shared_ptr<Asked> asked;
  {
    net::Tasks tasks;
    server::AwaitingStore store(remote_, tasks, *loop_);
    api_.emplace(server_.service, policy({login(5)}), server::LoopStore{.store = store, .tasks = &tasks});
    asked = check("k", 3);
    EXPECT_FALSE(asked->let_go);
  }
  EXPECT_TRUE(asked->let_go);
  EXPECT_FALSE(asked->finished);
  api_.reset();
}

// With connections and a loop on a thread of its own.
class LateHttp : public LateApi {
 protected:
  static std::string check_of(const std::string& key) {
    return "POST /check HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body_of(key).size()) + "\r\n\r\n" + body_of(key);
  }
  static std::string body_of(const std::string& key) {
    return R"({"key":")" + key + R"(","algorithm":"token_bucket","capacity":10,"refill_rate":0.001})";
  }
  size_t waiting() {
    size_t count = 0;
    http_.on_loop([&] { count = remote_.waiting(); });
    return count;
  }
  bool waits(size_t count) {
    return net::eventually([&] { return waiting() == count; });
  }
  void answer_all() {
    http_.on_loop([&] { remote_.answer_all(); });
  }

  http::TestServer http_{*api_};
};

const http::Http2Fields kJson = {{"content-type", "application/json"}};

TEST_F(LateHttp, PipelinedChecksAreAnsweredInOrder) {
  http::TestClient client(http_.port());
  std::string text;
  for (int i = 0; i < 20; ++i) text += check_of("k") + http::get("/health");
  ASSERT_TRUE(client.send(text));
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(waits(1));
    EXPECT_EQ(http::TestClient(http_.port()).ask(http::get("/health")).status, 200);
    answer_all();
    const http::ReceivedResponse answer = client.read_answer();
    EXPECT_EQ(answer.status, i < 10 ? 200 : 429);
    const std::string left = "\"remaining\":" + std::to_string(std::max(0, 9 - i)) + ",";
    EXPECT_NE(answer.body.find(left), std::string::npos) << answer.body;
    EXPECT_EQ(client.read_answer().body, R"({"status":"ok"})");
  }
}

TEST_F(LateHttp, AClientThatHasGoneIsNotAnswered) {
  for (int i = 0; i < 5; ++i) {
    http::TestClient gone(http_.port());
    ASSERT_TRUE(gone.send(check_of("k") + check_of("k")));
    ASSERT_TRUE(waits(static_cast<size_t>(i) + 1));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(gone.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  EXPECT_TRUE(net::eventually([&] { return http_.stats().connections_open.value() == 0; }));
  answer_all();
  EXPECT_EQ(waiting(), 0u);
  http::TestClient client(http_.port());
  ASSERT_TRUE(client.send(check_of("k")));
  ASSERT_TRUE(waits(1));
  answer_all();
  EXPECT_NE(client.read_answer().body.find("\"remaining\":4,"), std::string::npos) << "their checks were made";
}

TEST_F(LateHttp, WhatAClientHadStillToAskIsNotAskedOnceItHasGone) {
  const std::string facts = R"({"facts":{"path":"/login","ip":"192.0.2.1"}})";
  const std::string batch = "{\"checks\":[" + facts + "," + facts + "]}";
  {
    http::TestClient gone(http_.port());
    ASSERT_TRUE(
        gone.send("POST /v1/check/batch HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                  "Content-Length: " +
                  std::to_string(batch.size()) + "\r\n\r\n" + batch));
    ASSERT_TRUE(waits(1));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(gone.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  EXPECT_TRUE(net::eventually([&] { return http_.stats().connections_open.value() == 0; }));
  answer_all();
  EXPECT_EQ(waiting(), 0u);
  size_t running = 1;
  http_.on_loop([&] { running = tasks_.running(); });
  EXPECT_EQ(running, 0u);
}

TEST_F(LateHttp, ChecksOfOneHttp2ConnectionWaitAtTheSameTime) {
  http::Http2Client client(http_.port());
  std::vector<int32_t> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(client.post("/check", body_of("k"), kJson));
  ASSERT_TRUE(client.flush());
  ASSERT_TRUE(waits(20));
  EXPECT_EQ(client.ask("/health", "").field(":status"), "405") << "POST; others are answered meanwhile";
  answer_all();
  int admitted = 0;
  for (const int32_t stream : streams) admitted += client.wait(stream).field(":status") == "200" ? 1 : 0;
  EXPECT_EQ(admitted, 10);
}

TEST_F(LateHttp, AnHttp2ClientThatHasGoneIsNotAnswered) {
  {
    http::Http2Client gone(http_.port());
    const int32_t reset = gone.post("/check", body_of("k"), kJson);
    for (int i = 0; i < 4; ++i) gone.post("/check", body_of("k"), kJson);
    ASSERT_TRUE(gone.flush());
    ASSERT_TRUE(waits(5));
    gone.reset(reset);
    ASSERT_TRUE(gone.flush());
    ASSERT_TRUE(net::eventually([&] { return http_.stats().streams_open.value() == 4; }));
  }
  answer_all();
  EXPECT_TRUE(net::eventually([&] { return http_.stats().connections_open.value() == 0; }));
  EXPECT_EQ(waiting(), 0u);
  http::Http2Client client(http_.port());
  const int32_t stream = client.post("/check", body_of("k"), kJson);
  ASSERT_TRUE(client.flush());
  ASSERT_TRUE(waits(1));
  answer_all();
  EXPECT_NE(client.wait(stream).body.find("\"remaining\":4,"), std::string::npos) << "their checks were made";
}

TEST_F(LateHttp, ADrainWaits) {
  http::TestClient client(http_.port());
  ASSERT_TRUE(client.send(check_of("k")));
  ASSERT_TRUE(waits(1));
  std::atomic<bool> drained = false;
  http_.on_loop([&] { http_.server().drain(Duration::seconds(100), [&] { drained = true; }); });
  EXPECT_FALSE(drained);
  answer_all();
  const http::ReceivedResponse answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.has("Connection: close"));
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(net::eventually([&] { return drained.load(); }));
}

}  // namespace
}  // namespace rateguard::http_api
