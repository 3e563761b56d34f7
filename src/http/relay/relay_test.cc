// A gateway of one handler between a client that speaks bytes and an upstream of ours.
#include "http/relay/relay.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "http/server/streaming_fixture_testing.h"
#include "net/eventually_testing.h"
#include "net/loop_thread_testing.h"

namespace rateguard::http {
namespace {

class RelayHandler final : public Handler {
 public:
  RelayHandler(net::EventLoop& loop, uint16_t upstream)
      : client_(loop),
        upstream_(std::make_shared<const Origin>(
            Origin{.target = {.host = "127.0.0.1", .port = upstream}, .protocols = Protocols::kHttp1})) {}

  bool streams() const override { return true; }
  BodyDelivery delivery(const Request&) override { return BodyDelivery::kPieces; }
  void handle(Exchange& exchange, Now) override {
    last = &exchange;
    relay(exchange, client_, upstream_, {.timeouts = {.first_byte = first_byte}});
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.detail);
  }

  std::optional<Duration> first_byte = Duration::seconds(60);
  Exchange* last = nullptr;  // for as long as the relay has it

 private:
  Client client_;
  std::shared_ptr<const Origin> upstream_;
};

class RelayTest : public testing::Test {
 protected:
  RelayTest() {
    const auto started = gateway_.start(loop_.loop(), *handler_);
    EXPECT_TRUE(started.has_value());
    port_ = started.value_or(0);
    loop_.start();
  }
  ~RelayTest() override { loop_.stop(); }

  StreamingHandler upstream_handler_;
  TestServer upstream_{upstream_handler_};
  net::LoopThread<> loop_;
  std::optional<RelayHandler> handler_{std::in_place, loop_.loop(), upstream_.port()};
  Server gateway_{ServerOptions()};
  uint16_t port_ = 0;
};

TEST_F(RelayTest, AnAnswerPassesWithItsFieldsAndSaysWhereItCameThrough) {
  TestClient client(port_);
  const ReceivedResponse answer = client.ask(get("/early"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "early");
  EXPECT_TRUE(answer.head.contains("\r\nvia: 1.1 rateguard\r\n")) << answer.head;
  EXPECT_EQ(client.ask(get("/early")).body, "early") << "the connection goes on";
}

TEST_F(RelayTest, AnUpstreamThatIsSlowIs504) {
  loop_.on_loop([&] { handler_->first_byte = Duration::millis(100); });
  EXPECT_EQ(TestClient(port_).ask(get("/late")).status, 504);
}

// However many clients do not read, each has no more than a window waiting for it: over one HTTP/2 connection they
// leave room for others.
TEST_F(RelayTest, NoMoreThanAWindowWaitsForAClientThatDoesNotRead) {
  TestClient client(port_);
  ASSERT_TRUE(client.send(get("/source?50000000")));
  size_t waiting = 0;
  size_t before = 0;
  const auto stands_still = [&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    before = waiting;
    loop_.on_loop([&] { waiting = handler_->last == nullptr ? 0 : handler_->last->waiting_bytes(); });
    return waiting != 0 && waiting == before;
  };
  ASSERT_TRUE(net::eventually(stands_still));
  EXPECT_LE(waiting, Call::kWindow + 4'096);
}

TEST_F(RelayTest, AClientThatGoesBeforeItsAnswerBeginsCancelsTheCall) {
  {
    TestClient client(port_);
    ASSERT_TRUE(client.send(get("/late")));
    EXPECT_TRUE(eventually([&] { return upstream_handler_.handled == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return upstream_handler_.finished == 1; })) << "the call's connection is closed";
}

TEST_F(RelayTest, AnUpgradePasses) {
  TestClient client(port_);
  ASSERT_TRUE(client.send(get("/upgrade", "Connection: Upgrade\r\nUpgrade: echo\r\n")));
  const ReceivedResponse answer = client.read_head();
  EXPECT_EQ(answer.status, 101);
  ASSERT_TRUE(client.send("any bytes"));
  EXPECT_EQ(client.read_bytes(9), "any bytes");
}

TEST_F(RelayTest, AnAnswerToHeadPassesWithoutContent) {
  TestClient client(port_);
  ASSERT_TRUE(client.send("HEAD /early HTTP/1.1\r\nHost: a\r\n\r\n"));
  const ReceivedResponse answer = client.read_answer(BodyOf::kHead);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.head.contains("content-length: 5\r\n") || answer.head.contains("Content-Length: 5\r\n"))
      << answer.head;
  EXPECT_EQ(client.ask(get("/early")).body, "early");
}

TEST_F(RelayTest, AnAnswerBeforeTheRequestIsWholePasses) {
  TestClient client(port_);
  ASSERT_TRUE(client.send("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nbegun"));
  EXPECT_EQ(client.read_answer().body, "early");
}

TEST_F(RelayTest, TrailersPassBothWays) {
  TestClient client(port_);
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "4\r\nbody\r\n0\r\nX-Sum: 7\r\nTE: gzip\r\n\r\n"));
  EXPECT_EQ(client.read_head().status, 200);
  const std::string_view expected = "4\r\nbody\r\n0\r\nx-sum: 7\r\nx-end: whole\r\n\r\n";
  EXPECT_EQ(client.read_bytes(expected.size()), expected);
}

TEST_F(RelayTest, AClientThatExpectsLeaveIsGivenIt) {
  TestClient client(port_);
  ASSERT_TRUE(client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_head().head, "HTTP/1.1 100 Continue\r\n");
  ASSERT_TRUE(client.send("body"));
  EXPECT_EQ(client.read_head().status, 200);
}

}  // namespace
}  // namespace rateguard::http
