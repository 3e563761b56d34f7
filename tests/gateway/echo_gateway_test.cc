#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "http/client/client_fixture_testing.h"
#include "http/server/streaming_fixture_testing.h"
#include "support/processes/child_process.h"

namespace rateguard::http {
namespace {

constexpr size_t kMegabyte = 1'000'000;
constexpr size_t kResidentMax = 30 * kMegabyte;

size_t body_bytes() {
  const char* const megabytes = std::getenv("RATEGUARD_GATEWAY_MEGABYTES");
  return kMegabyte * static_cast<size_t>(megabytes == nullptr ? 100 : std::atoll(megabytes));
}

// Which versions are spoken in front of the gateway and behind it.
struct Way {
  Protocols front;
  Protocols back;
};

std::string name_of(const Way& way) {
  const auto name = [](Protocols version) { return version == Protocols::kHttp2 ? "Http2" : "Http1"; };
  return std::string(name(way.front)) + "To" + name(way.back);
}

class EchoGateway : public ClientFixture, public testing::WithParamInterface<Way> {
 protected:
  void start_gateway(uint16_t upstream) {
    std::array<int, 2> pipe = {};
    ASSERT_EQ(::pipe(pipe.data()), 0);
    const std::string version = GetParam().back == Protocols::kHttp2 ? "h2" : "h1";
    ASSERT_TRUE(gateway_.start({.words = {ECHO_GATEWAY, std::to_string(upstream), version}, .out = pipe[1]}))
        << gateway_.problem();
    ::close(pipe[1]);
    std::string line(16, '\0');
    const ssize_t size = ::read(pipe[0], line.data(), line.size());
    ::close(pipe[0]);
    ASSERT_GT(size, 0);
    here_ = origin(static_cast<uint16_t>(std::atoi(line.c_str())), GetParam().front);
  }
  // The most that the gateway has had resident, in bytes.
  size_t resident_max() const {
    std::ifstream status("/proc/" + std::to_string(gateway_.pid()) + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("VmHWM:")) return static_cast<size_t>(std::atoll(line.c_str() + 6)) * 1'024;
    }
    return 0;
  }
  void expect_bounded(std::string_view what) const {
    fmt::print("{}: {}: {} MB resident at most\n", name_of(GetParam()), what, resident_max() / kMegabyte);
    EXPECT_LT(resident_max(), kResidentMax);
  }
  // Writes content as the gateway takes it, and finishes it.
  void upload(HeardCall& heard, size_t size) {
    static const std::string piece(64 * 1'024, 'u');
    heard.on_drained = [&heard, left = size]() mutable {
      while (left != 0 && heard.call->waiting_bytes() < 4 * piece.size()) {
        const size_t now = std::min(left, piece.size());
        left -= now;
        heard.call->write(std::string_view(piece).substr(0, now));
        if (left == 0) heard.call->finish();
      }
    };
    heard.on_drained();
  }
  // However long it takes, up to minutes.
  bool until_over(const HeardCall& heard) {
    for (int i = 0; i < 30 && !heard.is_over(); ++i) (void)until([&] { return heard.is_over(); });
    return heard.is_over();
  }

  StreamingHandler upstream_handler_;
  TestServer upstream_{upstream_handler_};
  test::ChildProcess gateway_;
  std::shared_ptr<const Origin> here_;
};

INSTANTIATE_TEST_SUITE_P(EachWay, EchoGateway,
                         testing::Values(Way{Protocols::kHttp1, Protocols::kHttp1},
                                         Way{Protocols::kHttp2, Protocols::kHttp1},
                                         Way{Protocols::kHttp1, Protocols::kHttp2},
                                         Way{Protocols::kHttp2, Protocols::kHttp2}),
                         [](const auto& way) { return name_of(way.param); });

TEST_P(EchoGateway, ALargeBodyPassesBothWaysInConstantMemory) {
  start_gateway(upstream_.port());
  HeardCall heard;
  start(heard, here_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  upload(heard, body_bytes());
  ASSERT_TRUE(until_over(heard));
  EXPECT_EQ(heard.failures, 0) << heard.error.message;
  EXPECT_EQ(heard.status, 200);
  EXPECT_EQ(heard.body_bytes, body_bytes());
  EXPECT_EQ(heard.trailers, "x-end: whole\n");
  expect_bounded("a body both ways");
}

TEST_P(EchoGateway, TrailersPassBothWays) {
  start_gateway(upstream_.port());
  HeardCall heard;
  start(heard, here_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write("content");
  heard.call->trailer("x-sum", "7");
  heard.call->trailer("authorization", "belongs in the head");
  heard.call->finish();
  ASSERT_TRUE(until_over(heard));
  EXPECT_EQ(heard.body, "content");
  EXPECT_EQ(heard.trailers, "x-sum: 7\nx-end: whole\n");
}

// Slow ones at once, on either side of the gateway.
constexpr size_t kSlow = 50;

TEST_P(EchoGateway, ClientsThatDoNotReadHoldTheUpstreamBackAndHarmNoOther) {
  start_gateway(upstream_.port());
  std::vector<HeardCall> slow(kSlow);
  for (HeardCall& one : slow) {
    one.holds = true;
    start(one, here_, {.target = fmt::format("/source?{}", body_bytes())});
  }
  ASSERT_TRUE(until([&] { return std::ranges::all_of(slow, [](const HeardCall& one) { return one.held != 0; }); }));
  wait(Duration::millis(300));
  HeardCall other;
  start(other, here_, {.target = "/source?5000000"});
  EXPECT_TRUE(until([&] { return other.is_over(); })) << "it harms no other";
  EXPECT_EQ(other.ended, 1) << other.status << ' ' << other.body_bytes << " bytes; " << other.error.message;
  size_t held = 0;
  for (const HeardCall& one : slow) held += one.body_bytes;
  fmt::print("{}: of {} MB asked for, {} kB are with {} clients that do not read; ", name_of(GetParam()),
             kSlow * body_bytes() / kMegabyte, held / 1'000, kSlow);
  expect_bounded("the gateway");
}

TEST_P(EchoGateway, AnUpstreamThatDoesNotReadHoldsClientsBackAndHarmsNoOther) {
  start_gateway(upstream_.port());
  std::vector<HeardCall> slow(kSlow);
  for (HeardCall& one : slow) {
    start(one, here_, {.method = "POST", .target = "/hold", .content = RequestContent::kStreamed}, {.first_byte = {}});
    upload(one, body_bytes());
  }
  ASSERT_TRUE(until([&] { return upstream_handler_.held >= kSlow * (Exchange::kBodyWindow - 1) / 2; }));
  wait(Duration::millis(300));
  EXPECT_TRUE(std::ranges::all_of(slow, [](const HeardCall& one) { return one.call->waiting_bytes() != 0; }));
  HeardCall other;
  start(other, here_, {.target = "/source?5000000"});
  EXPECT_TRUE(until([&] { return other.ended == 1; })) << "it harms no other";
  fmt::print("{}: of {} MB sent, {} kB are with an upstream that does not read; ", name_of(GetParam()),
             kSlow * body_bytes() / kMegabyte, upstream_handler_.held / 1'000);
  expect_bounded("the gateway");
}

TEST_P(EchoGateway, AClientThatWritesSlowlyHarmsNoOther) {
  start_gateway(upstream_.port());
  HeardCall slow;
  start(slow, here_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  for (size_t i = 1; i <= 20; ++i) {
    slow.call->write("x");
    HeardCall other;
    start(other, here_, {.target = "/early"});
    EXPECT_TRUE(until([&] { return other.ended == 1 && slow.body.size() == i; }));
  }
  slow.call->finish();
  EXPECT_TRUE(until([&] { return slow.ended == 1; }));
}

TEST_P(EchoGateway, AClientThatGoesCancelsTheCall) {
  start_gateway(upstream_.port());
  HeardCall heard;
  start(heard, here_, {.method = "POST", .target = "/echo", .content = RequestContent::kStreamed});
  heard.call->write("begun");
  ASSERT_TRUE(until([&] { return heard.body == "begun"; }));
  heard.call.reset();
  EXPECT_TRUE(until([&] { return upstream_handler_.gone == 1; }));
}

TEST_P(EchoGateway, AnUpstreamThatIsNotThereIs502) {
  net::ListeningSocket nobody;
  start_gateway(nobody.port());
  nobody.close();
  HeardCall heard;
  ask(heard, here_, {.target = "/"});
  EXPECT_EQ(heard.status, 502);
  EXPECT_TRUE(heard.body.contains("Connection refused")) << heard.body;
}

TEST_P(EchoGateway, AnAnswerThatIsCutShortUpstreamIsCutShortForTheClient) {
  start_gateway(upstream_.port());
  HeardCall heard;
  ask(heard, here_, {.target = "/letgo"});
  EXPECT_TRUE(heard.failures == 1 || heard.status == 502);
}

TEST_P(EchoGateway, InterimAnswersPass) {
  start_gateway(upstream_.port());
  HeardCall heard;
  start(heard, here_, {.method = "POST", .target = "/hints", .content = RequestContent::kStreamed});
  heard.call->finish();
  ASSERT_TRUE(until([&] { return heard.is_over(); }));
  EXPECT_EQ(heard.interim, "103 ");
  EXPECT_EQ(heard.status, 200);
}

}  // namespace
}  // namespace rateguard::http
