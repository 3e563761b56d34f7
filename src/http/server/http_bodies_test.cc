// Bodies that have not arrived whole: what is kept of them, and what is answered before they have.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "http/server/http2_fixture.h"
#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

// Wants no body but those of /wanted.
class PickyHandler final : public Handler {
 public:
  BodyDelivery delivery(const Request& head) override {
    return head.path == "/wanted" ? BodyDelivery::kWhole : BodyDelivery::kNone;
  }
  void handle(Exchange& exchange, Now now) override { echo_.handle(exchange, now); }
  void reject(const Rejection& rejection, Instant now, Responder& responder) override {
    echo_.reject(rejection, now, responder);
  }

 private:
  EchoHandler echo_;
};

std::string head_of(std::string_view target, size_t length, std::string_view fields = "") {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(length) + "\r\n" +
         std::string(fields) + "\r\n";
}

TEST(HttpBodies, RequestsThatNeedNoneAreAnsweredFirstAndTheConnectionContinues) {
  PickyHandler handler;
  TestServer server(handler);
  TestClient client(server.port());
  EXPECT_EQ(client.ask(head_of("/refused", 100'000) + "some of it").body, "POST /refused ");
  ASSERT_TRUE(client.send(std::string(100'000 - 10, 'x')));
  EXPECT_EQ(client.ask(head_of("/wanted", 3) + "abc").body, "POST /wanted abc");
  // In pieces that end anywhere.
  ASSERT_TRUE(client.send(head_of("/refused", 5)));
  EXPECT_EQ(client.read_answer().body, "POST /refused ");
  EXPECT_EQ(client.ask("12345" + get("/next")).body, "GET /next ");
  EXPECT_EQ(server.stats().requests_handled.value(), 4u);
}

TEST(HttpBodies, WhoseEndIsNotKnownEndsTheConnectionAfterTheAnswerIsRead) {
  PickyHandler handler;
  TestServer server(handler);
  uint64_t answered = 0;
  for (const std::string& head :
       {std::string("POST /refused HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"),
        head_of("/refused", 1'000, "Expect: 100-continue\r\n"),
        head_of("/refused", 1'000'000, "Connection: close\r\n")}) {
    TestClient client(server.port());
    ASSERT_TRUE(client.send(head));
    ++answered;
    ASSERT_TRUE(eventually([&] { return server.stats().requests_handled.value() == answered; }));
    // Whoever sends on before it looks at the answer still finds it.
    for (int i = 0; i < 20; ++i) {
      ASSERT_TRUE(client.send(std::string(10'000, 'x')));
      server.on_loop([] {});
    }
    client.send_end();
    const ReceivedResponse answer = client.read_answer();
    EXPECT_EQ(answer.body, "POST /refused ");
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(client.ended_in_order());
  }
}

TEST(HttpBodies, AllConnectionsTogetherHaveABound) {
  const auto bodies = std::make_shared<BodyBudget>(100'000);
  TestServer server({.bodies = bodies});
  {
    TestClient first(server.port());
    ASSERT_TRUE(first.send(head_of("/", 80'001) + std::string(80'000, 'x')));
    ASSERT_TRUE(eventually([&] { return bodies->bytes() >= 76'000; }));
    TestClient second(server.port());
    ASSERT_TRUE(second.send(head_of("/", 60'000) + std::string(50'000, 'x')));
    const ReceivedResponse refused = second.read_answer();
    EXPECT_EQ(refused.status, 503);
    EXPECT_TRUE(refused.has("Connection: close"));
    EXPECT_EQ(bodies->refusals(), 1u);
    // The first goes on, and gives back what it held.
    EXPECT_EQ(first.ask("x").status, 200);
    EXPECT_TRUE(eventually([&] { return bodies->bytes() == 0; }));
    // What fits in a moment's buffer is not counted.
    EXPECT_EQ(first.ask(post("/", std::string(3'000, 'x'))).status, 200);
    ASSERT_TRUE(first.send(head_of("/", 90'000) + std::string(80'000, 'x')));
    ASSERT_TRUE(eventually([&] { return bodies->bytes() >= 76'000; }));
  }
  EXPECT_TRUE(eventually([&] { return bodies->bytes() == 0; }));  // it is gone
}

TEST(HttpBodies, StreamsOfAllConnectionsShareTheBound) {
  const auto bodies = std::make_shared<BodyBudget>(10'000);
  Http2TestServer server({.bodies = bodies});
  Http2Client first(server.port());
  Http2Client second(server.port());
  const int32_t held = first.open("/a");
  first.body(held, std::string(9'000, 'x'), false);
  ASSERT_TRUE(eventually([&] { return bodies->bytes() == 8'192; }));
  const int32_t refused = second.open("/b");
  // In frames of a hundred bytes, of which those behind the first that finds no room refuse nothing more.
  for (int i = 0; i < 80; ++i) second.body(refused, std::string(100, 'x'), i == 79);
  EXPECT_EQ(second.wait(refused).field(":status"), "503");
  EXPECT_EQ(bodies->refusals(), 1u);
  first.body(held, "", true);
  EXPECT_EQ(first.wait(held).field(":status"), "200");
  EXPECT_EQ(bodies->bytes(), 0u);
  EXPECT_EQ(second.ask("/c", std::string(9'000, 'x')).field(":status"), "200");
  const int32_t reset = first.open("/d");
  first.body(reset, std::string(5'000, 'x'), false);
  ASSERT_TRUE(eventually([&] { return bodies->bytes() == 4'096; }));
  first.reset(reset);
  first.flush();
  EXPECT_TRUE(eventually([&] { return bodies->bytes() == 0; }));
}

// What all loops share is touched by bodies of several pages only.
TEST(HttpBodies, SmallOnesOfAConnectionAreCountedByItAlone) {
  BodyBudget budget(10'000);
  BodyAccount account(&budget, 9'000);
  EXPECT_TRUE(account.set(4'095));
  EXPECT_EQ(budget.bytes(), 0u);
  EXPECT_TRUE(account.set(8'192));
  EXPECT_EQ(budget.bytes(), 8'192u);
  EXPECT_FALSE(account.set(9'001)) << "the connection's own bound";
  BodyAccount other(&budget);
  EXPECT_FALSE(other.set(4'096)) << "the bound of all";
  EXPECT_EQ(other.bytes(), 0u);
  EXPECT_EQ(budget.refusals(), 2u);
  account.shrink_to(10'000);
  EXPECT_EQ(account.bytes(), 8'192u);
  account.shrink_to(100);
  EXPECT_EQ(budget.bytes(), 0u);
}

TEST(BodyBudget, GivesWhatIsLeftOfItsSpareHalf) {
  constexpr uint64_t kStep = BodyAccount::kStepBytes;
  BodyBudget budget(20 * kStep);
  BodyAccount one(&budget);
  BodyAccount other(&budget);
  EXPECT_EQ(one.set_spare(7 * kStep + 5), 7 * kStep + 5);
  EXPECT_EQ(other.set_spare(8 * kStep), 3 * kStep) << "as much as there is room for";
  EXPECT_EQ(budget.bytes(), 10 * kStep);
  EXPECT_EQ(one.set_spare(9 * kStep), 7 * kStep + 5) << "no fewer than before";
  one.shrink_to(0);
  EXPECT_EQ(other.set_spare(8 * kStep), 8 * kStep);
  EXPECT_EQ(other.set_spare(0), 0u);
  EXPECT_EQ(budget.bytes(), 0u);
  EXPECT_EQ(budget.refusals(), 0u);
}

}  // namespace
}  // namespace rateguard::http
