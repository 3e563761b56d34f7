// What the client makes of servers that say what the test wants, byte by byte.
#include <gtest/gtest.h>

#include <string>

#include "http/client/client_fixture_testing.h"

namespace rateguard::http {
namespace {

class WireTest : public ClientFixture {
 protected:
  std::shared_ptr<const Origin> here(Protocols protocols = Protocols::kHttp1) {
    if (!origin_) origin_ = origin(listener_.port(), protocols);
    return origin_;
  }
  // Starts a call and gives the server's end of its connection, when the request's head is there.
  net::BlockingPeer accept(HeardCall& heard, const CallRequest& request = {}, const CallTimeouts& timeouts = {}) {
    start(heard, here(), request, timeouts);
    EXPECT_TRUE(until([&] { return client().stats().connections_open != 0; }));
    net::BlockingPeer peer = listener_.accept();
    EXPECT_TRUE(until([&] {
      request_ += peer.receive_now();
      return request_.contains("\r\n\r\n");
    }));
    return peer;
  }
  // What becomes of a call whose server answers with these bytes and closes.
  void answer(HeardCall& heard, std::string_view bytes, const CallRequest& request = {}) {
    net::BlockingPeer peer = accept(heard, request);
    peer.send(bytes);
    peer.send_end();
    EXPECT_TRUE(until([&] { return heard.is_over(); }));
    EXPECT_EQ(heard.ended + heard.failures, 1);
  }

  net::ListeningSocket listener_;
  std::shared_ptr<const Origin> origin_;
  std::string request_;
};

TEST_F(WireTest, ARequestHasTheGivenFieldsAndNoneOfTheConnections) {
  const Header fields[] = {{"X-One", "1"}, {"Connection", "x-one"},          {"Host", "other"},      {"Upgrade", "h2c"},
                           {"TE", "gzip"}, {"Transfer-Encoding", "chunked"}, {"Content-Length", "5"}};
  HeardCall heard;
  answer(heard, "HTTP/1.1 204 No Content\r\n\r\n",
         {.method = "POST", .target = "/a?b", .authority = "example.org", .headers = fields});
  EXPECT_EQ(request_, "POST /a?b HTTP/1.1\r\nHost: example.org\r\nx-one: 1\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(heard.status, 204);
}

TEST_F(WireTest, AValueCannotStartANewLine) {
  const Header field{"X", "a\r\nContent-Length: 5"};
  HeardCall heard;
  answer(heard, "HTTP/1.1 204 No Content\r\n\r\n", {.headers = {&field, 1}});
  EXPECT_TRUE(request_.contains("\r\nx: a  Content-Length: 5\r\n")) << request_;
}

TEST_F(WireTest, ContentWithoutFramingEndsWithTheConnection) {
  HeardCall heard;
  answer(heard, "HTTP/1.0 200 OK\r\n\r\nall of it");
  EXPECT_EQ(heard.body, "all of it");
  EXPECT_EQ(heard.ended, 1);
}

TEST_F(WireTest, ContentThatEndsTooEarlyFails) {
  for (const std::string_view bytes : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
                                       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n"}) {
    HeardCall heard;
    answer(heard, bytes);
    EXPECT_EQ(heard.body, "short");
    EXPECT_EQ(heard.end, CallEnd::kBroken);
    EXPECT_EQ(heard.error.message, "127.0.0.1:" + std::to_string(listener_.port()) +
                                       ": the server closed the connection in the middle of its answer");
  }
}

TEST_F(WireTest, AnAnswerThatIsNotHttpFails) {
  for (const std::string_view bytes :
       {"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "SSH-2.0-x\r\n",
        "HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 101 X\r\nUpgrade: x\r\n\r\n"}) {
    HeardCall heard;
    answer(heard, bytes);
    EXPECT_EQ(heard.end, CallEnd::kMalformed) << bytes;
    EXPECT_EQ(heard.error.source, ErrorSource::kPeer);
    EXPECT_EQ(heard.status, 0) << "nothing of it was passed on";
  }
}

TEST_F(WireTest, AHeadWithoutEndFails) {
  limits_.answer.header_bytes_max = 1'000;
  HeardCall heard;
  answer(heard, "HTTP/1.1 200 OK\r\nA: " + std::string(5'000, 'a'));
  EXPECT_EQ(heard.end, CallEnd::kMalformed);
}

TEST_F(WireTest, InterimAnswersWithoutEndFail) {
  std::string many;
  for (int i = 0; i < 100; ++i) many += "HTTP/1.1 103 Early Hints\r\n\r\n";
  HeardCall heard;
  answer(heard, many);
  EXPECT_EQ(heard.end, CallEnd::kMalformed);
}

TEST_F(WireTest, AnAnswerToHeadHasNoContent) {
  HeardCall heard;
  net::BlockingPeer peer = accept(heard, {.method = "HEAD"});
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
  EXPECT_TRUE(until([&] { return heard.ended == 1; }));
  EXPECT_EQ(client().stats().connections_open, 1U) << "kept";
}

TEST_F(WireTest, BytesBehindAnAnswerEndTheConnection) {
  HeardCall heard;
  answer(heard, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(heard.body, "ok");
  EXPECT_EQ(client().stats().connections_open, 0U);
}

TEST_F(WireTest, AnUpgradedConnectionCarriesRawBytes) {
  HeardCall heard;
  net::BlockingPeer peer = accept(heard, {.upgrade = "echo"});
  EXPECT_TRUE(request_.contains("Connection: Upgrade\r\nUpgrade: echo\r\n")) << request_;
  peer.send("HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nhello");
  EXPECT_TRUE(until([&] { return heard.body == "hello"; }));
  EXPECT_EQ(heard.status, 101);
  heard.call->write("0\r\n\r\n");
  wait(Duration::millis(5));
  EXPECT_EQ(peer.receive(5), "0\r\n\r\n");
  heard.call->finish();
  wait(Duration::millis(5));
  EXPECT_TRUE(peer.at_end());
  peer.close();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.ended, 1);
}

// The server may have closed it before or after it read the request: nobody knows.
TEST_F(WireTest, AKeptConnectionThatWasClosedIsReplacedForRequestsThatMayBeRepeated) {
  HeardCall first;
  net::BlockingPeer peer = accept(first);
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return first.ended == 1; }));
  HeardCall second;
  request_.clear();
  start(second, here(), {.target = "/again"});
  EXPECT_TRUE(until([&] {
    request_ += peer.receive_now();
    return request_.contains("\r\n\r\n");
  }));
  peer.close();
  EXPECT_TRUE(until([&] { return client().stats().calls_repeated == 1; }));
  net::BlockingPeer next = listener_.accept();
  next.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_TRUE(until([&] { return second.ended == 1; }));
  EXPECT_EQ(second.body, "ok");
}

TEST_F(WireTest, AKeptConnectionThatWasClosedFailsRequestsThatMayNotBeRepeated) {
  HeardCall first;
  net::BlockingPeer peer = accept(first);
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return first.ended == 1; }));
  HeardCall second;
  request_.clear();
  start(second, here(), {.method = "POST"});
  EXPECT_TRUE(until([&] {
    request_ += peer.receive_now();
    return request_.contains("\r\n\r\n");
  }));
  peer.close();
  EXPECT_TRUE(until([&] { return second.is_over(); }));
  EXPECT_EQ(second.end, CallEnd::kBroken);
  EXPECT_EQ(second.error.retry, Retry::kIfIdempotent);
  EXPECT_EQ(client().stats().calls_repeated, 0U);
}

TEST_F(WireTest, OneConnectionIsNotGivenTwoCallsAndMoreThanTheBoundAreNotOpened) {
  limits_.connections_max = 2;
  std::array<HeardCall, 3> heard;
  for (HeardCall& one : heard) start(one, here(), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_open == 2; }));
  net::BlockingPeer one = listener_.accept();
  net::BlockingPeer two = listener_.accept();
  wait(Duration::millis(20));
  EXPECT_EQ(client().stats().connections_opened, 2U);
  two.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return heard[0].ended + heard[1].ended == 1; }));
  two.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return heard[2].ended == 1; })) << "the one that waited";
}

// A slow upload is not a late answer.
TEST_F(WireTest, ContentThatIsTakenSlowlyIsNotLate) {
  HeardCall heard;
  net::BlockingPeer peer =
      accept(heard, {.method = "POST", .content = RequestContent::kStreamed}, {.first_byte = Duration::millis(500)});
  heard.call->write(std::string(64'000'000, 'u'));
  for (int i = 0; i < 30; ++i) {
    (void)peer.receive_now(1'000'000);
    wait(Duration::millis(50));
  }
  EXPECT_FALSE(heard.is_over()) << heard.error.message;
  EXPECT_TRUE(until([&] { return heard.is_over(); })) << "but one that is not taken is";
  EXPECT_EQ(heard.end, CallEnd::kLate);
}

TEST_F(WireTest, TooManyThatWaitAreRefused) {
  limits_.connections_max = 1;
  limits_.waiting_max = 2;
  std::array<HeardCall, 5> heard;
  start(heard[0], here(), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_open == 1; }));
  net::BlockingPeer peer = listener_.accept();
  wait(Duration::millis(5));
  for (size_t i = 1; i < heard.size(); ++i) start(heard[i], here(), {});
  EXPECT_TRUE(until([&] { return heard[4].is_over(); }));
  EXPECT_EQ(heard[4].end, CallEnd::kTooMany);
  EXPECT_EQ(heard[4].error.retry, Retry::kAlways);
  EXPECT_FALSE(heard[1].is_over());
}

TEST_F(WireTest, ACallThatFindsNoConnectionIsLate) {
  limits_.connections_max = 1;
  HeardCall first;
  net::BlockingPeer peer = accept(first);
  HeardCall second;
  ask(second, here(), {}, {.connect = Duration::millis(100)});
  EXPECT_EQ(second.end, CallEnd::kLate);
  EXPECT_EQ(second.error.retry, Retry::kAlways);
}

// Frames of a server of HTTP/2.
std::string frame(uint8_t type, uint8_t flags, uint32_t stream, std::string_view payload = {}) {
  std::string bytes;
  for (const int shift : {16, 8, 0}) bytes += static_cast<char>(payload.size() >> shift);
  bytes += static_cast<char>(type);
  bytes += static_cast<char>(flags);
  for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(stream >> shift);
  return bytes.append(payload);
}
const std::string kSettings = frame(4, 0, 0);
constexpr uint8_t kEndHeaders = 4;
constexpr uint8_t kEndStream = 1;
constexpr std::string_view kOk = "\x88";  // ":status: 200" of HPACK's static table
std::string number(uint32_t value) {
  return {static_cast<char>(value >> 24), static_cast<char>(value >> 16), static_cast<char>(value >> 8),
          static_cast<char>(value)};
}

class Http2WireTest : public WireTest {
 protected:
  net::BlockingPeer accept_http2(HeardCall& heard, const CallRequest& request = {}) {
    start(heard, here(Protocols::kHttp2), request);
    EXPECT_TRUE(until([&] { return client().stats().connections_open != 0; }));
    net::BlockingPeer peer = listener_.accept();
    peer.send(kSettings);
    EXPECT_TRUE(receives_request(peer));
    return peer;
  }
  // Answered any earlier, a stream would not be there yet.
  bool receives_request(net::BlockingPeer& peer) {
    request_.clear();
    // The preface, SETTINGS, WINDOW_UPDATE, and HEADERS at the least.
    return until([&] { return (request_ += peer.receive_now()).size() > 75; });
  }
};

TEST_F(Http2WireTest, AnAnswerIsUnderstood) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  peer.send(frame(1, kEndHeaders, 1, kOk) + frame(0, kEndStream, 1, "hello"));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body, "hello");
}

TEST_F(Http2WireTest, ARefusedStreamIsRepeatedSinceItWasNotProcessed) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard, {.method = "POST"});
  peer.send(frame(3, 0, 1, number(7)));
  EXPECT_TRUE(until([&] { return client().stats().calls_repeated == 1; }));
  EXPECT_TRUE(until([&] { return !peer.receive_now().empty(); })) << "the second attempt";
  peer.send(frame(3, 0, 3, number(7)));
  EXPECT_TRUE(until([&] { return heard.is_over(); })) << "once is enough";
  EXPECT_EQ(heard.error.retry, Retry::kAlways);
}

TEST_F(Http2WireTest, StreamsBehindAGoodbyeAreRepeatedElsewhere) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard, {.method = "POST"});
  peer.send(frame(7, 0, 0, number(0) + number(0)));
  EXPECT_TRUE(until([&] { return client().stats().connections_opened == 2; }));
  net::BlockingPeer next = listener_.accept();
  next.send(kSettings);
  EXPECT_TRUE(receives_request(next));
  next.send(frame(1, kEndHeaders | kEndStream, 1, kOk));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.status, 200);
}

TEST_F(Http2WireTest, StreamsBeforeAGoodbyeAreFinishedAndNewOnesGoElsewhere) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  peer.send(frame(7, 0, 0, number(1) + number(0)));
  wait(Duration::millis(5));
  HeardCall second;
  start(second, here(), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_opened == 2; }));
  peer.send(frame(1, kEndHeaders | kEndStream, 1, kOk));
  EXPECT_TRUE(until([&] { return heard.ended == 1; }));
  EXPECT_TRUE(until([&] { return client().stats().connections_open == 1; })) << "the first is closed";
}

TEST_F(Http2WireTest, AStreamThatWasResetMayHaveBeenProcessed) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  peer.send(frame(3, 0, 1, number(2)));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kBroken);
  EXPECT_EQ(heard.error.retry, Retry::kIfIdempotent);
  EXPECT_EQ(heard.error.source, ErrorSource::kPeer);
}

TEST_F(Http2WireTest, AServerThatSpeaksSomethingElseFailsItsCalls) {
  HeardCall heard;
  start(heard, here(Protocols::kHttp2), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_open != 0; }));
  net::BlockingPeer peer = listener_.accept();
  peer.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kMalformed);
}

TEST_F(Http2WireTest, AFieldThatMayNotBeFailsTheCall) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  // A literal field whose name has a capital letter (RFC 9113, section 8.2.1).
  peer.send(frame(1, kEndHeaders | kEndStream, 1, std::string(kOk) + std::string("\x00\x01X\x01y", 5)));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.failures, 1);
  EXPECT_EQ(heard.error.source, ErrorSource::kPeer);
  EXPECT_EQ(heard.status, 0);
}

TEST_F(Http2WireTest, ContentOfAnotherLengthThanAnnouncedFails) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  // content-length: 9, of five.
  peer.send(frame(1, kEndHeaders, 1,
                  std::string(kOk) + std::string("\x0f\x0d\x01"
                                                 "9",
                                                 4)) +
            frame(0, kEndStream, 1, "short"));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.failures, 1);
}

TEST_F(Http2WireTest, InterimAnswersWithoutEndFail) {
  HeardCall heard;
  net::BlockingPeer peer = accept_http2(heard);
  // ":status: 103", its name from the static table.
  for (int i = 0; i < 100; ++i)
    peer.send(frame(1, kEndHeaders, 1,
                    std::string("\x08\x03"
                                "103",
                                5)));
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kMalformed);
}

// The network may have forgotten it: without this every call to come would wait for nothing.
TEST_F(Http2WireTest, AConnectionThatSaysNothingAtAllIsNotAskedAgain) {
  HeardCall heard;
  start(heard, here(Protocols::kHttp2), {}, {.first_byte = Duration::millis(100)});
  EXPECT_TRUE(until([&] { return client().stats().connections_open == 1; }));
  net::BlockingPeer peer = listener_.accept();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kLate);
  HeardCall second;
  start(second, here(), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_opened == 2; }));
}

TEST_F(Http2WireTest, AServersBoundOnStreamsIsKept) {
  HeardCall heard;
  start(heard, here(Protocols::kHttp2), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_open != 0; }));
  net::BlockingPeer peer = listener_.accept();
  peer.send(frame(4, 0, 0, std::string("\x00\x03", 2) + number(1)));
  const std::string acknowledged = frame(4, 1, 0);
  EXPECT_TRUE(until([&] { return (request_ += peer.receive_now()).contains(acknowledged); }));
  HeardCall second;
  start(second, here(), {});
  EXPECT_TRUE(until([&] { return client().stats().connections_opened == 2; })) << "it needs another connection";
}

}  // namespace
}  // namespace rateguard::http
