// A server whose every turn is used up at the first look: what it has received waits for the next one.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "http/client/client_fixture_testing.h"
#include "http/server/streaming_fixture_testing.h"
#include "net/test_authority_testing.h"

namespace rateguard::http {
namespace {

// A millisecond passes between two looks.
net::SteadyNow hurrying_time() {
  return [looks = std::make_shared<int64_t>(0)] {
    return std::chrono::steady_clock::time_point(std::chrono::milliseconds(++*looks));
  };
}

class ShortTurns : public ClientFixture, public testing::WithParamInterface<Protocols> {
 protected:
  ServerOptions options() {
    ServerOptions options;
    options.host.tls = authority_.server("IP:127.0.0.1", {"h2", "http/1.1"});
    options.host.steady_now = hurrying_time();
    return options;
  }

  net::TestAuthority authority_;
  StreamingHandler handler_;
  TestServer server_{handler_, options()};
  std::shared_ptr<const Origin> origin_ = std::make_shared<const Origin>(Origin{
      .target = {.host = "127.0.0.1", .port = server_.port()}, .tls = authority_.client(), .protocols = GetParam()});
};

INSTANTIATE_TEST_SUITE_P(Every, ShortTurns, testing::Values(Protocols::kHttp1, Protocols::kHttp2),
                         [](const auto& protocols) {
                           return protocols.param == Protocols::kHttp1 ? "Http1" : "Http2";
                         });

// TLS has decrypted more when the turn ends: it stays behind what waits.
TEST_P(ShortTurns, KeepTheBytesOfABodyInOrder) {
  constexpr size_t kUploadBytes = 400'000;
  HeardCall heard;
  start(heard, origin_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write(std::string(kUploadBytes, 'u'));
  heard.call->finish();
  ASSERT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body_bytes, kUploadBytes);
}

}  // namespace
}  // namespace rateguard::http
