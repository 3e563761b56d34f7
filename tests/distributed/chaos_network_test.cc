// What a network does to an instance and its Redis.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "distributed/chaos.h"
#include "distributed/shared_redis.h"
#include "distributed/tcp_gate.h"

namespace rateguard::test {
namespace {

using Kind = Weather::Kind;

class ChaosInTheNetwork : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(server_.start()) << server_.log();
    gate_.emplace(server_.port());
    instance_.emplace(at_port(gate_->port()));
  }
  void survive(const std::string& name, const Weather& weather, milliseconds lasts) {
    expect_survival(*instance_, {.name = name,
                                 .begin = [&] { gate_->set(weather); },
                                 .lasts = lasts,
                                 .end = [&] { gate_->set({}); },
                                 .recovers = std::min(kNetworkRecovers, kNetworkRecoversAtOnce + 20 * slack())});
  }

  RedisServer server_;
  std::optional<TcpGate> gate_;
  std::optional<ChaosInstance> instance_;
};

TEST_F(ChaosInTheNetwork, DelayAboveTheDeadline) {
  survive("100 ms of delay", {.delay = milliseconds(100)}, milliseconds(1'000));
}

TEST_F(ChaosInTheNetwork, DelayOfSeconds) {
  survive("5 s of delay", {.delay = milliseconds(5'000)}, milliseconds(6'000));
}

TEST_F(ChaosInTheNetwork, RepliesCutInTheMiddle) {
  survive("cut in mid-reply", {.kind = Kind::kCuts}, milliseconds(1'500));
}

TEST_F(ChaosInTheNetwork, AConnectionThatIsStuck) {
  survive("nothing passes", {.kind = Kind::kStuck}, milliseconds(5'000));
}

TEST_F(ChaosInTheNetwork, ConnectionsRefused) {
  survive("refused", {.kind = Kind::kRefuses}, milliseconds(1'000));
}

TEST_F(ChaosInTheNetwork, WordsOfAnotherProtocol) {
  survive("another protocol", {.kind = Kind::kGarbage, .words = "HTTP/1.1 400 Bad Request\r\n\r\n"},
          milliseconds(1'000));
}

TEST_F(ChaosInTheNetwork, BytesOfNoProtocol) {
  survive("no protocol", {.kind = Kind::kGarbage, .words = std::string("\0\xff\x16\x03\x01\n\r", 7)},
          milliseconds(1'000));
}

TEST_F(ChaosInTheNetwork, AnArrayThatNeverEnds) {
  survive("endless array", {.kind = Kind::kGarbage, .words = "*2000000000\r\n:1\r\n"}, milliseconds(1'000));
}

TEST_F(ChaosInTheNetwork, RepliesOfAnotherKind) {
  survive("another kind", {.kind = Kind::kGarbage, .words = ":7\r\n"}, milliseconds(1'000));
}

// What follows is swallowed as part of one reply, so that bytes come and replies do not.
TEST_F(ChaosInTheNetwork, APromiseOfMoreThanComes) {
  survive("long promise", {.kind = Kind::kGarbage, .words = "$900000\r\n"}, milliseconds(1'000));
}

}  // namespace
}  // namespace rateguard::test
