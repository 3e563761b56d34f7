// When a handler hears that an answer has been handed to the kernel.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "http/server/http2_fixture.h"
#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

constexpr std::string_view kUnreadAnswer = "/big?50000000";  // more than a socket takes while nobody reads

// Echoes, at once or ("/late") when it is told to; the label is how long the target is.
class LabellingHandler final : public Handler {
 public:
  void handle(Exchange& exchange, Now) override {
    exchange.set_label(static_cast<uint32_t>(exchange.request().target.size()));
    if (exchange.request().path == "/late") {
      kept.push_back(exchange.keep(nullptr));
      waiting = kept.size();
      return;
    }
    EchoHandler::answer(exchange.request(), exchange);
  }
  void reject(const Rejection& rejection, Instant now, Responder& responder) override {
    echo_.reject(rejection, now, responder);
  }
  void sent(uint32_t label, Duration took) override {
    const std::lock_guard lock(mutex_);
    sent_.emplace_back(label, took);
  }

  size_t times_sent(std::string_view target) const {
    const std::lock_guard lock(mutex_);
    return static_cast<size_t>(std::ranges::count(sent_, target.size(), &std::pair<uint32_t, Duration>::first));
  }
  std::vector<std::pair<uint32_t, Duration>> sent() const {
    const std::lock_guard lock(mutex_);
    return sent_;
  }

  std::vector<KeptExchange> kept;
  std::atomic<size_t> waiting = 0;

 private:
  EchoHandler echo_;
  mutable std::mutex mutex_;
  std::vector<std::pair<uint32_t, Duration>> sent_;
};

TEST(SentAnswers, EachAnswerOfAPipelineIsReportedOnce) {
  LabellingHandler handler;
  TestServer server(handler);
  TestClient client(server.port());
  ASSERT_TRUE(client.send(get("/a") + post("/bb", "body") + get("/a")));
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_TRUE(eventually([&] { return handler.times_sent("/a") == 2 && handler.times_sent("/bb") == 1; }));
  EXPECT_EQ(client.ask("nonsense\r\n\r\n").status, 400);
  EXPECT_EQ(handler.sent().size(), 3u) << "what was no request has no label";
  for (const auto& [label, took] : handler.sent()) EXPECT_GE(took, Duration()) << label;
}

TEST(SentAnswers, AnAnswerToASlowReaderIsReportedWhenItsLastByteWasSent) {
  LabellingHandler handler;
  TestServer server(handler);
  TestClient slow(server.port());
  ASSERT_TRUE(slow.send(get("/a") + get(kUnreadAnswer)));
  TestClient other(server.port());
  EXPECT_TRUE(eventually([&] { return server.stats().requests_handled.value() >= 2; }));
  EXPECT_EQ(other.ask(get("/other")).status, 200);
  EXPECT_TRUE(eventually([&] { return handler.times_sent("/other") == 1; }));
  EXPECT_EQ(handler.times_sent(kUnreadAnswer), 0u);
  EXPECT_EQ(slow.read_answer().status, 200);
  EXPECT_EQ(slow.read_answer().status, 200);
  EXPECT_TRUE(eventually([&] { return handler.times_sent(kUnreadAnswer) == 1 && handler.times_sent("/a") == 1; }));
}

TEST(SentAnswers, AlsoWhereTheConnectionEndsWithIt) {
  LabellingHandler handler;
  TestServer server(handler);
  TestClient slow(server.port());
  ASSERT_TRUE(slow.send(get(kUnreadAnswer, "Connection: close\r\n")));
  EXPECT_EQ(slow.read_answer().status, 200);
  EXPECT_TRUE(eventually([&] { return handler.times_sent(kUnreadAnswer) == 1; }));
}

TEST(SentAnswers, AnAnswerThatIsCutShortIsNotReported) {
  LabellingHandler handler;
  TestServer server(handler);
  {
    TestClient gone(server.port());
    ASSERT_TRUE(gone.send(get(kUnreadAnswer)));
    EXPECT_TRUE(eventually([&] { return server.stats().requests_handled.value() >= 1; }));
  }
  EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 0; }));
  EXPECT_EQ(handler.times_sent(kUnreadAnswer), 0u);
}

TEST(SentAnswers, ALateAnswerIsTimedFromItsRequestOn) {
  LabellingHandler handler;
  TestServer server(handler);
  TestClient client(server.port());
  ASSERT_TRUE(client.send(get("/late")));
  EXPECT_TRUE(eventually([&] { return handler.waiting == 1; }));
  Instant handed_over;
  server.on_loop([&] { handed_over = handler.kept[0]->request().started; });
  // A little time has to pass for anything to be measured.
  EXPECT_TRUE(eventually([&] { return net::SystemClock().now() - handed_over > Duration::millis(5); }));
  Instant answered;
  server.on_loop([&] {
    EchoHandler::answer(handler.kept[0]->request(), *handler.kept[0]);
    handler.kept[0]->finish();
    answered = net::SystemClock().now();
  });
  EXPECT_EQ(client.read_answer().status, 200);
  ASSERT_TRUE(eventually([&] { return handler.times_sent("/late") == 1; }));
  EXPECT_GT(handler.sent()[0].second, Duration::millis(5));
  EXPECT_LE(handler.sent()[0].second, answered - handed_over);
}

TEST(SentAnswers, ABodyThatComesLaterIsPartOfTheTime) {
  LabellingHandler handler;
  TestServer server(handler);
  TestClient client(server.port());
  ASSERT_TRUE(client.send("POST /slow HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"));
  ASSERT_EQ(client.read_answer().status, 100);
  const Instant head_was_there = net::SystemClock().now();
  // A little time has to pass for anything to be measured.
  EXPECT_TRUE(eventually([&] { return net::SystemClock().now() - head_was_there > Duration::millis(5); }));
  ASSERT_TRUE(client.send("ab"));
  EXPECT_EQ(client.read_answer().status, 200);
  EXPECT_TRUE(eventually([&] { return handler.times_sent("/slow") == 1; }));
  EXPECT_GT(handler.sent()[0].second, Duration::millis(5));
}

TEST(SentAnswers, StreamsOfHttp2AreReportedToo) {
  Http2TestServer server;
  Http2Client client(server.port());
  EXPECT_EQ(client.ask("/some", "").field(":status"), "200");
  EXPECT_TRUE(eventually([&] { return server.handler().sent_answers == 1; }));
  EXPECT_EQ(client.ask("/big?3000000", "").body.size(), 3'000'000u);
  EXPECT_TRUE(eventually([&] { return server.handler().sent_answers == 2; }));
}

}  // namespace
}  // namespace rateguard::http
