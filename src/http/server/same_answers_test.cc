// What a server cannot accept is answered in the same words over HTTP/1.1 and HTTP/2.
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "http/server/http2_client_for_tests.h"
#include "http/server/server_fixture.h"
#include "net/steady_time_testing.h"

namespace rateguard::http {
namespace {

// A request that is rejected, as both versions have it.
struct Case {
  std::string name;
  int status;
  std::string bytes;   // HTTP/1.1's
  Http2Fields fields;  // HTTP/2's, all of them
};

Http2Fields fields_of(std::string method, std::string target, Http2Fields more = {}) {
  Http2Fields fields = {
      {":method", std::move(method)}, {":scheme", "http"}, {":authority", "a"}, {":path", std::move(target)}};
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::vector<Case> cases() {
  const std::string large(3'000, 'x');
  std::string many;
  Http2Fields many_fields;
  for (int i = 0; i < 21; ++i) {
    many += "x-" + std::to_string(i) + ": y\r\n";
    many_fields.push_back({"x-" + std::to_string(i), "y"});
  }
  return {
      {"a target that is too long", 414, get("/" + large), fields_of("GET", "/" + large)},
      {"a field that is too long", 431, get("/", "x: " + large + "\r\n"), fields_of("GET", "/", {{"x", large}})},
      {"too many fields", 431, get("/", many), fields_of("GET", "/", many_fields)},
      {"CONNECT",
       501,
       "CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
       {{":method", "CONNECT"}, {":authority", "a:443"}}},
      {"an expectation that is not known", 417, get("/", "Expect: foo\r\n"),
       fields_of("GET", "/", {{"expect", "foo"}})},
      {"a second one", 417, get("/", "Expect: 100-continue\r\nExpect: foo\r\n"),
       fields_of("GET", "/", {{"expect", "100-continue"}, {"expect", "foo"}})},
      {"a host that is not valid",
       400,
       "GET / HTTP/1.1\r\nHost: a,b\r\n\r\n",
       {{":method", "GET"}, {":scheme", "http"}, {":authority", "a,b"}, {":path", "/"}}},
      {"a fragment", 400, get("/a#b"), fields_of("GET", "/a#b")},
      {"a target without a slash",
       400,
       get("nothing"),
       {{":method", "GET"}, {":scheme", "other"}, {":authority", "a"}, {":path", "nothing"}}},
      {"a target of OPTIONS alone",
       400,
       get("*"),
       {{":method", "GET"}, {":scheme", "other"}, {":authority", "a"}, {":path", "*"}}},
  };
}

TEST(SameAnswers, HeadsThatAreNotAccepted) {
  TestServer server({.limits = {.header_bytes_max = 2'000, .headers_max = 20}});
  for (const Case& each : cases()) {
    const ReceivedResponse expected = TestClient(server.port()).ask(each.bytes);
    EXPECT_EQ(expected.status, each.status) << each.name;
    Http2Client client(server.port());
    const Http2Answer answer = client.wait(client.head(each.fields));
    EXPECT_EQ(answer.field(":status"), std::to_string(each.status)) << each.name;
    EXPECT_EQ(answer.body, expected.body) << each.name;
    EXPECT_EQ(client.ask("/", "").field(":status"), "200") << "the connection lives after " << each.name;
  }
}

// As many as a browser may split its cookies into.
TEST(SameAnswers, CrumbsOfACookieAreOneField) {
  TestServer server({.limits = {.headers_max = 1}});
  Http2Fields crumbs;
  for (int i = 0; i < 50; ++i) crumbs.push_back({"cookie", "a=" + std::to_string(i)});
  EXPECT_EQ(Http2Client(server.port()).ask("/", "", crumbs).field(":status"), "200");
  crumbs.push_back({"x", "y"});
  EXPECT_EQ(Http2Client(server.port()).ask("/", "", crumbs).field(":status"), "431");
  EXPECT_EQ(TestClient(server.port()).ask(get("/", "Cookie: a=1; a=2\r\n")).status, 200);
  EXPECT_EQ(TestClient(server.port()).ask(get("/", "Cookie: a=1; a=2\r\nX: y\r\n")).status, 431);
}

// HTTP/2 has it as a pseudo-header field.
TEST(SameAnswers, TheHostIsNotAmongTheFieldsThatAreCounted) {
  TestServer server({.limits = {.headers_max = 2}});
  EXPECT_EQ(TestClient(server.port()).ask(get("/", "X: 1\r\nY: 2\r\n")).status, 200);
  EXPECT_EQ(TestClient(server.port()).ask(get("/", "X: 1\r\nY: 2\r\nZ: 3\r\n")).status, 431);
  Http2Client client(server.port());
  const Http2Fields two = {{"x", "1"}, {"y", "2"}};
  EXPECT_EQ(client.wait(client.head(fields_of("GET", "/", two))).field(":status"), "200");
  EXPECT_EQ(client.wait(client.head(fields_of("GET", "/", {{"host", "a"}, {"x", "1"}, {"y", "2"}}))).field(":status"),
            "200");
  EXPECT_EQ(client.wait(client.head(fields_of("GET", "/", {{"x", "1"}, {"y", "2"}, {"z", "3"}}))).field(":status"),
            "431");
}

// Such a head comes in many frames.
TEST(SameAnswers, HeadsOfAnySizeThatIsAcceptedAreAccepted) {
  TestServer server({.limits = {.header_bytes_max = 1'000'000}});
  const std::string large(60'000, 'x');
  std::string lines;
  Http2Fields fields;
  for (int i = 0; i < 10; ++i) {
    lines += "X: " + large + "\r\n";
    fields.push_back({"x", large});
  }
  EXPECT_EQ(TestClient(server.port()).ask(get("/", lines)).status, 200);
  EXPECT_EQ(Http2Client(server.port()).ask("/", "", fields).field(":status"), "200");
}

TEST(SameAnswers, AHeadManyTimesTooLargeIsRefusedAndNotTheConnection) {
  TestServer server({.limits = {.header_bytes_max = 4'096}});
  for (const size_t size : {5'000, 20'000, 200'000}) {
    Http2Client client(server.port());
    const Http2Answer answer = client.ask("/", "", Http2Fields(size / 5'000, {"x", std::string(5'000, 'x')}));
    EXPECT_EQ(answer.field(":status"), "431") << size;
    EXPECT_EQ(client.ask("/", "").field(":status"), "200") << size;
    EXPECT_EQ(server.stats().streams_open.value(), 0u);
  }
}

TEST(SameAnswers, AHeadIsRefusedBeforeTheRestOfItArrives) {
  TestServer server({.limits = {.header_bytes_max = 2'000}});
  TestClient client(server.port());
  constexpr uint8_t kHeaders = 1, kSettings = 4;
  std::string block = "\x82\x86\x84";         // GET, http, /
  block += std::string("\x41\x01", 2) + "a";  // :authority
  for (int i = 0; i < 30; ++i) block += std::string("\x00\x01x\x64", 4) + std::string(100, 'v');
  ASSERT_TRUE(client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + Http2Client::frame(kSettings, 0, 0, "") +
                          Http2Client::frame(kHeaders, 0, 1, block)));  // without END_HEADERS
  std::string received;
  while (
      !received.contains("\x03"
                         "431")) {
    const std::string byte = client.read_bytes(1);
    ASSERT_FALSE(byte.empty());
    received += byte;
  }
}

TEST(SameAnswers, BodiesThatAreTooLarge) {
  TestServer server({.limits = {.body_bytes_max = 1'000}});
  const std::string large(1'500, 'x');
  const ReceivedResponse said = TestClient(server.port()).ask(post("/", large));
  EXPECT_EQ(said.status, 413);
  Http2Client client(server.port());
  const Http2Answer said2 = client.ask("/", large, {{"content-length", "1500"}});
  EXPECT_EQ(said2.field(":status"), "413");
  EXPECT_EQ(said2.body, said.body);
  const ReceivedResponse unsaid =
      TestClient(server.port())
          .ask("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5dc\r\n" + large + "\r\n0\r\n\r\n");
  EXPECT_EQ(unsaid.status, 413);
  const Http2Answer unsaid2 = client.ask("/", large);
  EXPECT_EQ(unsaid2.field(":status"), "413");
  EXPECT_EQ(unsaid2.body, unsaid.body);
}

TEST(SameAnswers, BodiesThatThereIsNoRoomFor) {
  const auto bodies = std::make_shared<BodyBudget>(10'000);
  TestServer server({.bodies = bodies});
  const std::string large(50'000, 'x');
  TestClient h1(server.port());
  ASSERT_TRUE(h1.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n" + large));
  const ReceivedResponse expected = h1.read_answer();
  EXPECT_EQ(expected.status, 503);
  EXPECT_EQ(bodies->refusals(), 1u);
  Http2Client client(server.port());
  const Http2Answer answer = client.ask("/", large);
  EXPECT_EQ(answer.field(":status"), "503");
  EXPECT_EQ(answer.body, expected.body);
  EXPECT_EQ(bodies->refusals(), 2u) << "a request counts once, in however many frames it came";
  EXPECT_EQ(bodies->bytes(), 0u);
  EXPECT_EQ(client.ask("/", "small").field(":status"), "200");
}

TEST(SameAnswers, RequestsThatAreTooSlow) {
  net::ManualSteadyTime time;
  TestServer server({.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()}});
  TestClient h1(server.port());
  ASSERT_TRUE(h1.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n1"));
  Http2Client client(server.port());
  const int32_t slow = client.open("/");
  client.body(slow, "1", false);
  EXPECT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().requests_rejected.value() == 2;
  }));
  const ReceivedResponse expected = h1.read_answer();
  EXPECT_EQ(expected.status, 408);
  EXPECT_TRUE(client.wait_until([&] { return client.answer(slow).body == expected.body; }));
  EXPECT_EQ(client.answer(slow).field(":status"), "408");
}

// Clients such as curl wait a second for it before they send a body of some size.
TEST(SameAnswers, ABodyThatWaitsToBeAskedForIsAskedFor) {
  TestServer server({.limits = {.body_bytes_max = 1'000}});
  TestClient h1(server.port());
  ASSERT_TRUE(h1.send("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  EXPECT_EQ(h1.read_head().status, 100);
  EXPECT_EQ(h1.ask("12345").status, 200);
  Http2Client client(server.port());
  const int32_t stream = client.open("/", {{"expect", "100-Continue"}});
  EXPECT_TRUE(client.wait_until([&] { return client.answer(stream).field(":status") == "100"; }));
  client.body(stream, "12345", true);
  EXPECT_EQ(client.wait(stream).body, "POST / 12345");
  // One that is refused is not asked for.
  const int32_t refused = client.open("/", {{"expect", "100-continue"}, {"content-length", "2000"}});
  EXPECT_TRUE(client.wait_until([&] { return client.answer(refused).field(":status") == "413"; }));
}

// Remembers what rejections say of the request.
class RejectionsHandler final : public Handler {
 public:
  void handle(Exchange& exchange, Now now) override { echo_.handle(exchange, now); }
  void reject(const Rejection& rejection, Instant now, Responder& responder) override {
    const Request& request = rejection.request;
    EXPECT_NE(request.started, Instant{});
    EXPECT_TRUE(request.body.empty());
    responder.status(rejection.status);
    responder.body("text/plain", std::string(request.method) + " " + std::string(request.path) + " " +
                                     std::string(find_header(request.headers, "x-request-id")) + " " +
                                     request.peer.to_string());
    static_cast<void>(now);
  }

 private:
  EchoHandler echo_;
};

TEST(SameAnswers, ARejectionKnowsWhatWasReadOfItsRequest) {
  net::ManualSteadyTime time;
  RejectionsHandler handler;
  TestServer server(handler, {.host = {.timeouts = {.read = Duration::millis(40)}, .steady_now = time.source()},
                              .limits = {.body_bytes_max = 1'000}});
  const std::string head = "POST /p?q HTTP/1.1\r\nHost: a\r\nX-Request-Id: r1\r\n";
  const std::string known = "POST /p r1 127.0.0.1";
  for (const std::string& rest : {
           std::string("Content-Length: 5000\r\n\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\nnone\r\n"),
           std::string("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nnone\r\n"),
           std::string("Expect: foo\r\n\r\n"),
           std::string("no field\r\n\r\n"),
       }) {
    EXPECT_EQ(TestClient(server.port()).ask(head + rest).body, known) << rest;
  }
  EXPECT_EQ(TestClient(server.port()).ask("POST /\x01 HTTP/1.1\r\n\r\n").body, "POST   127.0.0.1");
  EXPECT_EQ(TestClient(server.port()).ask("POST /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n").body,
            "POST   127.0.0.1");
  TestClient pipelined(server.port());
  ASSERT_TRUE(pipelined.send(head + "Content-Length: 3\r\n\r\nabc" + "none of it\r\n\r\n"));
  EXPECT_EQ(pipelined.read_answer().status, 200);
  EXPECT_EQ(pipelined.read_answer().body, "none   127.0.0.1") << "nothing of the request before";
  Http2Client client(server.port());
  const Http2Fields id = {{"x-request-id", "r1"}};
  EXPECT_EQ(client.ask("/p?q", std::string(5'000, 'x'), id).body, known);
  EXPECT_EQ(client.ask("/p?q", "", {{"x-request-id", "r1"}, {"expect", "foo"}}).body, known);
  EXPECT_EQ(client.ask("/p?q", "", {{"x-request-id", "r1"}, {"x", std::string(20'000, 'x')}}).body, known);
  const Http2Fields target_first = {
      {":path", "/" + std::string(20'000, 'x')}, {":method", "POST"}, {":scheme", "http"}, {":authority", "a"}};
  EXPECT_EQ(client.wait(client.head(target_first)).body, "POST   127.0.0.1");
  TestClient slow(server.port());
  ASSERT_TRUE(slow.send(head + "X: "));
  ASSERT_TRUE(eventually([&] {
    time.advance(Duration::millis(10));
    return server.stats().timeouts.value() == 1;
  }));
  EXPECT_EQ(slow.read_answer().body, known);
}

}  // namespace
}  // namespace rateguard::http
