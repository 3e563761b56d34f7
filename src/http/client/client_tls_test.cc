// Calls over TLS: whom the client trusts, and what ALPN agrees on.
#include <gtest/gtest.h>

#include "http/client/client_fixture_testing.h"
#include "http/server/streaming_fixture_testing.h"
#include "net/test_authority_testing.h"

namespace rateguard::http {
namespace {

class ClientTlsTest : public ClientFixture {
 protected:
  void serve(const std::string& name, std::vector<std::string> protocols) {
    ServerOptions options;
    options.host.tls = authority_.server(name, std::move(protocols));
    server_.emplace(handler_, std::move(options));
  }
  std::shared_ptr<const Origin> secure(Protocols protocols = Protocols::kBoth, const std::string& tls_name = "") {
    return std::make_shared<const Origin>(Origin{.target = {.host = "127.0.0.1", .port = server_->port()},
                                                 .tls = authority_.client(),
                                                 .tls_name = tls_name,
                                                 .protocols = protocols});
  }

  net::TestAuthority authority_;
  StreamingHandler handler_;
  std::optional<TestServer> server_;
};

TEST_F(ClientTlsTest, AlpnDecidesTheProtocol) {
  serve("IP:127.0.0.1", {"h2", "http/1.1"});
  HeardCall both;
  ask(both, secure(), {.target = "/early"});
  EXPECT_EQ(both.body, "early");
  EXPECT_EQ(both.version, Version::k2);
  HeardCall first;
  ask(first, secure(Protocols::kHttp1), {.target = "/early"});
  EXPECT_EQ(first.version, Version::k11);
}

TEST_F(ClientTlsTest, AServerOfHttp1AloneIsSpokenToInHttp1) {
  serve("IP:127.0.0.1", {"http/1.1"});
  HeardCall heard;
  ask(heard, secure(), {.target = "/source?1000000"});
  EXPECT_EQ(heard.version, Version::k11);
  EXPECT_EQ(heard.body_bytes, 1'000'000U);
  HeardCall second;
  ask(second, secure(Protocols::kHttp2), {.target = "/early"});
  EXPECT_EQ(second.failures, 1) << "HTTP/2 was asked for";
}

TEST_F(ClientTlsTest, ACertificateHasToBeForTheServersName) {
  serve("DNS:example.org", {"h2", "http/1.1"});
  HeardCall wrong;
  ask(wrong, secure(), {.target = "/early"});
  EXPECT_EQ(wrong.end, CallEnd::kNotConnected);
  EXPECT_EQ(wrong.error.code, ErrorCode::kInvalid);
  EXPECT_TRUE(wrong.error.message.contains("certificate is not accepted: IP address mismatch")) << wrong.error.message;
  HeardCall right;
  ask(right, secure(Protocols::kBoth, "example.org"), {.target = "/early"});
  EXPECT_EQ(right.body, "early");
}

TEST_F(ClientTlsTest, AnAuthorityThatIsNotTrustedIsRefused) {
  serve("IP:127.0.0.1", {"h2"});
  const net::TestAuthority another;
  const auto origin = std::make_shared<const Origin>(
      Origin{.target = {.host = "127.0.0.1", .port = server_->port()}, .tls = another.client()});
  HeardCall heard;
  ask(heard, origin, {.target = "/early"});
  EXPECT_EQ(heard.end, CallEnd::kNotConnected);
  EXPECT_EQ(heard.error.source, ErrorSource::kPeer);
}

TEST_F(ClientTlsTest, LargeBodiesPassBothWaysAndPushBack) {
  serve("IP:127.0.0.1", {"h2", "http/1.1"});
  for (const Protocols protocols : {Protocols::kHttp1, Protocols::kHttp2}) {
    HeardCall slow;
    slow.holds = true;
    start(slow, secure(protocols), {.target = "/source?4000000"});
    EXPECT_TRUE(until([&] { return slow.held >= Call::kWindow - 1; }));
    wait(Duration::millis(30));
    EXPECT_LE(slow.held, Call::kWindow + 4'096);
    slow.consume_all();
    EXPECT_TRUE(until([&] { return slow.is_over(); }));
    EXPECT_EQ(slow.body_bytes, 4'000'000U);
  }
}

TEST_F(ClientTlsTest, TrailersPassBothWays) {
  serve("IP:127.0.0.1", {"h2", "http/1.1"});
  for (const Protocols protocols : {Protocols::kHttp1, Protocols::kHttp2}) {
    HeardCall heard;
    start(heard, secure(protocols), {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
    heard.call->write("x");
    heard.call->trailer("x-sum", "7");
    heard.call->finish();
    EXPECT_TRUE(until([&] { return heard.is_over(); }));
    EXPECT_EQ(heard.trailers, "x-sum: 7\nx-end: whole\n");
  }
}

// An upgrade needs HTTP/1.1, whatever other calls to the origin speak.
TEST_F(ClientTlsTest, AnUpgradeGetsAConnectionOfHttp1) {
  serve("IP:127.0.0.1", {"h2", "http/1.1"});
  const auto origin = secure();
  HeardCall first;
  ask(first, origin, {.target = "/early"});
  EXPECT_EQ(first.version, Version::k2);
  HeardCall raw;
  start(raw, origin, {.target = "/upgrade", .upgrade = "echo"});
  EXPECT_TRUE(until([&] { return raw.status == 101; }));
  raw.call->write("raw bytes");
  EXPECT_TRUE(until([&] { return raw.body == "raw bytes"; }));
}

}  // namespace
}  // namespace rateguard::http
