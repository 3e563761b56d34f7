// HTTP/2 as clients speak it: requests, answers, trailers, streams side by side, limits, goodbye.
#include <gtest/gtest.h>

#include "http/http2/stream.h"
#include "http/server/http2_fixture.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

TEST(Http2Server, AnswersWithHeadBodyAndTrailers) {
  Http2TestServer server;
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/a?b", "hello", {{"x-end", "of it"}});
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.body, "POST /a?b hello");
  ASSERT_EQ(answer.trailers.size(), 1u);
  EXPECT_EQ(answer.trailers[0].second, "of it");
  EXPECT_EQ(answer.closed, 0u);
}

TEST(Http2Server, AnAnswerWithoutContentHasOneBlockOfFields) {
  Http2TestServer server;
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/empty", "");
  EXPECT_EQ(answer.field("x-end"), "alone");
  EXPECT_TRUE(answer.trailers.empty());
  EXPECT_EQ(answer.closed, 0u);
}

TEST(Http2Server, AHandlerWithoutAnAnswerHasAnswered500) {
  Http2TestServer server;
  Http2Client client(server.port());
  EXPECT_EQ(client.ask("/nothing", "").field(":status"), "500");
}

TEST(Http2Server, LineEndsInAFieldBecomeSpaces) {
  FieldList fields;
  fields.add("x", std::string_view("a\r\nb\0c", 6));
  EXPECT_EQ(fields.fields()[0].value, "a  b c");
}

TEST(Http2Server, ManyStreamsAtOnceAreAnsweredEach) {
  Http2TestServer server;
  Http2Client client(server.port());
  std::vector<int32_t> streams;
  for (int i = 0; i < 1'000; ++i) streams.push_back(client.post("/" + std::to_string(i), std::to_string(i * 7)));
  for (int i = 0; i < 1'000; ++i) {
    const Http2Answer answer = client.wait(streams[static_cast<size_t>(i)]);
    ASSERT_EQ(answer.body, "POST /" + std::to_string(i) + " " + std::to_string(i * 7));
  }
  EXPECT_EQ(server.stats().requests_handled.value(), 1'000u);
  EXPECT_EQ(server.stats().streams_reset.value(), 0u);
}

TEST(Http2Server, ExchangesThatAreKeptAreAnsweredLater) {
  Http2TestServer server;
  Http2Client client(server.port());
  std::vector<int32_t> streams;
  for (int i = 0; i < 20; ++i) streams.push_back(client.post("/late", ""));
  ASSERT_TRUE(client.flush());
  ASSERT_TRUE(eventually([&] { return server.handler().late == 20; }));
  EXPECT_EQ(client.ask("/now", "").body, "POST /now ");
  server.on_loop([&] { server.handler().answer_late(); });
  for (const int32_t stream : streams) EXPECT_EQ(client.wait(stream).body, "late");
}

TEST(Http2Server, LargeAnswersFlowAsTheClientReads) {
  Http2TestServer server;
  Http2Client client(server.port());
  const int32_t a = client.post("/big?3000000", "");
  const int32_t b = client.post("/big?2000000", "");
  EXPECT_EQ(client.wait(a).body.size(), 3'000'000u);
  EXPECT_EQ(client.wait(b).body.size(), 2'000'000u);
  EXPECT_EQ(client.answer(a).trailers.size(), 1u);
}

TEST(Http2Server, PiecesFlowBothWaysWhileTheStreamIsOpen) {
  Http2TestServer server;
  Http2Client client(server.port());
  const int32_t stream = client.open("/echo");
  client.body(stream, "one", false);
  ASSERT_TRUE(client.wait_until([&] { return client.answer(stream).body == "one"; }));
  client.body(stream, "two", false);
  ASSERT_TRUE(client.wait_until([&] { return client.answer(stream).body == "onetwo"; }));
  client.body(stream, "", true);
  EXPECT_EQ(client.wait(stream).field("x-end"), "echoed");
}

// A reset would be allowed, but some clients lose the answer by it.
TEST(Http2Server, AnAnswerBeforeTheRequestIsWholeLetsTheClientSendTheRest) {
  Http2TestServer server;
  Http2Client client(server.port());
  const int32_t stream = client.open("/early");
  EXPECT_TRUE(client.wait_until([&] { return client.answer(stream).field("x-end") == "alone"; }));
  client.body(stream, std::string(2'000'000, 'x'), true);
  const Http2Answer answer = client.wait(stream);
  EXPECT_EQ(answer.field(":status"), "200");
  EXPECT_EQ(answer.closed, 0u);
  EXPECT_TRUE(eventually([&] { return server.stats().streams_open.value() == 0; }));
}

TEST(Http2Server, AnAnswerBeforeTheRequestIsWholeEndsTheStreamAfterTheReadTimeout) {
  net::ManualSteadyTime time;
  Http2TestServer server({.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()}});
  Http2Client client(server.port());
  const int32_t stream = client.open("/early");
  EXPECT_TRUE(client.wait_until([&] { return client.answer(stream).field("x-end") == "alone"; }));
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(50));
    EXPECT_EQ(client.ask("/", "").field(":status"), "200") << "the connection lives";
    return client.answer(stream).closed.has_value();
  }));
  EXPECT_EQ(client.answer(stream).closed, 0u) << "by a reset without an error";
  EXPECT_EQ(server.stats().requests_rejected.value(), 0u);
}

TEST(Http2Server, AHandlerIsToldThatTheClientResetsItsStream) {
  Http2TestServer server;
  Http2Client client(server.port());
  const int32_t stream = client.post("/never", "");
  client.flush();
  ASSERT_TRUE(eventually([&] { return server.handler().waiting == 1; }));
  client.reset(stream);
  client.flush();
  EXPECT_TRUE(eventually([&] { return server.handler().closed == 1; }));
  EXPECT_EQ(client.ask("/", "").field(":status"), "200");
}

TEST(Http2Server, AHandlerIsToldThatStreamsEndWithTheirConnection) {
  Http2TestServer server;
  {
    Http2Client client(server.port());
    client.post("/never", "");
    client.post("/never", "");
    client.flush();
    ASSERT_TRUE(eventually([&] { return server.handler().waiting == 2; }));
  }
  EXPECT_TRUE(eventually([&] { return server.handler().closed == 2; }));
  EXPECT_EQ(server.stats().streams_open.value(), 0u);
}

TEST(Http2Server, AnswersPings) {
  Http2TestServer server;
  Http2Client client(server.port());
  client.ping();
  client.ping();
  EXPECT_TRUE(client.wait_until([&] { return client.pings_acked() == 2; }));
}

// RFC 9113, section 6.3, though priorities themselves mean nothing here.
TEST(Http2Server, APriorityOfNoStreamEndsTheConnection) {
  Http2TestServer server;
  Http2Client client(server.port());
  EXPECT_EQ(client.ask("/", "").field(":status"), "200");
  const std::string priority("\0\0\0\0\x10", 5);
  client.send_raw(Http2Client::frame(NGHTTP2_PRIORITY, 0, 1, priority));
  EXPECT_EQ(client.ask("/", "").field(":status"), "200");
  client.send_raw(Http2Client::frame(NGHTTP2_PRIORITY, 0, 0, priority));
  client.wait_for_end();
  EXPECT_EQ(client.goaway(), static_cast<uint32_t>(NGHTTP2_PROTOCOL_ERROR));
}

TEST(Http2Bounds, ABodyTooLargeIs413AndTheConnectionLives) {
  Http2TestServer server({.limits = {.body_bytes_max = 1'000}});
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/", std::string(30'000, 'x'));
  EXPECT_EQ(answer.field(":status"), "413");
  EXPECT_EQ(answer.body, "body");
  EXPECT_EQ(client.ask("/", std::string(900, 'x')).field(":status"), "200");
}

TEST(Http2Bounds, AHeadTooLargeIs431AndTheConnectionLives) {
  Http2TestServer server({.limits = {.header_bytes_max = 1'000}});
  Http2Client client(server.port());
  EXPECT_EQ(client.ask("/", "", {{"x-large", std::string(1'500, 'x')}}).field(":status"), "431");
  EXPECT_EQ(client.ask("/", "", {{"x-large", std::string(500, 'x')}}).field(":status"), "200");
}

TEST(Http2Bounds, StreamsBeyondTheLimitWaitOnTheClientsSide) {
  Http2TestServer server({.http2 = {.streams_max = 2}});
  Http2Client client(server.port());
  client.ask("/", "");
  const int32_t a = client.post("/never", "");
  const int32_t b = client.post("/never", "");
  const int32_t c = client.post("/c", "");
  client.flush();
  ASSERT_TRUE(eventually([&] { return server.handler().waiting == 2; }));
  EXPECT_EQ(server.stats().streams_open.value(), 2u);
  client.reset(a);
  EXPECT_EQ(client.wait(c).body, "POST /c ");
  EXPECT_FALSE(client.answer(b).closed);
}

TEST(Http2Bounds, IncompleteBodiesOfAConnectionTogetherAreBounded) {
  Http2TestServer server({.http2 = {.waiting_body_bytes_max = 10'000}});
  Http2Client client(server.port());
  const int32_t first = client.open("/a");
  const int32_t second = client.open("/b");
  client.body(first, std::string(8'000, 'x'), false);
  client.body(second, std::string(8'000, 'x'), false);
  EXPECT_TRUE(client.wait_until([&] { return client.answer(second).field(":status") == "503"; }));
  client.body(first, "", true);
  EXPECT_EQ(client.wait(first).field(":status"), "200");
}

TEST(Http2Bounds, ConnectionsBeyondTheLimitAreClosed) {
  Http2TestServer server({.host = {.connections_max = 1}});
  Http2Client first(server.port());
  EXPECT_EQ(first.ask("/", "").field(":status"), "200");
  Http2Client second(server.port());
  EXPECT_EQ(second.ask("/", "").field(":status"), "");
  EXPECT_EQ(server.stats().connections_refused.value(), 1u);
}

TEST(Http2Timeouts, AConnectionThatDoesNotBeginIsClosed) {
  Http2TestServer server({.host = {.timeouts = {.handshake = Duration::millis(40)}}});
  TestClient silent(server.port());
  EXPECT_TRUE(
      eventually([&] { return server.stats().connections_open.value() == 0 && server.stats().timeouts.value() == 1; }));
}

TEST(Http2Timeouts, AnIdleConnectionGetsAGoaway) {
  Http2TestServer server({.host = {.timeouts = {.idle = Duration::millis(40)}}});
  Http2Client client(server.port());
  client.ask("/", "");
  client.wait_for_end();
  EXPECT_EQ(client.goaway(), static_cast<uint32_t>(NGHTTP2_NO_ERROR));
}

TEST(Http2Timeouts, AQuietConnectionWithAStreamLivesAsLongAsItAnswersPings) {
  net::ManualSteadyTime time;

  Http2TestServer server({.host = {.timeouts = {.idle = Duration::millis(40)}, .steady_now = time.source()}});
  Http2Client client(server.port());
  const int32_t stream = client.open("/echo");
  for (int i = 0; i < 3; ++i) {
    // The server has read all that was sent, its PING's answer included, when it answers this.
    client.ping();
    ASSERT_TRUE(client.wait_until([&] { return client.pings_acked() == i + 1; }));
    time.advance(Duration::millis(60));
    ASSERT_TRUE(client.wait_until([&] { return client.pings_received() == i + 1; }));
  }
  client.body(stream, "still here", true);
  EXPECT_EQ(client.wait(stream).body, "still here");
  EXPECT_EQ(server.stats().timeouts.value(), 0u);
}

TEST(Http2Timeouts, AQuietConnectionThatAnswersNoPingGetsAGoaway) {
  net::ManualSteadyTime time;
  Http2TestServer server({.host = {.timeouts = {.idle = Duration::millis(40)}, .steady_now = time.source()}});
  Http2Client deaf(server.port());
  deaf.open("/echo");
  deaf.flush();
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().timeouts.value() >= 1;
  }));
}

TEST(Http2Timeouts, ARequestThatDripsIsToldSoAndOthersAreServed) {
  net::ManualSteadyTime time;
  Http2TestServer server({.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()}});
  Http2Client client(server.port());
  const int32_t slow = client.open("/slow");
  client.body(slow, "a", false);
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().requests_rejected.value() == 1;
  }));
  EXPECT_TRUE(client.wait_until([&] { return client.answer(slow).field(":status") == "408"; }));
  EXPECT_EQ(client.answer(slow).body, "request");
  EXPECT_EQ(client.ask("/", "").field(":status"), "200");
  // The rest of it is waited for as after every early answer, and then no more.
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().streams_open.value() == 0;
  }));
  EXPECT_EQ(client.wait(slow).closed, uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(server.stats().requests_rejected.value(), 1u);
}

// Nothing can be said on a stream that has not begun.
TEST(Http2Timeouts, AHeadThatDripsIsReset) {
  net::ManualSteadyTime time;
  Http2TestServer server({.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()}});
  Http2Client client(server.port());
  client.flush();
  client.send_raw(Http2Client::frame(NGHTTP2_HEADERS, 0, 1, "\x83"));
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().streams_reset.value() == 1;
  }));
  EXPECT_EQ(server.stats().requests_rejected.value(), 1u);
}

TEST(Http2Timeouts, AReaderThatDoesNotReadIsCutOff) {
  Http2TestServer server({.host = {.timeouts = {.write = Duration::millis(40)}}});
  Http2Client client(server.port());
  nghttp2_settings_entry window{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, INT32_MAX};
  nghttp2_submit_settings(client.session(), 0, &window, 1);
  nghttp2_session_set_local_window_size(client.session(), 0, 0, INT32_MAX);
  client.post("/big?80000000", "");
  client.flush();
  EXPECT_TRUE(
      eventually([&] { return server.stats().timeouts.value() == 1 && server.stats().connections_open.value() == 0; }));
}

TEST(Http2Drain, FinishesWhatIsInFlightAndSaysGoodbye) {
  Http2TestServer server;
  Http2Client client(server.port());
  const int32_t open = client.open("/a");
  client.body(open, "be", false);
  ASSERT_TRUE(eventually([&] { return server.stats().streams_open.value() == 1; }));
  std::atomic<bool> empty = false;
  server.on_loop([&] { server.server().drain(Duration::seconds(100), [&] { empty = true; }); });
  ASSERT_TRUE(client.wait_until([&] { return client.goaway().has_value(); }));
  EXPECT_EQ(client.goaway_last_stream(), INT32_MAX);
  ASSERT_TRUE(client.wait_until([&] { return client.goaway_last_stream() == open; }));
  EXPECT_FALSE(empty);
  client.body(open, "fore", true);
  EXPECT_EQ(client.wait(open).body, "POST /a before");
  client.wait_for_end();
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

TEST(Http2Drain, CutsOffUnfinishedRequestsAfterTheGrace) {
  Http2TestServer server;
  Http2Client client(server.port());
  client.post("/never", "");
  client.flush();
  ASSERT_TRUE(eventually([&] { return server.handler().waiting == 1; }));
  std::atomic<bool> empty = false;
  server.on_loop([&] { server.server().drain(Duration::millis(20), [&] { empty = true; }); });
  client.wait_for_end();
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
  EXPECT_EQ(server.handler().closed, 1);
}

}  // namespace
}  // namespace rateguard::http
