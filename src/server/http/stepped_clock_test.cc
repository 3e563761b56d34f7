// What is judged or shown by dates while the wall clock is set forward and back (docs/decisions/0021): the whole API in
// virtual time.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "identify/signing_for_tests.h"
#include "net/clock.h"
#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
namespace {

constexpr int64_t kSecond = 1'000'000;
constexpr int64_t kStart_s = 1'700'000'000;
constexpr std::string_view kSecret = "a secret of more than thirty-two bytes";

class SteppedClockTest : public testing::TestWithParam<int64_t> {
 protected:
  SteppedClockTest() {
    const auto key = identify::testing::encode_base64url(kSecret);
    std::ofstream(path_) << fmt::format(R"({{"kty":"oct","k":"{}"}})", key);
    identify::Settings identity{.user = *identify::IdentitySource::parse("jwt:sub")};
    identity.jwt = {.key_file = path_.string(), .leeway = {}};
    server_ = std::make_unique<HttpApiHarness>(
        std::vector{rule_of("user", "user", *Limit::fixed_window(100, Duration::seconds(3'600))),
                    rule_of("day", "user", *Limit::calendar_window(1'000, Anchor::kDay, nullptr))},
        identity);
    run(Duration{});
  }
  ~SteppedClockTest() override { std::filesystem::remove(path_); }

  // Both clocks go on, and the system's time is compared as it is once a second.
  void run(Duration span) {
    for (int64_t us = 0; us <= span.us; us += kSecond) {
      steady_us_ += kSecond;
      wall_us_ += kSecond;
      steering_.compare(wall_us_, steady_us_);
    }
    const Instant counted = steering_.at(steady_us_);
    server_->now = {counted, counted - Instant{wall_us_}};
  }
  void step(int64_t seconds) { wall_us_ += seconds * kSecond; }

  int status_of(std::string_view claims) {
    const std::string token = identify::testing::hs256_token(kSecret, R"({"alg":"HS256"})", claims);
    return server_
        ->ask({.target = "/v1/authz",
               .headers = {{"X-Forwarded-Method", "GET"},
                           {"X-Forwarded-Uri", "/"},
                           {"X-Forwarded-For", "203.0.113.9"},
                           {"Authorization", "Bearer " + token}}})
        .code;
  }
  int64_t wall_s() const { return wall_us_ / kSecond; }

  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / fmt::format("stepped_clock_{}_{}.json", ::getpid(), GetParam());
  int64_t steady_us_ = 5 * kSecond;
  int64_t wall_us_ = kStart_s * kSecond;
  net::WallSteering steering_ = net::WallSteering(wall_us_, steady_us_);
  std::unique_ptr<HttpApiHarness> server_;
};

TEST_P(SteppedClockTest, TokensAreJudgedByTheWallClockAsItIsNow) {
  step(GetParam());
  run(Duration::seconds(3));
  status_of(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() + 20));
  step(-GetParam());
  run(Duration::seconds(1));
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() + 20)), 200);
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() + 300)), 200);
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","nbf":{}}})", wall_s() + 1'800)), 403);
}

TEST_P(SteppedClockTest, TokensAreJudgedByTheWallClockWhileItIsStepped) {
  step(GetParam());
  run(Duration{});
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() + 20)), 200);
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() - 20)), 403);
  EXPECT_EQ(status_of(fmt::format(R"({{"sub":"a","nbf":{}}})", wall_s() + 20)), 403);
}

TEST_P(SteppedClockTest, ABatchIsJudgedByTheWallClockToo) {
  step(GetParam());
  run(Duration::seconds(3));
  status_of(R"({"sub":"a"})");
  step(-GetParam());
  run(Duration::seconds(1));
  const auto batch = [&](std::string_view claims) {
    const std::string token = identify::testing::hs256_token(kSecret, R"({"alg":"HS256"})", claims);
    return server_
        ->post("/v1/check/batch",
               fmt::format(R"({{"checks":[{{"facts":{{"path":"/","headers":{{"Authorization":"Bearer {}"}}}}}}]}})",
                           token))
        .text;
  };
  EXPECT_NE(batch(fmt::format(R"({{"sub":"a","exp":{}}})", wall_s() + 20)).find(R"("allowed":true)"),
            std::string::npos);
  EXPECT_NE(batch(fmt::format(R"({{"sub":"a","nbf":{}}})", wall_s() + 1'800)).find(R"("missing_identity")"),
            std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Steps, SteppedClockTest, testing::Values(90, 300, 3'600, -3'600));

}  // namespace
}  // namespace rateguard::http_api
