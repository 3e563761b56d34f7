// The server at its bounds: slow and silent clients, too many of them, no descriptors left, shutting down.
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <vector>

#include "http/server/server_fixture.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

constexpr Duration kShort = Duration::millis(40);
constexpr Duration kLong = Duration::seconds(100);

TEST(HttpServerTimeouts, AnIdleConnectionIsClosedWithoutAWord) {
  net::ManualSteadyTime time;
  TestServer server({.host = {.timeouts = {.idle = kShort}, .steady_now = time.source()}});
  TestClient silent(server.port());
  EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 1; }));
  time.advance(kShort * 2);
  EXPECT_TRUE(silent.ended());
  TestClient once(server.port());
  EXPECT_EQ(once.ask(get("/")).status, 200);
  server.on_loop([] {});  // it is idle now
  time.advance(kShort * 2);
  EXPECT_TRUE(once.ended());
  EXPECT_EQ(server.stats().timeouts.value(), 2u);
}

// A byte now and then does not buy more time: the request has to be whole in time from its first byte.
TEST(HttpServerTimeouts, ARequestThatDripsGets408AndIsCutOff) {
  net::ManualSteadyTime time;
  TestServer server({.host = {.timeouts = {.idle = kLong, .read = kShort}, .steady_now = time.source()}});
  TestClient client(server.port());
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\nHost: a\r\nX: "));
  int drips = 0;
  while (!client.readable(std::chrono::milliseconds(2)) && drips < 5'000) {
    client.send("y");
    if (drips++ > 0) time.advance(Duration::millis(5));
  }
  const ReceivedResponse answer = client.read_answer();
  EXPECT_EQ(answer.status, 408);
  EXPECT_TRUE(answer.has("Connection: close"));
  EXPECT_GT(drips, 1);
  EXPECT_LT(drips, 5'000);
  EXPECT_EQ(server.stats().timeouts.value(), 1u);
}

TEST(HttpServerTimeouts, EachRequestOfAConnectionHasItsOwnTime) {
  net::ManualSteadyTime time;
  TestServer server({.host = {.timeouts = {.idle = kLong, .read = kShort}, .steady_now = time.source()}});
  TestClient client(server.port());
  // The end of every request comes with the start of the next; all of them together take longer than one may.
  ASSERT_TRUE(client.send("GET / HTTP/1.1\r\n"));
  for (int i = 0; i < 12; ++i) {
    server.on_loop([] {});
    time.advance(Duration::millis(10));
    EXPECT_FALSE(client.readable(std::chrono::milliseconds(15)));  // three ticks in which it could have been told
    EXPECT_EQ(client.ask("Host: a\r\n\r\nGET / HTTP/1.1\r\n").status, 200);
  }
  time.advance(kShort * 2);
  EXPECT_EQ(client.read_answer().status, 408);
}

TEST(HttpServerTimeouts, AReaderThatDoesNotReadIsCutOff) {
  TestServer server({.host = {.timeouts = {.idle = kLong, .write = kShort}}});
  TestClient client(server.port());
  ASSERT_TRUE(client.send(get("/big?50000000")));
  EXPECT_TRUE(eventually([&] { return server.stats().timeouts.value() == 1; }));
  EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 0; }));
}

// What a slow reader has asked for waits in the kernel, not here: its requests are not read until it has read.
TEST(HttpServerBounds, ASlowReaderIsNotReadFromAndOthersAreServed) {
  TestServer server({.host = {.timeouts = {.write = kLong}}, .output_bytes_max = 64'000});
  TestClient slow(server.port());
  constexpr int kRequests = 2'000;
  std::thread sender([&] {
    std::string requests;
    for (int i = 0; i < kRequests; ++i) requests += get("/big?20000", "X-Pad: " + std::string(1'000, 'p') + "\r\n");
    slow.send(requests);
  });
  uint64_t last = 0;
  EXPECT_TRUE(eventually([&] {
    const uint64_t before = std::exchange(last, server.stats().requests_handled.value());
    TestClient other(server.port());
    return other.ask(get("/")).status == 200 && before > 100 && server.stats().requests_handled.value() <= before + 2;
  }));
  EXPECT_LT(server.stats().requests_handled.value(), uint64_t{kRequests});
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(slow.read_answer().body.size(), 20'000u) << i;
  sender.join();
}

// Many small requests for large answers arrive at once: what is rendered of them at a time is bounded.
TEST(HttpServerBounds, ABatchStopsWhereItsAnswersFillTheOutput) {
  TestServer server({.host = {.timeouts = {.write = kLong}}, .output_bytes_max = 64'000});
  TestClient slow(server.port());
  constexpr int kRequests = 40;
  std::string requests;
  for (int i = 0; i < kRequests; ++i) requests += get("/big?1000000");
  ASSERT_TRUE(slow.send(requests));
  EXPECT_TRUE(eventually([&] { return server.stats().requests_handled.value() > 0; }));
  server.on_loop([] {});  // the batch is over
  EXPECT_LT(server.stats().requests_handled.value(), uint64_t{kRequests} / 2);
  for (int i = 0; i < kRequests; ++i) ASSERT_EQ(slow.read_answer().body.size(), 1'000'000u) << i;
}

TEST(HttpServerBounds, AConnectionAboveTheLimitGetsARefusal) {
  TestServer server({.host = {.connections_max = 2}});
  TestClient first(server.port());
  TestClient second(server.port());
  EXPECT_EQ(first.ask(get("/")).status, 200);
  EXPECT_EQ(second.ask(get("/")).status, 200);
  {
    TestClient third(server.port());
    const ReceivedResponse answer = third.read_answer();
    EXPECT_EQ(answer.status, 503);
    EXPECT_TRUE(answer.has("Connection: close"));
    EXPECT_TRUE(third.ended());
  }
  EXPECT_EQ(first.ask(get("/")).status, 200);
  EXPECT_EQ(server.stats().connections_refused.value(), 1u);
  {
    const TestClient gone = std::move(second);
  }
  EXPECT_TRUE(eventually([&] { return server.stats().connections_open.value() == 1; }));
  TestClient fourth(server.port());
  EXPECT_EQ(fourth.ask(get("/")).status, 200);
}

// The descriptors of this process are limited to those that are open now, for as long as it lives.
class DescriptorsUsedUp {
 public:
  DescriptorsUsedUp() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit now = before_;
    const int next = ::dup(0);
    ::close(next);
    now.rlim_cur = static_cast<rlim_t>(next);
    setrlimit(RLIMIT_NOFILE, &now);
  }
  ~DescriptorsUsedUp() { setrlimit(RLIMIT_NOFILE, &before_); }

 private:
  rlimit before_{};
};

TEST(HttpServerBounds, WithoutDescriptorsItTurnsClientsAwayAndServesTheOthers) {
  TestServer server;
  TestClient served(server.port());
  EXPECT_EQ(served.ask(get("/")).status, 200);
  std::vector<TestClient> waiting(5);
  {
    const DescriptorsUsedUp used_up;
    for (TestClient& client : waiting) {
      ASSERT_TRUE(client.connect(server.port()));
      client.send(get("/"));
      EXPECT_TRUE(client.ended());
      EXPECT_EQ(served.ask(get("/")).status, 200);
    }
  }
  TestClient after(server.port());
  EXPECT_EQ(after.ask(get("/")).status, 200);
}

TEST(HttpServerDrain, AnswersWhatHasBegunAndClosesTheRest) {
  TestServer server;
  TestClient idle(server.port());
  TestClient begun(server.port());
  EXPECT_EQ(idle.ask(get("/")).status, 200);
  EXPECT_EQ(begun.ask(get("/") + "POST /late HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n").status, 200);
  std::atomic<bool> empty = false;
  server.on_loop([&] { server.server().drain(kLong, [&] { empty = true; }); });
  EXPECT_TRUE(idle.ended());
  EXPECT_FALSE(TestClient().connect(server.port()));
  EXPECT_FALSE(empty);
  const ReceivedResponse answer = begun.ask("\r\nok" + get("/more"));
  EXPECT_EQ(answer.body, "POST /late ok");
  EXPECT_TRUE(answer.has("Connection: close"));
  EXPECT_TRUE(begun.ended());
  {
    const TestClient gone = std::move(begun);
  }
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

// A request that has arrived but was not looked at yet, on a connection accepted or not, is answered.
TEST(HttpServerDrain, AnswersWhatArrivedBeforeIt) {
  TestServer server;
  TestClient open(server.port());
  EXPECT_EQ(open.ask(get("/")).status, 200);
  std::atomic<bool> empty = false;
  std::optional<TestClient> queued;
  server.on_loop([&] {
    queued.emplace(server.port());
    EXPECT_TRUE(open.send(get("/open")));
    EXPECT_TRUE(queued->send(get("/queued")));
    server.server().drain(kLong, [&] { empty = true; });
  });
  EXPECT_EQ(open.read_answer().body, "GET /open ");
  EXPECT_EQ(queued->read_answer().body, "GET /queued ");
  EXPECT_TRUE(open.ended());
  EXPECT_TRUE(queued->ended());
  queued.reset();
  {
    const TestClient gone = std::move(open);
  }
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

TEST(HttpServerDrain, CutsOffUnfinishedRequestsAfterTheGrace) {
  TestServer server;
  TestClient client(server.port());
  EXPECT_EQ(client.ask(get("/") + "GET / HT").status, 200);
  std::atomic<bool> empty = false;
  server.on_loop([&] { server.server().drain(kShort, [&] { empty = true; }); });
  EXPECT_TRUE(client.ended());
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

TEST(HttpServerDrain, EndsAtOnceWithoutConnections) {
  TestServer server;
  std::atomic<bool> empty = false;
  server.on_loop([&] { server.server().drain(kLong, [&] { empty = true; }); });
  EXPECT_TRUE(eventually([&] { return empty.load(); }));
}

TEST(HttpServer, MayGoWhileConnectionsAreOpen) {
  auto server = std::make_unique<TestServer>();
  TestClient client(server->port());
  EXPECT_EQ(client.ask(get("/") + "GET / HT").status, 200);
  server.reset();
  EXPECT_TRUE(client.ended());
}

// "P" and the last part of an address: a preamble for tests.
net::Preamble letter_and_number(const IpAddress& sender, std::string_view received) {
  EXPECT_EQ(sender.to_string(), "127.0.0.1");
  if (received.size() < 2)
    return {.verdict = net::Preamble::Verdict::kNeedMore, .bytes_wanted = received.empty() ? 1u : 2u};
  if (received[0] != 'P') return {.verdict = net::Preamble::Verdict::kRefused};
  if (received[1] == '0') return {.verdict = net::Preamble::Verdict::kDone};
  return {.verdict = net::Preamble::Verdict::kDone,
          .peer = IpAddress::parse("192.0.2." + std::string(received.substr(1)))};
}

TEST(HttpServerPreamble, TellsWhoThePeerIs) {
  TestServer server({.host = {.preamble = letter_and_number}});
  TestClient whole(server.port());
  EXPECT_TRUE(whole.ask("P7" + get("/")).has("X-Peer: 192.0.2.7"));
  EXPECT_TRUE(whole.ask(get("/")).has("X-Peer: 192.0.2.7"));
  TestClient parts(server.port());
  ASSERT_TRUE(parts.send("P"));
  EXPECT_FALSE(parts.readable(std::chrono::milliseconds(20)));
  EXPECT_TRUE(parts.ask("9" + get("/")).has("X-Peer: 192.0.2.9"));
  TestClient own(server.port());
  EXPECT_TRUE(own.ask("P0" + get("/")).has("X-Peer: 127.0.0.1"));
}

TEST(HttpServerPreamble, WithoutItThereIsNoConnection) {
  TestServer server({.host = {.preamble = letter_and_number, .timeouts = {.handshake = kShort}}});
  TestClient other(server.port());
  other.send(get("/"));
  EXPECT_TRUE(other.ended());
  TestClient silent(server.port());
  EXPECT_TRUE(silent.ended());
  EXPECT_EQ(server.stats().handshakes_failed.value(), 2u);
}

}  // namespace
}  // namespace rateguard::http
