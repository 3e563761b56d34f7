// Trailers of requests: handlers are given them with a body that is kept whole, over HTTP/1.1 and HTTP/2, within
// bounds. Those of bodies in pieces are in http/client's tests, which also have TLS.
#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

// Answers with the trailers of the request: to /late when it is told to, to /gone never.
class TrailerHandler final : public Handler, private ExchangeEvents {
 public:
  void handle(Exchange& exchange, Now) override {
    if (exchange.request().path == "/late") {
      kept_.push_back(exchange.keep(this));
      ++waiting;
      return;
    }
    answer(exchange);
  }
  void reject(const Rejection& rejection, Instant, Responder& responder) override {
    responder.status(rejection.status);
    responder.body("text/plain", rejection.field + ": " + rejection.detail);
  }
  // On the loop's thread.
  void answer_late() {
    for (const KeptExchange& exchange : std::exchange(kept_, {})) {
      answer(*exchange);
      exchange->finish();
    }
  }
  std::atomic<int> waiting = 0;

 private:
  static void answer(Exchange& exchange) {
    std::string text(exchange.request().body);
    for (const auto& [name, value] : exchange.request().trailers) {
      text.append("|").append(name).append("=").append(value);
    }
    exchange.status(200);
    exchange.header("x-headers", std::to_string(exchange.request().headers.size()));
    exchange.body("text/plain", text);
  }
  void client_gone(Exchange& exchange) override {
    std::erase_if(kept_, [&](const KeptExchange& kept) { return kept.get() == &exchange; });
  }

  std::vector<KeptExchange> kept_;
};

constexpr uint32_t kBytesMax = 2'000;
constexpr uint32_t kFieldsMax = 20;

class Trailers : public testing::Test {
 protected:
  static std::string chunked(std::string_view path, const Http2Fields& trailers) {
    std::string text = "POST " + std::string(path) + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    text += "4\r\nbody\r\n0\r\n";
    for (const auto& [name, value] : trailers) text.append(name).append(": ").append(value).append("\r\n");
    return text + "\r\n";
  }
  int32_t send(Http2Client& client, const std::string& path, const Http2Fields& trailers) {
    const int32_t stream = client.open(path);
    client.trailers(stream, trailers);
    client.body(stream, "body", true);
    return stream;
  }
  // Over both versions, which answer alike.
  std::pair<int, std::string> ask(const Http2Fields& trailers) {
    const ReceivedResponse one = TestClient(server_.port()).ask(chunked("/", trailers));
    Http2Client client(server_.port());
    const Http2Answer two = client.wait(send(client, "/", trailers));
    EXPECT_EQ(two.field(":status"), std::to_string(one.status));
    EXPECT_EQ(two.body, one.body);
    EXPECT_EQ(client.ask("/", "next").body, "next") << "the connection goes on";
    return {one.status, one.body};
  }

  TrailerHandler handler_;
  TestServer server_{handler_, {.limits = {.header_bytes_max = kBytesMax, .headers_max = kFieldsMax}}};
};

using StatusAndBody = std::pair<int, std::string>;

TEST_F(Trailers, AreGivenApartFromTheHeaders) {
  EXPECT_EQ(ask({{"x-sum", "7"}, {"content-digest", "d"}}), StatusAndBody(200, "body|x-sum=7|content-digest=d"));
}

TEST_F(Trailers, LoseWhatBelongsInTheHead) {
  EXPECT_EQ(ask({{"authorization", "Bearer x"}, {"x-sum", "7"}, {"x-forwarded-for", "1.2.3.4"}, {"if-match", "*"}}),
            StatusAndBody(200, "body|x-sum=7"));
}

TEST_F(Trailers, AreRefusedIfTheySayWhereTheMessageEndsOrWhoseItIs) {
  EXPECT_EQ(ask({{"x-sum", "7"}, {"expect", "100-continue"}}), StatusAndBody(400, "trailer: \"expect\" cannot be one"));
  EXPECT_EQ(ask({{"host", "b"}}), StatusAndBody(400, "trailer: \"host\" cannot be one"));
}

TEST_F(Trailers, AreBounded) {
  EXPECT_EQ(ask({{"x-large", std::string(kBytesMax, 'x')}}),
            StatusAndBody(431, "trailer: longer than the 2000 bytes that are accepted"));
  Http2Fields many;
  for (uint32_t i = 0; i < kFieldsMax; ++i) many.emplace_back("x-" + std::to_string(i), "");
  EXPECT_EQ(ask(many).first, 200);
  many.emplace_back("x-one-more", "");
  EXPECT_EQ(ask(many), StatusAndBody(431, "trailer: more than the 20 fields that are accepted"));
}

TEST_F(Trailers, StayWithAnExchangeThatIsKept) {
  TestClient one(server_.port());
  ASSERT_TRUE(one.send(chunked("/late", {{"x-sum", "7"}, {"x-more", "8"}})));
  Http2Client two(server_.port());
  const int32_t stream = send(two, "/late", {{"x-sum", "7"}, {"x-more", "8"}});
  ASSERT_TRUE(eventually([&] { return handler_.waiting == 2; }));
  // Others use the loop's buffers meanwhile.
  EXPECT_EQ(TestClient(server_.port()).ask(chunked("/", {{"other", "1"}})).body, "body|other=1");
  server_.on_loop([&] { handler_.answer_late(); });
  EXPECT_EQ(one.read_answer().body, "body|x-sum=7|x-more=8");
  EXPECT_EQ(two.wait(stream).body, "body|x-sum=7|x-more=8");
}

// A connection's requests are parsed by one parser after another.
TEST_F(Trailers, AreThoseOfOneRequestAlone) {
  TestClient client(server_.port());
  EXPECT_EQ(client.ask(chunked("/", {{"x-sum", "7"}})).body, "body|x-sum=7");
  EXPECT_EQ(client.ask(chunked("/", {})).body, "body");
  EXPECT_EQ(client.ask(get("/")).body, "");
}

// Trailers that wait for a handler count as its connection's, like heads.
TEST(TrailersOfMany, AreBoundedTogether) {
  TrailerHandler handler;
  ServerOptions options;
  options.http2.held_bytes_max = 100'000;
  TestServer server(handler, options);
  Http2Client client(server.port());
  std::vector<int32_t> streams;
  for (int i = 0; i < 20; ++i) {
    streams.push_back(client.open("/late"));
    client.trailers(streams.back(), {{"x-large", std::string(12'000, 'x')}});
    client.body(streams.back(), "", true);
  }
  EXPECT_TRUE(client.wait_until([&] { return client.answer(streams.back()).closed.has_value(); }));
  EXPECT_EQ(client.answer(streams.back()).closed, uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_LE(handler.waiting, 10);
}

}  // namespace
}  // namespace rateguard::http
