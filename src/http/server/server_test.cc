// The server over real sockets: what it answers, in which order, and what becomes of the connection.
#include "http/server/server.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "http/http1/response.h"
#include "http/server/server_fixture.h"

namespace rateguard::http {
namespace {

TEST(HttpServer, AnswersOneRequestAfterAnother) {
  TestServer server;
  TestClient client(server.port());
  for (int i = 0; i < 10; ++i) {
    const std::string body = "body " + std::to_string(i);
    const ReceivedResponse answer = client.ask(post("/a?b", body));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "POST /a?b " + body);
    EXPECT_TRUE(answer.head.starts_with("HTTP/1.1 200 OK\r\n"));
    EXPECT_TRUE(answer.has("X-Peer: 127.0.0.1"));
    EXPECT_TRUE(answer.has("Content-Type: text/plain"));
    EXPECT_NE(answer.head.find("\r\nDate: "), std::string::npos);
    EXPECT_EQ(answer.head.find("Connection"), std::string::npos);
  }
  EXPECT_EQ(server.stats().requests_handled.value(), 10u);
  EXPECT_EQ(server.stats().connections_accepted.value(), 1u);
}

TEST(HttpServer, AnswersPipelinedRequestsInOrderHoweverTheyAreCut) {
  TestServer server;
  EXPECT_TRUE(rc::check("pipelining", [&] {
    TestClient client(server.port());
    const int requests = *rc::gen::inRange(1, 40);
    std::string text;
    for (int i = 0; i < requests; ++i) {
      const std::string body(static_cast<size_t>(*rc::gen::inRange(0, 300)), 'b');
      text += post("/" + std::to_string(i), body);
    }
    while (!text.empty()) {
      const auto size = static_cast<size_t>(*rc::gen::inRange(1, 2'000));
      RC_ASSERT(client.send(std::string_view(text).substr(0, size)));
      text.erase(0, size);
    }
    for (int i = 0; i < requests; ++i) {
      RC_ASSERT(client.read_answer().body.starts_with("POST /" + std::to_string(i) + " "));
    }
  }));
}

TEST(HttpServer, TakesABodyInChunksAndInTinyPieces) {
  TestServer server;
  TestClient client(server.port());
  const std::string_view text =
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n";
  for (const char c : text) ASSERT_TRUE(client.send({&c, 1}));
  EXPECT_EQ(client.read_answer().body, "POST /c abcde");
  EXPECT_EQ(client.ask(get("/next")).body, "GET /next ");
}

TEST(HttpServer, TakesABodyAsLargeAsItsLimit) {
  TestServer server;
  TestClient client(server.port());
  const std::string body(1'048'576, 'z');
  EXPECT_EQ(client.ask(post("/", body)).body, "POST / " + body);
}

TEST(HttpServer, SendsNoContentWhereThereIsNone) {
  TestServer server;
  TestClient client(server.port());
  ASSERT_TRUE(client.send("HEAD /h HTTP/1.1\r\nHost: a\r\n\r\n" + get("/empty") + get("/nothing") + get("/after")));
  const ReceivedResponse head = client.read_answer(BodyOf::kHead);
  EXPECT_TRUE(head.has("Content-Length: 8"));  // "HEAD /h "
  const ReceivedResponse empty = client.read_answer();
  EXPECT_EQ(empty.status, 204);
  EXPECT_EQ(empty.head.find("Content-Length"), std::string::npos);
  EXPECT_EQ(client.read_answer().status, 500);  // a handler that says nothing
  EXPECT_EQ(client.read_answer().body, "GET /after ");
}

TEST(HttpServer, EndsTheConnectionAsTheClientAsks) {
  TestServer server;
  {
    TestClient client(server.port());
    EXPECT_TRUE(client.ask(get("/", "Connection: close\r\n")).has("Connection: close"));
    EXPECT_TRUE(client.ended());
  }
  {
    TestClient client(server.port());
    EXPECT_TRUE(client.ask("GET / HTTP/1.0\r\n\r\n").has("Connection: close"));
    EXPECT_TRUE(client.ended());
  }
  {
    TestClient client(server.port());
    EXPECT_TRUE(client.ask("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").has("Connection: keep-alive"));
    EXPECT_EQ(client.ask(get("/")).status, 200);
  }
  {
    // What follows a close is not answered, and does not lose the answer.
    TestClient client(server.port());
    EXPECT_EQ(client.ask(get("/", "Connection: close\r\n") + get("/two")).status, 200);
    EXPECT_TRUE(client.ended_in_order());
  }
  {
    TestClient client(server.port());
    ASSERT_TRUE(client.send(get("/half")));
    client.send_end();
    EXPECT_EQ(client.read_answer().body, "GET /half ");
    EXPECT_TRUE(client.ended());
  }
  EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 0; }));
}

TEST(HttpServer, AnswersOtherBytesThanHttpAndEndsTheConnection) {
  TestServer server({.protocols = Protocols::kHttp1});
  const struct {
    std::string text;
    int status;
  } cases[] = {
      {"GET / HTTP/1.1\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\nx", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
      {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"GET /" + std::string(70'000, 'x'), 414},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(70'000, 'x'), 431},
      {"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n" + std::string(200'000, 'x'), 413},
  };
  for (const auto& c : cases) {
    TestClient client(server.port());
    client.send(c.text);
    const ReceivedResponse answer = client.read_answer();
    EXPECT_EQ(answer.status, c.status) << c.text.substr(0, 100);
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(client.ended_in_order());
  }
  // The requests before a bad one are answered.
  TestClient client(server.port());
  ASSERT_TRUE(client.send(get("/1") + get("/2") + "nonsense\r\n\r\n" + get("/3")));
  EXPECT_EQ(client.read_answer().body, "GET /1 ");
  EXPECT_EQ(client.read_answer().body, "GET /2 ");
  EXPECT_EQ(client.read_answer().status, 400);
  EXPECT_TRUE(client.ended_in_order());
}

TEST(HttpServer, ReadsPastABodyThatIsALittleTooLarge) {
  TestServer server({.limits = {.body_bytes_max = 1'000}});
  TestClient client(server.port());
  ASSERT_TRUE(client.send(post("/", std::string(1'999, 'x')) + get("/next")));
  const ReceivedResponse answer = client.read_answer();
  EXPECT_EQ(answer.status, 413);
  EXPECT_FALSE(answer.has("Connection: close"));
  EXPECT_EQ(client.read_answer().body, "GET /next ");
  // In two parts, with the answer in between.
  ASSERT_TRUE(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1500\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status, 413);
  ASSERT_TRUE(client.send(std::string(1'500, 'y')));
  EXPECT_EQ(client.ask(get("/again")).body, "GET /again ");
}

TEST(HttpServer, AsksForABodyThatWaitsToBeAskedFor) {
  TestServer server;
  TestClient client(server.port());
  ASSERT_TRUE(client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status, 100);
  ASSERT_TRUE(client.send("bo"));
  ASSERT_TRUE(client.send("dy"));
  EXPECT_EQ(client.read_answer().body, "POST /e body");
  ASSERT_TRUE(client.send("POST /e HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\nExpect: 100-continue\r\n\r\n"));
  EXPECT_EQ(client.read_answer().status, 413);
  EXPECT_TRUE(client.ended());
}

TEST(HttpServer, DoesNotLetAHeaderValueStartALine) {
  TestServer server;
  TestClient client(server.port());
  // The handler echoes the query, which can hold no control bytes; a value is made harmless all the same.
  net::ByteBuffer out;
  Http1Response response(out, {.date = "Date: x\r\n"});
  response.status(200);
  response.header("X", "a\r\nEvil: b\n\x01");
  response.finish();
  EXPECT_EQ(out.view(), "HTTP/1.1 200 OK\r\nX: a  Evil: b  \r\nContent-Length: 0\r\nDate: x\r\n\r\n");
}

TEST(HttpServer, RendersTheDateOnceASecond) {
  DateField date;
  EXPECT_EQ(date.at(Instant::from_seconds(784'111'777)), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(Instant{784'111'777'999'999}), "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
  EXPECT_EQ(date.at(Instant::from_seconds(784'111'778)), "Date: Sun, 06 Nov 1994 08:49:38 GMT\r\n");
}

TEST(HttpServer, SeveralOnOnePortShareIt) {
  TestServer first;
  TestServer second({.host = {.address = {.port = first.port(), .sharing = net::PortSharing::kJoin}}});
  EXPECT_EQ(first.port(), second.port());
  for (int i = 0; i < 64; ++i) {
    TestClient client(first.port());
    EXPECT_EQ(client.ask(get("/")).status, 200);
  }
  EXPECT_EQ(first.stats().requests_handled.value() + second.stats().requests_handled.value(), 64u);
  EXPECT_GT(first.stats().requests_handled.value(), 0u);
  EXPECT_GT(second.stats().requests_handled.value(), 0u);
}

TEST(HttpServer, SaysWhatToDoWhenItCannotListen) {
  const TestServer other;
  net::SystemClock clock;
  const auto loop = *net::EventLoop::create(clock);
  EchoHandler handler;
  const auto error_of = [&](const net::ListenAddress& address) {
    Server server({.host = {.address = address}});
    const auto port = server.start(*loop, handler);
    return port ? "listens" : port.error().message;
  };
  EXPECT_EQ(error_of({.port = other.port()}), "address already in use: another process listens on 127.0.0.1:" +
                                                  std::to_string(other.port()) + "; choose another with --http");
  EXPECT_NE(error_of({.host = "192.0.2.1", .port = 8'080}).find("no interface"), std::string::npos);
  EXPECT_NE(error_of({.host = "no such host"}).find("cannot listen on no such host:0"), std::string::npos);
}

TEST(HttpServer, ListensOnIpv6AndByName) {
  for (const char* host : {"::", "localhost", "0.0.0.0"}) {
    TestServer server({.host = {.address = {.host = host}}});
    TestClient client;
    ASSERT_TRUE(client.connect(server.port())) << host;
    const ReceivedResponse answer = client.ask(get("/"));
    EXPECT_TRUE(answer.has("X-Peer: 127.0.0.1")) << answer.head;
  }
}

}  // namespace
}  // namespace rateguard::http
