// Answers that come later: what the connection does meanwhile.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <vector>

#include "http/server/server_fixture.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

constexpr Duration kShort = Duration::millis(40);
constexpr Duration kLong = Duration::seconds(100);

// Echoes when it is told to; "/now" at once.
class LateHandler final : public Handler {
 public:
  void handle(Exchange& exchange, Now) override {
    if (exchange.request().path == "/now") return EchoHandler::answer(exchange.request(), exchange);
    exchanges.push_back(exchange.keep(nullptr));
    waiting = exchanges.size();
  }
  void reject(const Rejection& rejection, Instant now, Responder& responder) override {
    echo_.reject(rejection, now, responder);
  }
  // On the loop's thread.
  static void answer(Exchange& exchange) {
    EchoHandler::answer(exchange.request(), exchange);
    exchange.finish();
  }

  std::vector<KeptExchange> exchanges;  // in order of arrival; answered ones too
  std::atomic<size_t> waiting = 0;      // of exchanges

 private:
  EchoHandler echo_;
};

class LateAnswers : public testing::Test {
 protected:
  void serve(ServerOptions options = {}) { server_ = std::make_unique<TestServer>(handler_, std::move(options)); }
  TestClient connect() const { return TestClient(server_->port()); }
  // Waits for the `index`th request to be handed over and answers it.
  void answer(size_t index) {
    ASSERT_TRUE(handed_over(index + 1));
    on_loop([&] { handler_.answer(*handler_.exchanges[index]); });
  }
  bool handed_over(size_t count) {
    return eventually([&] { return handler_.waiting >= count; });
  }
  void on_loop(const std::function<void()>& work) { server_->on_loop(work); }
  void drain() {
    on_loop([&] { server_->server().drain(kLong, [&] { drained_ = true; }); });
  }

  LateHandler handler_;
  std::unique_ptr<TestServer> server_;
  std::atomic<bool> drained_ = false;
};

TEST_F(LateAnswers, ComeWhenTheyAreReadyAndOthersAreServedMeanwhile) {
  serve();
  TestClient first = connect();
  TestClient second = connect();
  ASSERT_TRUE(first.send(post("/a?b", "body of the first")));
  ASSERT_TRUE(handed_over(1));
  ASSERT_TRUE(second.send(post("/c", "body of the second")));
  ASSERT_TRUE(handed_over(2));
  EXPECT_EQ(connect().ask(get("/now")).body, "GET /now ");
  EXPECT_FALSE(first.readable(std::chrono::milliseconds(0)));
  answer(1);
  const ReceivedResponse answered = second.read_answer();
  EXPECT_EQ(answered.body, "POST /c body of the second");
  EXPECT_TRUE(answered.has("X-Peer: 127.0.0.1"));
  EXPECT_NE(answered.head.find("\r\nDate: "), std::string::npos);
  answer(0);
  const ReceivedResponse other = first.read_answer();
  EXPECT_EQ(other.body, "POST /a?b body of the first");
  EXPECT_TRUE(other.has("X-Echo: b"));
  EXPECT_EQ(server_->stats().requests_handled.value(), 3u);
  // Both connections go on.
  ASSERT_TRUE(first.send(get("/again")));
  answer(2);
  EXPECT_EQ(first.read_answer().body, "GET /again ");
  EXPECT_EQ(second.ask(get("/now")).status, 200);
}

TEST_F(LateAnswers, ArePipelinedInOrderOneAtATime) {
  serve();
  TestClient client = connect();
  constexpr size_t kRequests = 50;
  std::string text;
  for (size_t i = 0; i < kRequests; ++i) {
    text += post("/late" + std::to_string(i), std::string(100 * i, 'b')) + get("/now");
  }
  ASSERT_TRUE(client.send(text));
  for (size_t i = 0; i < kRequests; ++i) {
    ASSERT_TRUE(handed_over(i + 1));
    EXPECT_EQ(handler_.waiting, i + 1);
    EXPECT_FALSE(client.readable(std::chrono::milliseconds(0)));
    answer(i);
    EXPECT_EQ(client.read_answer().body, "POST /late" + std::to_string(i) + " " + std::string(100 * i, 'b'));
    EXPECT_EQ(client.read_answer().body, "GET /now ");
  }
}

TEST_F(LateAnswers, AtOnceNeedNoDeepStack) {
  serve();
  TestClient client = connect();
  constexpr int kRequests = 20'000;
  std::thread sender([&] {
    std::string text;
    for (int i = 0; i < kRequests; ++i) text += get("/now");
    EXPECT_TRUE(client.send(text));
  });
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(client.read_answer().body, "GET /now ");
  sender.join();
}

// What a client goes on sending stays in the kernel, whose room for it ends.
TEST_F(LateAnswers, ReadNothingMeanwhile) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/late")));
  ASSERT_TRUE(handed_over(1));
  const std::string more(1'000'000, 'x');
  const auto send_some = [&] {
    return ::send(client.descriptor(), more.data(), more.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  };
  EXPECT_TRUE(eventually([&] { return send_some() < 0 && errno == EAGAIN; }));
  on_loop([] {});
  answer(0);
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_EQ(client.read_answer().status, 414);
}

TEST_F(LateAnswers, TheRequestIsTheExchangesOwn) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(
      client.send("POST http://host/p?q HTTP/1.1\r\nHost: a\r\nX-One: 1\r\nTransfer-Encoding: "
                  "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"));
  ASSERT_TRUE(handed_over(1));
  EXPECT_EQ(connect().ask(post("/now", std::string(60'000, 'z'))).status, 200);  // the buffers are used again
  on_loop([&] {
    const Request& request = handler_.exchanges[0]->request();
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.target, "/p?q");
    EXPECT_EQ(request.path, "/p");
    EXPECT_EQ(request.query, "q");
    EXPECT_EQ(request.body, "abcde");
    ASSERT_EQ(request.headers.size(), 3u);
    EXPECT_EQ(request.headers[0].value, "host");
    EXPECT_EQ(request.headers[1].name, "X-One");
    EXPECT_EQ(request.headers[1].value, "1");
    EXPECT_FALSE(request.secure);
  });
  answer(0);
  EXPECT_EQ(client.read_answer().body, "POST /p?q abcde");
}

TEST_F(LateAnswers, FollowEarlierAnswers) {
  serve({.limits = {.body_bytes_max = 1'000}});
  TestClient client = connect();
  ASSERT_TRUE(client.send(post("/", std::string(1'500, 'x')) +
                          "POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status, 413);
  EXPECT_EQ(client.read_answer().status, 100);
  ASSERT_TRUE(client.send("body" + post("/", std::string(1'500, 'y')) + get("/last")));
  answer(0);
  EXPECT_EQ(client.read_answer().body, "POST /e body");
  EXPECT_EQ(client.read_answer().status, 413);
  answer(1);
  EXPECT_EQ(client.read_answer().body, "GET /last ");
}

TEST_F(LateAnswers, EndTheConnectionAsTheClientAsked) {
  serve();
  size_t next = 0;
  {
    TestClient client = connect();
    ASSERT_TRUE(client.send(get("/", "Connection: close\r\n") + get("/unanswered")));
    answer(next++);
    EXPECT_TRUE(client.read_answer().has("Connection: close"));
    EXPECT_TRUE(client.ended_in_order());
  }
  {
    TestClient client = connect();
    ASSERT_TRUE(client.send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    answer(next++);
    EXPECT_TRUE(client.read_answer().has("Connection: keep-alive"));
    EXPECT_EQ(client.ask(get("/now", "Connection: close\r\n") + get("/now")).status, 200);
    EXPECT_TRUE(client.ended_in_order());
  }
  {
    TestClient client = connect();
    ASSERT_TRUE(client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + get("/nothing")));
    client.send_end();
    answer(next++);
    EXPECT_TRUE(client.read_answer(BodyOf::kHead).has("Content-Length: 8"));
    answer(next++);
    EXPECT_EQ(client.read_answer().status, 500);
    EXPECT_TRUE(client.ended());
  }
}

TEST_F(LateAnswers, WithoutAWaitingClientAreDropped) {
  serve();
  {
    TestClient gone = connect();
    ASSERT_TRUE(gone.send(get("/gone")));
    ASSERT_TRUE(handed_over(1));
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    setsockopt(gone.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
  }
  EXPECT_TRUE(eventually([&] { return server_->stats().connections_open.value() == 0; }))
      << "a reset is heard of at once";
  {
    TestClient closed = connect();
    ASSERT_TRUE(closed.send(get("/closed")));
    ASSERT_TRUE(handed_over(2));
  }
  on_loop([] {});
  on_loop([] {});
  answer(0);
  answer(1);
  EXPECT_TRUE(eventually([&] { return server_->stats().connections_open.value() == 0; }));
  EXPECT_EQ(connect().ask(get("/now")).status, 200);
}

TEST_F(LateAnswers, ThatNeverComeEndTheConnection) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(handed_over(1));
  on_loop([&] { handler_.exchanges.clear(); });
  EXPECT_TRUE(client.ended());
}

TEST_F(LateAnswers, OutliveTheirServer) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/")));
  ASSERT_TRUE(handed_over(1));
  server_.reset();
  handler_.answer(*handler_.exchanges[0]);
}

TEST_F(LateAnswers, NoTimeoutIsForThem) {
  net::ManualSteadyTime time;
  serve({.host = {.timeouts = {.idle = kShort, .read = kShort}, .steady_now = time.source()}});
  TestClient client = connect();
  const std::string request = get("/late");
  ASSERT_TRUE(client.send(request.substr(0, 5)));
  on_loop([] {});
  ASSERT_TRUE(client.send(request.substr(5) + "GET"));
  ASSERT_TRUE(handed_over(1));
  for (int i = 0; i < 2; ++i) {
    TestClient other = connect();
    EXPECT_TRUE(eventually([&] { return server_->stats().connections_open.value() == 2; }));
    time.advance(kShort * 2);
    EXPECT_TRUE(other.ended());  // by its idle timeout
  }
  answer(0);
  EXPECT_EQ(client.read_answer().status, 200);
  on_loop([] {});
  time.advance(kShort * 2);
  EXPECT_EQ(client.read_answer().status, 408);  // what follows has its own time again
  EXPECT_TRUE(client.ended());
}

TEST_F(LateAnswers, TheConnectionIsIdleAfterThem) {
  net::ManualSteadyTime time;
  serve({.host = {.timeouts = {.idle = kShort, .read = kLong}, .steady_now = time.source()}});
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/late")));
  answer(0);
  EXPECT_EQ(client.read_answer().status, 200);
  on_loop([] {});
  time.advance(kShort * 2);
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(server_->stats().timeouts.value(), 1u);
}

TEST_F(LateAnswers, AreWaitedForByADrain) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/late") + get("/unanswered")));
  ASSERT_TRUE(handed_over(1));
  drain();
  EXPECT_FALSE(drained_);
  answer(0);
  const ReceivedResponse answered = client.read_answer();
  EXPECT_EQ(answered.body, "GET /late ");
  EXPECT_TRUE(answered.has("Connection: close"));
  EXPECT_TRUE(client.ended_in_order());
  {
    const TestClient gone = std::move(client);
  }
  EXPECT_TRUE(eventually([&] { return drained_.load(); }));
}

// The drain begins when the answer's head is said already.
TEST_F(LateAnswers, HalfGivenAreWaitedForByADrainToo) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/late")));
  ASSERT_TRUE(handed_over(1));
  on_loop([&] { handler_.exchanges[0]->status(200); });
  drain();
  on_loop([&] {
    handler_.exchanges[0]->body("text/plain", "ok");
    handler_.exchanges[0]->finish();
  });
  EXPECT_EQ(client.read_answer().body, "ok");
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return drained_.load(); }));
}

TEST_F(LateAnswers, AreCutOffWhenTheGraceIsOver) {
  serve();
  TestClient client = connect();
  ASSERT_TRUE(client.send(get("/late")));
  ASSERT_TRUE(handed_over(1));
  on_loop([&] { server_->server().drain(kShort, [&] { drained_ = true; }); });
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return drained_.load(); }));
  answer(0);
}

// A large answer waits for its reader, and the next request for the answer.
TEST_F(LateAnswers, WaitForASlowReader) {
  serve();
  TestClient slow = connect();
  ASSERT_TRUE(slow.send(get("/big?20000000") + get("/next") + get("/now")));
  answer(0);
  on_loop([] {});
  EXPECT_EQ(handler_.waiting, 1u);
  EXPECT_EQ(slow.read_answer().body.size(), 20'000'000u);
  answer(1);
  EXPECT_EQ(slow.read_answer().body, "GET /next ");
  EXPECT_EQ(slow.read_answer().body, "GET /now ");
}

TEST_F(LateAnswers, ManyAtOnce) {
  serve();
  constexpr size_t kClients = 400;  // each has two descriptors here
  std::vector<TestClient> clients;
  for (size_t i = 0; i < kClients; ++i) {
    clients.push_back(connect());
    ASSERT_TRUE(clients.back().send(get("/" + std::to_string(i))));
    ASSERT_TRUE(handed_over(i + 1));
  }
  for (size_t i = kClients; i-- > 0;) answer(i);
  for (size_t i = 0; i < kClients; ++i) EXPECT_EQ(clients[i].read_answer().body, "GET /" + std::to_string(i) + " ");
}

// A handler may answer one request in the midst of being given another.
TEST(LateAnswersOfOneAnother, MayComeFromWithinAnother) {
  struct OneAfterAnother final : Handler {
    void handle(Exchange& exchange, Now) override {
      if (exchange.request().path == "/keep") {
        kept = exchange.keep(nullptr);
        is_kept = true;
        return;
      }
      const KeptExchange mine = exchange.keep(nullptr);
      if (kept) LateHandler::answer(*std::exchange(kept, nullptr));
      LateHandler::answer(*mine);
    }
    void reject(const Rejection&, Instant, Responder&) override {}

    KeptExchange kept;
    std::atomic<bool> is_kept = false;
  } handler;
  TestServer server(handler);
  TestClient first(server.port());
  TestClient second(server.port());
  ASSERT_TRUE(first.send(get("/keep") + get("/one") + get("/two")));
  ASSERT_TRUE(eventually([&] { return handler.is_kept.load(); }));
  ASSERT_TRUE(second.send(get("/three") + get("/four")));
  EXPECT_EQ(second.read_answer().body, "GET /three ");
  EXPECT_EQ(second.read_answer().body, "GET /four ");
  EXPECT_EQ(first.read_answer().body, "GET /keep ");
  EXPECT_EQ(first.read_answer().body, "GET /one ");
  EXPECT_EQ(first.read_answer().body, "GET /two ");
}

}  // namespace
}  // namespace rateguard::http
