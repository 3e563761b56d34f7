// Bodies and answers in pieces, over HTTP/1.1 and HTTP/2: what waits is bounded, and a client that goes away costs
// nobody else.
#include <gtest/gtest.h>

#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/streaming_fixture_testing.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

using std::chrono::milliseconds;

// One read more than the window may be held.
constexpr size_t kHeldMax = Exchange::kBodyWindow + 64 * 1'024;

void reset(const TestClient& client) {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  setsockopt(client.descriptor(), SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

std::string head_of(std::string_view target, std::string_view fields) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(fields) + "\r\n";
}

std::string chunk(std::string_view bytes) {
  char size[20];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return size + std::string(bytes) + "\r\n";
}

// Takes an answer in chunks apart.
class ChunkReader {
 public:
  explicit ChunkReader(TestClient& client) : client_(client) {}
  // The content; the trailers follow in trailers(). What came, where the connection ends first.
  std::string read() {
    std::string content;
    for (;;) {
      const std::string line = client_.read_line();
      const size_t size = std::strtoul(line.c_str(), nullptr, 16);
      if (line.empty()) return content;
      if (size == 0) break;
      content += client_.read_bytes(size);
      client_.read_line();
    }
    for (std::string line = client_.read_line(); !line.empty(); line = client_.read_line()) trailers_ += line + "\n";
    return content;
  }
  const std::string& trailers() const { return trailers_; }

 private:
  TestClient& client_;
  std::string trailers_;
};

class Streaming : public testing::Test {
 protected:
  void on_loop(const std::function<void()>& work) { server_.on_loop(work); }
  void print(const char* what) const {
    std::printf("%s: %zu bytes arrived, at most %zu held and %zu waiting\n", what, handler_.arrived.load(),
                handler_.held_max.load(), handler_.waiting_max.load());
  }
  void expect_bounds() const {
    EXPECT_LE(handler_.held_max, kHeldMax);
    EXPECT_LE(handler_.waiting_max, StreamingHandler::kWaitingMax + kHeldMax);
  }

  StreamingHandler handler_;
  TestServer server_{handler_};
};

TEST_F(Streaming, AnEchoOverHttp1HoldsNoMoreThanItsWindows) {
  constexpr size_t kSize = 30'000'000;
  TestClient client(server_.port());
  std::string sent;
  for (size_t i = 0; sent.size() < kSize; ++i) sent += std::to_string(i) + ",";
  std::thread sender([&] {
    EXPECT_TRUE(client.send(head_of("/echo", "Content-Length: " + std::to_string(sent.size()) + "\r\n")));
    EXPECT_TRUE(client.send(sent));
  });
  EXPECT_EQ(client.read_head().status, 200);
  ChunkReader reader(client);
  EXPECT_TRUE(reader.read() == sent);
  sender.join();
  EXPECT_EQ(reader.trailers(), "x-end: whole\n");
  EXPECT_EQ(client.ask(get("/early")).body, "early") << "the connection goes on";
  print("HTTP/1.1 echo");
  expect_bounds();
}

TEST_F(Streaming, AnEchoOfChunksOfEverySizeIsWhole) {
  TestClient client(server_.port());
  std::string all;
  std::string text = head_of("/echo", "Transfer-Encoding: chunked\r\n");
  for (size_t size = 1; size < 600; size += 7) {
    const std::string piece(size, static_cast<char>('a' + size % 26));
    all += piece;
    text += chunk(piece);
  }
  text += "0\r\nX-Trailer: t\r\n\r\n" + get("/early");
  for (size_t i = 0; i < text.size(); i += 97) {
    ASSERT_TRUE(client.send(std::string_view(text).substr(i, 97)));
    if (i % 5 == 0) on_loop([] {});
  }
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(ChunkReader(client).read(), all);
  EXPECT_EQ(client.read_answer().body, "early");
}

TEST_F(Streaming, AnEchoOverHttp2HoldsNoMoreThanItsWindows) {
  constexpr size_t kSize = 10'000'000;
  Http2Client client(server_.port());
  std::string sent;
  for (size_t i = 0; sent.size() < kSize; ++i) sent += std::to_string(i) + ",";
  const Http2Answer answer = client.ask("/echo", sent);
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_TRUE(answer.body == sent);
  EXPECT_EQ(answer.field("x-end"), "whole");
  print("HTTP/2 echo");
  expect_bounds();
}

// What a client goes on sending stays in the kernel.
TEST_F(Streaming, ABodyThatIsNotConsumedIsNotReadOverHttp1) {
  TestClient client(server_.port());
  const std::string piece(100'000, 'x');
  ASSERT_TRUE(client.send(head_of("/hold", "Content-Length: 50000000\r\n")));
  size_t sent = 0;
  EXPECT_TRUE(eventually([&] {
    const ssize_t now = ::send(client.descriptor(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now > 0) sent += static_cast<size_t>(now);
    return now < 0 && errno == EAGAIN;
  }));
  EXPECT_TRUE(eventually([&] { return handler_.held >= Exchange::kBodyWindow; }));
  on_loop([] {});
  print("HTTP/1.1 not consumed");
  expect_bounds();
  EXPECT_EQ(TestClient(server_.port()).ask(get("/early")).body, "early") << "others are served";
  std::thread sender([&] {
    while (sent < 50'000'000) {
      const size_t size = std::min<size_t>(piece.size(), 50'000'000 - sent);
      if (!client.send(std::string_view(piece).substr(0, size))) return;
      sent += size;
    }
  });
  on_loop([&] { handler_.consume_all(); });
  EXPECT_TRUE(eventually([&] { return handler_.ended == 1; }));
  sender.join();
  EXPECT_EQ(handler_.arrived, 50'000'000u);
}

TEST_F(Streaming, ABodyThatIsNotConsumedIsNotReadOverHttp2) {
  Http2Client client(server_.port());
  const int32_t stream = client.open("/hold");
  client.body(stream, std::string(1'000'000, 'x'), true);
  EXPECT_TRUE(client.wait_until([&] { return client.answer(stream).field(":status") == "200"; }));
  EXPECT_EQ(client.ask("/early", "").body, "early") << "other streams are served";
  EXPECT_TRUE(eventually([&] { return handler_.held == 65'535; })) << "the stream's window, to the byte";
  on_loop([&] { handler_.consume_all(); });
  EXPECT_EQ(client.wait(stream).field("x-end"), "whole");
  EXPECT_EQ(handler_.arrived, 1'000'000u);
  print("HTTP/2 not consumed");
}

// Each stream has a window of its own, and the connection's is given back whether or not they consume.
TEST_F(Streaming, ManySlowStreamsHoldUpNoQuickOneOnTheirConnection) {
  Http2Client client(server_.port());
  constexpr size_t kSlow = 100;
  for (size_t i = 0; i < kSlow; ++i) client.body(client.open("/hold"), std::string(200'000, 'x'), true);
  ASSERT_TRUE(client.wait_until([&] { return handler_.held == kSlow * 65'535; })) << handler_.held;
  EXPECT_EQ(client.ask("/echo", std::string(500'000, 'y')).body.size(), 500'000u);
  EXPECT_EQ(handler_.held, kSlow * 65'535) << "each has its window and no more";
  on_loop([&] { handler_.consume_all(); });
  EXPECT_TRUE(client.wait_until([&] { return handler_.ended == kSlow + 1; }));
}

TEST(StreamingWithinABudget, SlowStreamsOfAllConnectionsTogetherAreBoundedAndGoOn) {
  constexpr size_t kBudget = 2'000'000;
  constexpr size_t kConnectionWindow = 1 << 20;
  constexpr size_t kSlow = 40;
  const auto bodies = std::make_shared<BodyBudget>(kBudget);
  StreamingHandler handler;
  TestServer server(handler, {.bodies = bodies});
  Http2Client one(server.port());
  Http2Client two(server.port());
  for (size_t i = 0; i < kSlow; ++i) {
    for (Http2Client* const client : {&one, &two}) {
      client->body(client->open("/hold"), std::string(100'000, 'x'), true);
    }
  }
  // Without a body: a client sends not even an empty DATA frame while the connection's window is used up.
  const auto ask_early = [](Http2Client& client) {
    return client.wait(
        client.head({{":method", "GET"}, {":scheme", "http"}, {":authority", "test"}, {":path", "/early"}}));
  };
  // What the budget has no room for stays within each connection's window.
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(ask_early(one).body, "early");
    EXPECT_EQ(ask_early(two).body, "early");
    return bodies->bytes() > kBudget / 2 - BodyAccount::kStepBytes && handler.held > kBudget / 2 + kConnectionWindow;
  })) << bodies->bytes();
  EXPECT_LE(bodies->bytes(), kBudget / 2) << "the other half is left to requests that would be refused";
  EXPECT_LE(handler.held, kBudget / 2 + 2 * kConnectionWindow + 100'000);
  EXPECT_EQ(bodies->refusals(), 0u);
  server.on_loop([&] { handler.consume_all(); });
  for (Http2Client* const client : {&one, &two}) {
    for (size_t i = 0; i < kSlow; ++i) EXPECT_EQ(client->wait(static_cast<int32_t>(2 * i + 1)).field("x-end"), "whole");
  }
  EXPECT_EQ(bodies->bytes(), 0u);
}

// Whatever a stream had not consumed when it ended belongs to the connection again.
TEST_F(Streaming, StreamsThatEndUnconsumedDoNotUseUpTheConnectionsWindow) {
  Http2Client client(server_.port());
  for (size_t i = 1; i <= 40; ++i) {
    const int32_t stream = client.open("/hold");
    client.body(stream, std::string(60'000, 'x'), false);
    ASSERT_TRUE(client.wait_until([&] { return client.answer(stream).field(":status") == "200"; }));
    client.reset(stream);
    ASSERT_TRUE(client.flush());
    ASSERT_TRUE(eventually([&] { return handler_.gone == i; }));
  }
  EXPECT_EQ(handler_.held, 0u);
  EXPECT_EQ(client.ask("/echo", std::string(500'000, 'y')).body.size(), 500'000u);
}

// What the handler has not consumed when it has said all is given back, so the client can send the rest.
TEST_F(Streaming, AnAnswerToABodyThatWasNotConsumedLetsTheClientSendTheRest) {
  Http2Client client(server_.port());
  const int32_t stream = client.post("/giveup", std::string(300'000, 'x'));
  EXPECT_EQ(client.wait(stream).closed, uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(handler_.arrived, StreamingHandler::kGivenUp);
  EXPECT_TRUE(eventually([&] { return server_.stats().streams_open.value() == 0; }));
  EXPECT_EQ(client.ask("/echo", std::string(500'000, 'y')).body.size(), 500'000u);
}

TEST_F(Streaming, AReaderThatDoesNotReadIsNotWrittenToOverHttp1) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(get("/source?40000000")));
  ASSERT_TRUE(client.readable(milliseconds(10'000)));
  EXPECT_EQ(TestClient(server_.port()).ask(post("/early", "")).body, "early") << "others are served";
  EXPECT_LE(handler_.waiting_max, StreamingHandler::kWaitingMax + StreamingHandler::kPiece + 100);
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(ChunkReader(client).read().size(), 40'000'000u);
  print("HTTP/1.1 slow reader");
  expect_bounds();
}

TEST_F(Streaming, AReaderThatDoesNotReadIsNotWrittenToOverHttp2) {
  Http2Client client(server_.port());
  const int32_t stream = client.post("/source?20000000", "");
  ASSERT_TRUE(client.flush());
  ASSERT_TRUE(eventually([&] { return handler_.waiting_max > 0; }));
  on_loop([] {});
  EXPECT_LE(handler_.waiting_max, StreamingHandler::kWaitingMax + StreamingHandler::kPiece);
  EXPECT_EQ(client.wait(stream).body.size(), 20'000'000u);
  print("HTTP/2 slow reader");
  expect_bounds();
}

TEST_F(Streaming, TheBodyIsAskedForWhenItIsWanted) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(head_of("/late", "Content-Length: 4\r\nExpect: 100-continue\r\n")));
  ASSERT_TRUE(eventually([&] { return handler_.handled == 1; }));
  EXPECT_FALSE(client.readable(milliseconds(20)));
  on_loop([&] { handler_.receive_all(); });
  EXPECT_EQ(client.read_answer().status, 100);
  ASSERT_TRUE(client.send("body"));
  EXPECT_TRUE(eventually([&] { return handler_.ended == 1; }));
  EXPECT_EQ(client.read_head().status, 200);

  Http2Client h2(server_.port());
  const int32_t stream = h2.open("/late", {{"expect", "100-continue"}});
  ASSERT_TRUE(h2.flush());
  ASSERT_TRUE(eventually([&] { return handler_.handled == 2; }));
  on_loop([&] { handler_.receive_all(); });
  EXPECT_TRUE(h2.wait_until([&] { return h2.answer(stream).field(":status") == "100"; }));
  h2.body(stream, "body", true);
  h2.wait(stream);
  EXPECT_EQ(handler_.arrived, 8u);
}

// It was sent before anybody asked for it.
TEST_F(Streaming, ABodyThatIsThereAlreadyIsGivenWhenItIsAskedFor) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(post("/late", "body") + get("/early")));
  ASSERT_TRUE(eventually([&] { return handler_.handled == 1; }));
  EXPECT_EQ(handler_.arrived, 0u);
  on_loop([&] { handler_.receive_all(); });
  EXPECT_TRUE(eventually([&] { return handler_.arrived == 4; }));
  EXPECT_EQ(client.read_head().status, 200);
  ChunkReader(client).read();
  EXPECT_EQ(client.read_answer().body, "early");
}

TEST_F(Streaming, InterimAnswersComeFirst) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(get("/hints")));
  const ReceivedResponse hints = client.read_answer();
  EXPECT_EQ(hints.status, 103);
  EXPECT_TRUE(hints.has("link: </style.css>"));
  EXPECT_EQ(client.read_head().status, 200);
  Http2Client h2(server_.port());
  const Http2Answer answer = h2.ask("/hints", "");
  ASSERT_FALSE(answer.head.empty());
  EXPECT_EQ(answer.head.front().second, "103");
  EXPECT_EQ(answer.field("link"), "</style.css>");
  TestClient old(server_.port());
  ASSERT_TRUE(old.send("GET /hints HTTP/1.0\r\n\r\n"));
  EXPECT_EQ(old.read_head().status, 200);
}

TEST_F(Streaming, AnUpgradeMovesRawBytesUntilTheClientHasSentAll) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(get("/upgrade", "Connection: Upgrade\r\nUpgrade: echo\r\n") + "first"));
  const ReceivedResponse switched = client.read_head();
  EXPECT_EQ(switched.status, 101);
  EXPECT_TRUE(switched.has("Upgrade: echo"));
  EXPECT_TRUE(switched.has("X-Accept: yes"));
  EXPECT_EQ(client.read_bytes(5), "first");
  const std::string much(3'000'000, 'r');
  std::thread sender([&] {
    EXPECT_TRUE(client.send(much));
    client.send_end();
  });
  EXPECT_TRUE(client.read_bytes(much.size()) == much);
  sender.join();
  EXPECT_TRUE(client.ended());
  EXPECT_EQ(handler_.ended, 1u);
  expect_bounds();
  EXPECT_EQ(Http2Client(server_.port()).ask("/upgrade", "").field(":status"), "426");
}

TEST_F(Streaming, AnHttp10ClientReadsToTheEndOfTheConnection) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send("POST /echo HTTP/1.0\r\nContent-Length: 5\r\n\r\nhello"));
  const ReceivedResponse answer = client.read_head();
  EXPECT_TRUE(answer.has("Connection: close"));
  EXPECT_EQ(answer.head.find("chunked"), std::string::npos);
  EXPECT_EQ(client.read_bytes(5), "hello");
  EXPECT_TRUE(client.ended_in_order());
}

TEST_F(Streaming, LettingGoOfAnAnswerBreaksItOff) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(get("/letgo")));
  EXPECT_EQ(client.read_head().status, 200);
  EXPECT_EQ(ChunkReader(client).read(), "begun") << "and no last chunk, by which it would be whole";
  EXPECT_TRUE(client.ended());
  Http2Client h2(server_.port());
  EXPECT_EQ(h2.ask("/letgo", "").closed, static_cast<uint32_t>(NGHTTP2_INTERNAL_ERROR));
  EXPECT_EQ(h2.ask("/early", "").body, "early");
}

TEST_F(Streaming, AnAnswerThatDoesNotWaitForItsBodyLeavesTheConnectionInOrder) {
  TestClient client(server_.port());
  EXPECT_EQ(client.ask(head_of("/early", "Content-Length: 100000\r\n") + "some of it").body, "early");
  EXPECT_EQ(client.ask(std::string(100'000 - 10, 'x') + get("/early")).body, "early");
  TestClient chunks(server_.port());
  EXPECT_EQ(chunks.ask(head_of("/early", "Transfer-Encoding: chunked\r\n") + "5\r\nab").body, "early");
  EXPECT_TRUE(chunks.ended()) << "where its body ends is not known";
}

TEST_F(Streaming, AChunkThatIsNoneEndsTheConnection) {
  TestClient client(server_.port());
  ASSERT_TRUE(client.send(head_of("/hold", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n"));
  EXPECT_EQ(client.read_head().status, 200);
  ASSERT_TRUE(client.send("no size\r\n"));
  EXPECT_TRUE(eventually([&] { return handler_.gone == 1; }));
  EXPECT_TRUE(client.ended());
}

// Each read and write of the server's fails once: whatever was under way is over, and nothing else is.
TEST_F(Streaming, AClientMayGoAtEveryByteOverHttp1) {
  const std::string text = head_of("/echo", "Transfer-Encoding: chunked\r\n") + chunk("abc") + chunk("defghi") +
                           "0\r\n\r\n" + get("/source?100");
  for (size_t i = 1; i <= text.size(); ++i) {
    TestClient client(server_.port());
    ASSERT_TRUE(client.send(std::string_view(text).substr(0, i)));
    if (i % 3 == 0) on_loop([] {});
    if (i % 2 == 0) reset(client);
  }
  EXPECT_TRUE(eventually([&] { return server_.stats().connections_open.value() == 0; }));
  on_loop([] {});
  EXPECT_EQ(handler_.held, 0u);
  EXPECT_EQ(TestClient(server_.port()).ask(get("/early")).body, "early");
}

TEST_F(Streaming, AClientMayGoAfterEveryByteOfTheAnswer) {
  for (size_t i = 1; i < 400; i += 3) {
    TestClient client(server_.port());
    ASSERT_TRUE(client.send(post("/echo", std::string(200, 'e')) + get("/source?300000")));
    EXPECT_EQ(client.read_bytes(i).size(), i);
    reset(client);
  }
  EXPECT_TRUE(eventually([&] { return server_.stats().connections_open.value() == 0; }));
  EXPECT_EQ(TestClient(server_.port()).ask(get("/early")).body, "early");
}

TEST_F(Streaming, AClientMayGoAtEveryFrameOverHttp2) {
  for (size_t i = 0; i < 60; ++i) {
    Http2Client client(server_.port());
    const int32_t echo = client.open("/echo");
    client.post("/source?1000000", "");
    for (size_t frame = 0; frame < i % 20; ++frame) client.body(echo, std::string(1 + 97 * frame, 'x'), false);
    if (i % 3 == 0) client.turn();
    if (i % 4 == 0) client.reset(echo);
    client.flush();
  }
  EXPECT_TRUE(eventually([&] { return server_.stats().connections_open.value() == 0; }));
  on_loop([] {});
  EXPECT_EQ(handler_.held, 0u);
  EXPECT_EQ(server_.stats().streams_open.value(), 0u);
  EXPECT_EQ(Http2Client(server_.port()).ask("/early", "").body, "early");
}

// A server that goes tells the holder of an exchange, and what is said afterwards is dropped.
// Asks for the body of /late when /ask comes, and takes so long that others have their turn first.
class LateAsker final : public Handler, private ExchangeEvents {
 public:
  explicit LateAsker(net::ManualSteadyTime& time) : time_(time) {}
  bool streams() const override { return true; }
  BodyDelivery delivery(const Request&) override { return BodyDelivery::kPieces; }
  void handle(Exchange& exchange, Now) override {
    if (exchange.request().path == "/late") {
      late_ = exchange.keep(this);
      return;
    }
    if (exchange.request().path == "/ask") late_->receive();
    time_.advance(Duration::micros(150));
    exchange.status(204);
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
  }

 private:
  void body_arrived(Exchange&, std::string_view bytes) override { body_ += bytes; }
  void body_ended(Exchange& exchange, std::span<const Header>) override {
    exchange.status(200);
    exchange.write(body_);
    exchange.finish();
    late_.reset();
  }
  void client_gone(Exchange&) override { late_.reset(); }

  net::ManualSteadyTime& time_;
  KeptExchange late_;
  std::string body_;
};

TEST(StreamingTurns, ABodyThatIsAskedForAtTheEndOfATurnIsGivenInTheNext) {
  net::ManualSteadyTime time;
  LateAsker handler(time);
  TestServer server(handler, {.host = {.steady_now = time.source()}});
  Http2Client client(server.port());
  const int32_t late = client.post("/late", "a body");
  EXPECT_EQ(client.ask("/first", "").field(":status"), "204");
  // Together more than is handled at a time, so that the turn ends between two of them.
  client.head({{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/ask"}});
  for (int i = 0; i < 4; ++i) {
    client.head(
        {{":method", "GET"}, {":scheme", "http"}, {":authority", "a"}, {":path", "/"}, {"x", std::string(4'000, 'x')}});
  }
  EXPECT_EQ(client.wait(late).body, "a body");
}

TEST(StreamingEnds, AServerMayGoWhileStreamsFlow) {
  StreamingHandler handler;
  auto server = std::make_unique<TestServer>(handler);
  TestClient h1(server->port());
  ASSERT_TRUE(h1.send(head_of("/hold", "Content-Length: 100\r\n") + "some"));
  Http2Client h2(server->port());
  const int32_t stream = h2.open("/hold");
  h2.body(stream, "some", false);
  ASSERT_TRUE(eventually([&] { return handler.arrived == 8; }));
  server.reset();
  EXPECT_EQ(handler.gone, 2u);
}

}  // namespace
}  // namespace rateguard::http
