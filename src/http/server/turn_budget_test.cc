// One connection that always has more does not keep the others of its loop waiting.
#include "net/turn_budget.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "http/server/http2_fixture.h"
#include "http/server/server_fixture.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

TEST(TurnBudget, IsUsedUpByTimeFromTheFirstLookOn) {
  net::ManualSteadyTime time;
  const net::SteadyNow now = time.source();
  std::chrono::nanoseconds used{};
  {
    net::TurnBudget turn(now, used);
    time.advance(Duration::seconds(1));
    EXPECT_FALSE(turn.used_up());
    time.advance(Duration::micros(49));
    EXPECT_FALSE(turn.used_up());
    time.advance(Duration::micros(1));
    EXPECT_TRUE(turn.used_up());
  }
  net::TurnBudget another(now, used);
  EXPECT_TRUE(another.used_up());
}

TEST(TurnBudget, IsSharedByThoseWhoDoNotUseAllOfIt) {
  net::ManualSteadyTime time;
  const net::SteadyNow now = time.source();
  std::chrono::nanoseconds used{};
  for (int connection = 0; connection < 2; ++connection) {
    net::TurnBudget turn(now, used);
    EXPECT_FALSE(turn.used_up());
    time.advance(Duration::micros(20));
    EXPECT_FALSE(turn.used_up());
  }
  net::TurnBudget third(now, used);
  EXPECT_FALSE(third.used_up());
  time.advance(Duration::micros(10));
  EXPECT_TRUE(third.used_up());
}

// Takes 50 us for each request, by the server's own time, and remembers their order.
class SlowHandler final : public Handler {
 public:
  explicit SlowHandler(net::ManualSteadyTime& time) : time_(time) {}
  void handle(Exchange& exchange, Now now) override {
    time_.advance(Duration::micros(50));
    order.emplace_back(exchange.request().target);
    if (order.size() == 3) at_third();
    at_each();
    if (!keeps) return echo_.handle(exchange, now);
    const KeptExchange kept = exchange.keep(nullptr);
    EchoHandler::answer(kept->request(), *kept);
    kept->finish();
  }
  void reject(const Rejection& rejection, Instant now, Responder& responder) override {
    echo_.reject(rejection, now, responder);
  }

  std::function<void()> at_third = [] {};
  std::function<void()> at_each = [] {};
  bool keeps = false;              // each exchange, and answers it at once all the same
  std::vector<std::string> order;  // on the loop's thread

 private:
  net::ManualSteadyTime& time_;
  EchoHandler echo_;
};

size_t place_of(const std::vector<std::string>& order, const std::string& target) {
  return static_cast<size_t>(std::ranges::find(order, target) - order.begin());
}

TEST(Fairness, APipelineOverHttpDoesNotKeepOthersWaiting) {
  for (const bool later : {false, true}) {
    net::ManualSteadyTime time;
    SlowHandler handler(time);
    handler.keeps = later;
    TestServer server(handler, {.host = {.steady_now = time.source()}});
    TestClient greedy(server.port());
    TestClient modest(server.port());
    EXPECT_EQ(greedy.ask(get("/")).status, 200);
    EXPECT_EQ(modest.ask(get("/")).status, 200);
    constexpr int kRequests = 300;
    // Both have sent when the loop looks at them, the greedy one first.
    server.on_loop([&] {
      std::string pipeline;
      for (int i = 0; i < kRequests; ++i) pipeline += get("/" + std::to_string(i));
      EXPECT_TRUE(greedy.send(pipeline));
      EXPECT_TRUE(modest.send(get("/modest")));
    });
    EXPECT_EQ(modest.read_answer().body, "GET /modest ");
    for (int i = 0; i < kRequests; ++i) ASSERT_EQ(greedy.read_answer().body, "GET /" + std::to_string(i) + " ");
    server.on_loop([&] { EXPECT_LT(place_of(handler.order, "/modest"), 20u); });
  }
}

// Their turns together are as short as one connection's.
TEST(Fairness, ManyPipelinesKeepOthersWaitingNoLongerThanOne) {
  net::ManualSteadyTime time;
  SlowHandler handler(time);
  TestServer server(handler, {.host = {.steady_now = time.source()}});
  std::vector<TestClient> greedy;
  for (int i = 0; i < 16; ++i) greedy.emplace_back(server.port());
  TestClient modest(server.port());
  for (TestClient& client : greedy) EXPECT_EQ(client.ask(get("/")).status, 200);
  EXPECT_EQ(modest.ask(get("/")).status, 200);
  std::string pipeline;
  for (int i = 0; i < 100; ++i) pipeline += get("/greedy");
  // The modest one sends when all the others have had a turn.
  size_t asked_at = 0;
  const size_t begin = 17 + 40;
  server.on_loop([&] {
    handler.at_each = [&] {
      if (handler.order.size() != begin) return;
      asked_at = handler.order.size();
      EXPECT_TRUE(modest.send(get("/modest")));
    };
    for (TestClient& client : greedy) EXPECT_TRUE(client.send(pipeline));
  });
  EXPECT_EQ(modest.read_answer().body, "GET /modest ");
  for (TestClient& client : greedy) {
    for (int i = 0; i < 100; ++i) ASSERT_EQ(client.read_answer().body, "GET /greedy ");
  }
  server.on_loop([&] { EXPECT_LE(place_of(handler.order, "/modest"), asked_at + 4); });
}

TEST(Fairness, ManyGreedyConnectionsGetAllTheirAnswers) {
  net::ManualSteadyTime time;
  SlowHandler handler(time);
  TestServer server(handler, {.host = {.steady_now = time.source()}});
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += get("/" + std::to_string(i));
  std::vector<TestClient> clients;
  for (int i = 0; i < 20; ++i) clients.emplace_back(server.port());
  for (TestClient& client : clients) ASSERT_TRUE(client.send(pipeline));
  for (int i = 0; i < 10; ++i)
    const TestClient gone = std::move(clients[static_cast<size_t>(i)]);  // before they are answered
  for (TestClient& client : std::span(clients).subspan(10)) {
    for (int i = 0; i < 200; ++i) ASSERT_EQ(client.read_answer().body, "GET /" + std::to_string(i) + " ");
  }
}

TEST(Fairness, ADrainEndsWhatWaitsForItsTurnWithItsNextAnswer) {
  net::ManualSteadyTime time;
  SlowHandler handler(time);
  TestServer server(handler, {.host = {.steady_now = time.source()}});
  std::atomic<bool> empty = false;
  // In the first turn, so that the drain begins between it and the next.
  server.on_loop([&] {
    handler.at_third = [&] {
      server.post([&] { server.server().drain(Duration::seconds(100), [&] { empty = true; }); });
    };
  });
  std::string pipeline;
  for (int i = 0; i < 20; ++i) pipeline += get("/" + std::to_string(i));
  TestClient client(server.port());
  ASSERT_TRUE(client.send(pipeline));
  int answers = 0;
  ReceivedResponse answer;
  do {
    answer = client.read_answer();
    ASSERT_EQ(answer.body, "GET /" + std::to_string(answers++) + " ");
  } while (!answer.has("Connection: close"));
  EXPECT_LT(answers, 10);
  EXPECT_TRUE(client.ended_in_order());
  {
    const TestClient gone = std::move(client);
  }
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

TEST(Fairness, StreamsOfOneConnectionDoNotKeepOthersWaiting) {
  net::ManualSteadyTime time;
  std::vector<std::string> order;
  Http2TestServer server({.host = {.steady_now = time.source()}});
  server.on_loop([&] {
    server.handler().heard = [&](const Request& request) {
      time.advance(Duration::micros(50));
      order.emplace_back(request.path);
    };
  });
  Http2Client greedy(server.port());
  Http2Client modest(server.port());
  greedy.ask("/", "");
  modest.ask("/", "");
  std::vector<int32_t> streams;
  int32_t last = 0;
  server.on_loop([&] {
    for (int i = 0; i < 900; ++i) streams.push_back(greedy.post("/" + std::to_string(i), "some body"));
    EXPECT_TRUE(greedy.flush());
    last = modest.post("/modest", "");
    EXPECT_TRUE(modest.flush());
  });
  EXPECT_EQ(modest.wait(last).field(":status"), "200");
  for (const int32_t stream : streams) ASSERT_EQ(greedy.wait(stream).field(":status"), "200");
  server.on_loop([&] { EXPECT_LT(place_of(order, "/modest"), 300u); });
}

}  // namespace
}  // namespace rateguard::http
