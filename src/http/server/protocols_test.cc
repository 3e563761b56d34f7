// HTTP/1.1 and HTTP/2 on one port: which is spoken, and that both answer alike.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/server_fixture.h"
#include "net/faulty_system_testing.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

TEST(Protocols, OneHandlerAnswersBoth) {
  TestServer server;
  EXPECT_EQ(TestClient(server.port()).ask(post("/p?q", "body")).body, "POST /p?q body");
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/p?q", "body");
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.body, "POST /p?q body");
  EXPECT_EQ(answer.field("x-echo"), "q");
  EXPECT_EQ(answer.field("x-peer"), "127.0.0.1");
  EXPECT_EQ(answer.field("content-type"), "text/plain");
  EXPECT_EQ(answer.field("content-length"), "14");
  EXPECT_EQ(answer.field("date").size(), std::string_view("Sun, 06 Nov 1994 08:49:37 GMT").size());
  EXPECT_EQ(server.stats().requests_handled.value(), 2u);
}

TEST(Protocols, Http2HasNoContentWhereThereIsNone) {
  TestServer server;
  Http2Client client(server.port());
  const Http2Answer empty = client.ask("/empty", "");
  EXPECT_EQ(empty.field(":status"), "204");
  EXPECT_EQ(empty.field("content-length"), "");
  EXPECT_EQ(empty.body, "");
  EXPECT_EQ(client.ask("/nothing", "").field(":status"), "500");
}

TEST(Protocols, TheHostOfHttp2IsTheFieldHost) {
  TestServer server;
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/host", "");
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.body, "test");
  EXPECT_EQ(client.ask("/host", "", {{"host", "Test"}}).body, "Test");
  EXPECT_EQ(client.ask("/host", "", {{"host", "other"}}).field(":status"), "400");
  EXPECT_EQ(client.ask("/host#x", "").field(":status"), "400");
}

TEST(Protocols, AnswersThatAClientDoesNotReadAreBounded) {
  ServerOptions options;
  options.http2.held_bytes_max = 100'000;
  TestServer server(options);
  Http2Client client(server.port());
  const nghttp2_settings_entry no_window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 0};
  nghttp2_submit_settings(client.session(), NGHTTP2_FLAG_NONE, &no_window, 1);
  std::vector<int32_t> streams;
  for (int i = 0; i < 10; ++i) streams.push_back(client.post("/big?30000", ""));
  EXPECT_TRUE(client.wait_until([&] { return client.answer(streams.back()).closed.has_value(); }));
  EXPECT_EQ(client.answer(streams.back()).closed, uint32_t{NGHTTP2_REFUSED_STREAM});
  EXPECT_LE(server.stats().requests_handled.value(), 4u);
}

TEST(Protocols, ThePrefaceMayComeInPieces) {
  TestServer server;
  for (size_t cut = 1; cut < kPreface.size(); ++cut) {
    TestClient client(server.port());
    ASSERT_TRUE(client.send(kPreface.substr(0, cut)));
    server.on_loop([] {});
    ASSERT_TRUE(client.send(std::string(kPreface.substr(cut)) + Http2Client::frame(NGHTTP2_SETTINGS, 0, 0, "")));
    const std::string frame = client.read_bytes(9);
    ASSERT_EQ(frame.size(), 9u) << cut;
    EXPECT_EQ(frame[3], NGHTTP2_SETTINGS) << cut;
  }
}

TEST(Protocols, WhatBeginsLikeThePrefaceIsAnsweredAsHttp11) {
  TestServer server;
  for (size_t same = 1; same < kPreface.size(); ++same) {
    TestClient client(server.port());
    ASSERT_TRUE(client.send(kPreface.substr(0, same)));
    if (same % 2 == 0) server.on_loop([] {});
    // "P" and "PO" of POST, and nonsense from there on.
    ASSERT_TRUE(client.send(same == 1 ? post("/p", "x").substr(1) : "x\r\n\r\n"));
    EXPECT_EQ(client.read_answer().status, same == 1 ? 200 : same < 16 ? 400 : 505) << same;
  }
}

TEST(Protocols, APrefaceThatDoesNotEndTimesOut) {
  net::ManualSteadyTime time;
  TestServer server({.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()}});
  TestClient client(server.port());
  ASSERT_TRUE(client.send(kPreface.substr(0, 10)));
  ASSERT_TRUE(eventually([&] { return server.stats().connections_open.value() == 1; }));
  server.on_loop([] {});
  time.advance(Duration::millis(100));
  EXPECT_EQ(client.read_answer().status, 408);
  EXPECT_TRUE(client.ended());
}

// The preface and a request arrive together, so that the successor has input as soon as it exists.
TEST(Protocols, LackOfMemoryWhileAConnectionChangesItsVersionEndsIt) {
  int nth = 1;
  for (bool reached = true; reached; ++nth) {
    TestServer server;
    server.on_loop([&] { net::fail_at(net::Faulty::kBuffer, nth); });
    Http2Client client(server.port());
    const Http2Answer answer = client.ask("/p", std::string(20'000, 'b'));
    server.on_loop([&] {
      reached = net::calls_of(net::Faulty::kBuffer) >= nth;
      net::fail_at(net::Faulty::kBuffer, 0);
    });
    if (answer.closed) {
      EXPECT_EQ(answer.body, "POST /p " + std::string(20'000, 'b')) << nth;
    } else {
      EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 0; })) << nth;
    }
  }
  EXPECT_GT(nth, 4);
}

TEST(Protocols, ADrainEndsConnectionsOfBoth) {
  TestServer server;
  TestClient h1(server.port());
  EXPECT_EQ(h1.ask(get("/")).status, 200);
  Http2Client h2(server.port());
  EXPECT_EQ(h2.ask("/", "").field(":status"), "200");
  std::atomic<bool> drained = false;
  server.on_loop([&] { server.server().drain(Duration::seconds(100), [&] { drained = true; }); });
  h2.wait_for_end();
  EXPECT_EQ(h2.goaway(), static_cast<uint32_t>(NGHTTP2_NO_ERROR));
  EXPECT_TRUE(h1.ended_in_order());
  EXPECT_TRUE(eventually([&] { return drained.load(); }));
}

// The bounds of HTTP/1.1 hold over HTTP/2 on the same port.
TEST(Protocols, LimitsHoldForBoth) {
  TestServer server({.limits = {.header_bytes_max = 2'000, .body_bytes_max = 1'000}});
  const std::string large(1'500, 'x');
  EXPECT_EQ(TestClient(server.port()).ask(post("/", large)).status, 413);
  EXPECT_EQ(TestClient(server.port()).ask(get("/", "X-Large: " + large + large + "\r\n")).status, 431);
  Http2Client client(server.port());
  EXPECT_EQ(client.ask("/", large).field(":status"), "413");
  EXPECT_EQ(client.ask("/", "", {{"x-large", large + large}}).field(":status"), "431");
  EXPECT_EQ(client.ask("/", "small").body, "POST / small");
}

}  // namespace
}  // namespace rateguard::http
