#include "server/store_health.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

namespace rateguard::server {
namespace {

constexpr Duration kLook = Duration::millis(100);

class StoreHealthTest : public testing::Test {
 protected:
  // Both loops report at intervals, for `span`.
  void look(Duration span, const StoreSight& first, const StoreSight& second = {}) {
    for (const Instant end = now_ + span; now_ < end; now_ = now_ + kLook) {
      health_.see(0, first, now_);
      health_.see(1, second, now_);
    }
  }
  // What has been said since the last call, without the time of each line.
  std::vector<std::string> said() {
    std::vector<std::string> lines;
    std::istringstream text(out_.str());
    for (std::string line; std::getline(text, line);) {
      const size_t begin = line.find("redis");
      lines.push_back(begin == std::string::npos ? line : line.substr(begin));
    }
    out_.str("");
    return lines;
  }
  static StoreSight failing(std::string why, uint64_t degraded = 0) {
    return {.works = false, .problem = std::move(why), .degraded = degraded};
  }
  using Lines = std::vector<std::string>;

  std::ostringstream out_;
  Log log_{{.format = LogFormat::kText}, std::make_shared<spdlog::sinks::ostream_sink_mt>(out_)};
  StoreHealth health_{"shared", "10.0.0.5:6379", log_};
  Instant now_ = Instant::from_seconds(1'000);
  const size_t first_ = health_.add_loop();
  const size_t second_ = health_.add_loop();
};

TEST_F(StoreHealthTest, ConnectingIsLoggedOnceForAllLoopsWithTheAddress) {
  look(Duration::seconds(10), {});
  EXPECT_EQ(said(), (Lines{"redis connected store=shared address=10.0.0.5:6379"}));
  EXPECT_EQ(health_.words(now_), "");
}

TEST_F(StoreHealthTest, AConnectionThatIsMadeAgainIsNotWorthALine) {
  look(Duration::seconds(1), {});
  said();
  for (int i = 0; i < 10; ++i) {
    look(Duration::millis(100), failing("moved"));
    look(Duration::millis(100), {});
  }
  EXPECT_EQ(said(), (Lines{}));
}

TEST_F(StoreHealthTest, FailureAndRecoveryAreOneLineEachHoweverOftenABreakerCloses) {
  look(Duration::seconds(1), {});
  said();
  for (int i = 0; i < 60; ++i) {
    look(Duration::millis(700), failing("Redis answers: READONLY", 7), failing("Redis answers: READONLY", 8));
    look(Duration::millis(300), {.degraded = 7}, {.degraded = 8});
  }
  EXPECT_EQ(said(), (Lines{"redis fails; rules go by their on_store_failure store=shared address=10.0.0.5:6379 loops=2 "
                           "seconds=0 why=\"Redis answers: READONLY\""}));
  look(Duration::seconds(5), {.degraded = 7}, {.degraded = 8});
  EXPECT_EQ(said(), (Lines{"redis answers again store=shared address=10.0.0.5:6379 seconds=59 degraded=15"}));
}

TEST_F(StoreHealthTest, ANewReasonIsLoggedAndARecurringOneIsNotRepeated) {
  look(Duration::seconds(1), failing("Connection refused"));
  EXPECT_EQ(said().size(), 1u);
  EXPECT_EQ(health_.words(now_), "failing for 1 s: Connection refused");
  look(Duration::seconds(5), failing("it refuses the user or password: WRONGPASS"));
  const Lines lines = said();
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_TRUE(lines[0].starts_with("redis still fails store=shared")) << lines[0];
  EXPECT_TRUE(lines[0].contains("WRONGPASS")) << lines[0];
  for (int i = 0; i < 60; ++i) {
    look(Duration::seconds(2), failing("nothing for " + std::to_string(600 + i) + " ms"));
    look(Duration::seconds(2), failing("Connection refused"));
  }
  EXPECT_EQ(said().size(), 1u) << "the one about milliseconds";
  look(Duration::seconds(600), failing("Connection refused"));
  EXPECT_EQ(said().size(), 1u) << "a reminder";
}

TEST_F(StoreHealthTest, SingleDegradedRequestsAreReportedTogether) {
  look(Duration::seconds(1), {});
  said();
  for (uint64_t i = 1; i <= 300; ++i) look(Duration::seconds(1), {.problem = "did not answer in time", .degraded = i});
  const Lines lines = said();
  ASSERT_EQ(lines.size(), 5u) << "one a minute";
  EXPECT_TRUE(lines[1].starts_with("redis works, but some requests were decided without it")) << lines[1];
  EXPECT_TRUE(lines[1].contains("requests=60 why=\"did not answer in time\"")) << lines[1];
}

TEST_F(StoreHealthTest, AWarningOfTheStartIsNotRepeated) {
  health_.note_said_failing("Connection refused", now_);
  look(Duration::seconds(10), failing("Connection refused"), failing("Connection refused"));
  EXPECT_EQ(said(), (Lines{}));
  EXPECT_EQ(health_.failing_loops(), 2u);
  look(Duration::seconds(10), {});
  EXPECT_EQ(said(), (Lines{"redis answers again store=shared address=10.0.0.5:6379 seconds=10 degraded=0"}));
}

}  // namespace
}  // namespace rateguard::server
