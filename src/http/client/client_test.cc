// Calls to a server of ours, over HTTP/1.1 and over HTTP/2 with prior knowledge.
#include "http/client/client.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "http/client/client_fixture_testing.h"
#include "http/server/streaming_fixture_testing.h"

namespace rateguard::http {
namespace {

class ClientTest : public ClientFixture, public testing::WithParamInterface<Protocols> {
 protected:
  std::shared_ptr<const Origin> here() {
    if (!origin_) origin_ = origin(server_.port(), GetParam());
    return origin_;
  }
  static bool is_http2() { return GetParam() == Protocols::kHttp2; }

  StreamingHandler handler_;
  TestServer server_{handler_};
  std::shared_ptr<const Origin> origin_;
};

INSTANTIATE_TEST_SUITE_P(OverEach, ClientTest, testing::Values(Protocols::kHttp1, Protocols::kHttp2),
                         [](const auto& which) { return which.param == Protocols::kHttp1 ? "Http1" : "Http2"; });

TEST_P(ClientTest, ACallIsAnswered) {
  HeardCall heard;
  ask(heard, here(), {.target = "/early"});
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body, "early");
  EXPECT_EQ(heard.version, is_http2() ? Version::k2 : Version::k11);
  EXPECT_TRUE(heard.call->is_over());
}

TEST_P(ClientTest, ContentGoesBothWaysWithTrailersBehindIt) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write("one ");
  EXPECT_TRUE(until([&] { return heard.body == "one "; }));
  heard.call->write("two");
  heard.call->trailer("X-Sum", "7");
  heard.call->finish();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.body, "one two");
  EXPECT_EQ(heard.trailers, "x-sum: 7\nx-end: whole\n");
}

TEST_P(ClientTest, FieldsThatBelongInTheHeadAreNoTrailers) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write("x");
  for (const char* const name : {"Authorization", "If-Match", "Set-Cookie", "Trailer"}) heard.call->trailer(name, "1");
  heard.call->finish();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.trailers, "x-end: whole\n");
}

TEST_P(ClientTest, ARequestWithFramingBehindItsContentIsCutOff) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write("x");
  ASSERT_TRUE(until([&] { return heard.body == "x"; }));
  heard.call->trailer("Host", "other");
  heard.call->finish();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, is_http2() ? CallEnd::kMalformed : CallEnd::kBroken);
  EXPECT_EQ(handler_.gone, 1U);
  EXPECT_EQ(handler_.ended, 0U);
}

TEST_P(ClientTest, AConnectionIsKeptForTheNextCall) {
  for (int i = 0; i < 3; ++i) {
    HeardCall heard;
    ask(heard, here(), {.target = "/early"});
    EXPECT_EQ(heard.status, 200);
  }
  EXPECT_EQ(client().stats().connections_opened, 1U);
}

TEST_P(ClientTest, CallsAtOnceShareAConnectionWhereTheVersionCan) {
  std::array<HeardCall, 8> heard;
  HeardCall first;
  ask(first, here(), {.target = "/early"});
  for (HeardCall& one : heard) start(one, here(), {.target = "/echo", .content = RequestContent::kStreamed});
  EXPECT_TRUE(
      until([&] { return std::ranges::all_of(heard, [](const HeardCall& one) { return one.status == 200; }); }));
  EXPECT_EQ(client().stats().connections_opened, is_http2() ? 1U : 8U);
  for (HeardCall& one : heard) one.call->finish();
  EXPECT_TRUE(until([&] { return std::ranges::all_of(heard, [](const HeardCall& one) { return one.ended == 1; }); }));
}

TEST_P(ClientTest, InterimAnswersAreReported) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/hints", .content = RequestContent::kStreamed});
  heard.call->finish();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.interim, "103 ");
  EXPECT_EQ(heard.status, 200);
}

TEST_P(ClientTest, ContentWaitsForLeaveWhereItIsAskedFor) {
  const Header expect{"Expect", "100-continue"};
  HeardCall heard;
  start(heard, here(),
        {.method = "POST", .target = "/late", .headers = {&expect, 1}, .content = RequestContent::kStreamed});
  heard.call->write("content");
  heard.call->finish();
  EXPECT_TRUE(until([&] { return handler_.handled == 1; }));
  wait(Duration::millis(50));
  EXPECT_GT(heard.call->waiting_bytes(), 0U);
  server_.on_loop([&] { handler_.receive_all(); });
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.interim, "100 ");
  EXPECT_EQ(handler_.arrived, 7U);
}

TEST_P(ClientTest, AnAnswerThatIsNotConsumedIsNotReadOn) {
  HeardCall heard;
  heard.holds = true;
  start(heard, here(), {.target = "/source?8000000"});
  EXPECT_TRUE(until([&] { return heard.held >= Call::kWindow; }));
  wait(Duration::millis(50));
  EXPECT_LE(heard.held, Call::kWindow + 4'096);
  heard.consume_all();
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.body_bytes, 8'000'000U);
}

// Over HTTP/2 a client says for every half window that it may go on: that is no flood.
TEST_P(ClientTest, ALongAnswerIsNotTakenForAFlood) {
  ServerOptions options;
  options.http2.control_frames = {.burst = 50, .per_second = 1};
  TestServer server(handler_, std::move(options));
  HeardCall heard;
  ask(heard, origin(server.port(), GetParam()), {.target = "/source?20000000"});
  EXPECT_EQ(heard.body_bytes, 20'000'000U) << heard.error.message;
}

TEST_P(ClientTest, OneThatHoldsBackHarmsNoOther) {
  HeardCall slow;
  slow.holds = true;
  start(slow, here(), {.target = "/source?8000000"});
  EXPECT_TRUE(until([&] { return slow.held >= Call::kWindow; }));
  for (int i = 0; i < 20; ++i) {
    HeardCall other;
    ask(other, here(), {.target = "/source?500000"});
    EXPECT_EQ(other.body_bytes, 500'000U);
  }
}

TEST_P(ClientTest, AServerThatDoesNotReadMakesContentWait) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/hold", .content = RequestContent::kStreamed});
  const std::string piece(64 * 1'024, 'p');
  size_t written = 0;
  const auto write_more = [&] {
    while (heard.call->waiting_bytes() < 256 * 1'024 && written < 32'000'000) {
      heard.call->write(piece);
      written += piece.size();
    }
    if (written >= 32'000'000) heard.call->finish();
  };
  heard.on_drained = write_more;
  write_more();
  EXPECT_TRUE(until([&] { return handler_.held >= Exchange::kBodyWindow - 1; }));
  wait(Duration::millis(100));
  EXPECT_LT(written, 16'000'000U) << "what the sockets hold, and some";
  server_.on_loop([&] { handler_.consume_all(); });
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(handler_.arrived, written);
}

TEST_P(ClientTest, ACallThatIsDestroyedIsCancelled) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  EXPECT_TRUE(until([&] { return heard.status == 200; }));
  heard.call.reset();
  EXPECT_TRUE(until([&] { return handler_.gone == 1; }));
  EXPECT_EQ(heard.ended + heard.failures, 0);
  HeardCall next;
  ask(next, here(), {.target = "/early"});
  EXPECT_EQ(client().stats().connections_opened, is_http2() ? 1U : 2U);
}

TEST_P(ClientTest, ACallCanBeDestroyedFromWithinItsEvents) {
  HeardCall heard;
  heard.on_answered = [&] { heard.call.reset(); };
  start(heard, here(), {.target = "/source?1000000"});
  EXPECT_TRUE(until([&] { return heard.status == 200; }));
  HeardCall next;
  ask(next, here(), {.target = "/early"});
  EXPECT_EQ(next.status, 200);
}

TEST_P(ClientTest, AnAnswerBeforeTheRequestIsOverEndsTheCall) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/early", .content = RequestContent::kStreamed});
  heard.call->write("begun");
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.body, "early");
  HeardCall next;
  ask(next, here(), {.target = "/early"});
  EXPECT_EQ(next.body, "early");
}

TEST_P(ClientTest, AnAnswerThatIsCutShortFails) {
  HeardCall heard;
  ask(heard, here(), {.target = "/letgo"});
  EXPECT_EQ(heard.end, CallEnd::kBroken);
  EXPECT_EQ(heard.failures, 1);
  EXPECT_EQ(heard.error.retry, Retry::kIfIdempotent);
}

TEST_P(ClientTest, ASlowAnswerIsLate) {
  HeardCall heard;
  ask(heard, here(), {.target = "/late"}, {.first_byte = Duration::millis(100)});
  EXPECT_EQ(heard.end, CallEnd::kLate);
  EXPECT_EQ(heard.error.retry, Retry::kIfIdempotent);
  EXPECT_EQ(heard.error.message,
            "GET /late of 127.0.0.1:" + std::to_string(server_.port()) + " was not answered in time");
}

TEST_P(ClientTest, AnAnswerThatStopsIsLate) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed},
        {.idle = Duration::millis(100)});
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.end, CallEnd::kLate);
}

TEST_P(ClientTest, TheTimeForAllOfItIsKept) {
  HeardCall heard;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed},
        {.whole = Duration::millis(200)});
  heard.on_drained = [] {};
  const net::Timer more = loop_->every(Duration::millis(20), [&] {
    if (!heard.is_over()) heard.call->write("alive");
  });
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kLate);
}

TEST_P(ClientTest, AMissingServerIsReportedAndMayBeTriedAgain) {
  net::ListeningSocket nobody;
  const auto nowhere = origin(nobody.port(), GetParam());
  nobody.close();
  HeardCall heard;
  ask(heard, nowhere, {});
  EXPECT_EQ(heard.end, CallEnd::kNotConnected);
  EXPECT_EQ(heard.error.retry, Retry::kAlways);
  EXPECT_EQ(heard.error.source, ErrorSource::kNetwork);
}

TEST_P(ClientTest, AClientThatGoesLetsGoOfItsCalls) {
  HeardCall heard;
  HeardCall fresh;
  start(heard, here(), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  EXPECT_TRUE(until([&] { return heard.status == 200; }));
  start(fresh, here(), {.target = "/early"});
  client_.reset();
  EXPECT_TRUE(heard.call->is_over());
  EXPECT_TRUE(fresh.call->is_over());
  heard.call->write("dropped");
  wait(Duration::millis(10));
  EXPECT_EQ(heard.failures + fresh.failures, 0);
}

TEST_P(ClientTest, AnIdleConnectionIsClosedInTime) {
  limits_.idle = Duration::millis(100);
  HeardCall heard;
  ask(heard, here(), {.target = "/early"});
  EXPECT_EQ(client().stats().connections_open, 1U);
  EXPECT_TRUE(until([&] { return client().stats().connections_open == 0; }));
}

TEST_P(ClientTest, LessContentThanAnnouncedIsTheCallersFault) {
  const Header length{"Content-Length", "10"};
  HeardCall heard;
  start(heard, here(),
        {.method = "POST", .target = "/late", .headers = {&length, 1}, .content = RequestContent::kStreamed});
  heard.call->write("short");
  heard.call->finish();
  EXPECT_EQ(heard.failures, 0) << "told from within a call";
  EXPECT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.end, CallEnd::kOurs);
  EXPECT_EQ(heard.error.source, ErrorSource::kCaller);
}

}  // namespace
}  // namespace rateguard::http
