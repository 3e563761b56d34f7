#include "server/http/limit_headers.h"

#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http {
namespace {

TEST(LimitHeaders, TheWindowOfABucketIsTheTimeInWhichItFills) {
  EXPECT_EQ(window_seconds(*Limit::token_bucket(5, {.units = 5, .period = Duration::seconds(60)})), 60);
  EXPECT_EQ(window_seconds(*Limit::token_bucket(10, {.units = 5, .period = Duration::seconds(60)})), 120);
  EXPECT_EQ(window_seconds(*Limit::token_bucket(10, {.units = 3, .period = Duration::seconds(1)})), 4);
  EXPECT_EQ(window_seconds(*Limit::gcra(1, {.units = 1000, .period = Duration::seconds(1)})), 1);
  EXPECT_EQ(window_seconds(*Limit::leaky_bucket(4'294'967'295, {.units = 4'294'967'295, .period = kPeriodMax})),
            366 * 86'400);
  EXPECT_EQ(window_seconds(*Limit::fixed_window(5, Duration::millis(250))), 1);
  EXPECT_EQ(window_seconds(*Limit::sliding_window_log(5, Duration::millis(1'001))), 2);
}

AnswerLine line_of(std::string_view rule, const Limit& limit, Mode mode, Duration retry_after) {
  return {.rule = rule,
          .limit = &limit,
          .mode = mode,
          .decision = {.verdict = retry_after == Duration{} ? Verdict::kAdmitted : Verdict::kRefused,
                       .limit = limit.capacity,
                       .remaining = 1,
                       .retry_after = retry_after,
                       .reset_after = Duration::seconds(100)}};
}

TEST(LimitHeaders, EveryEnforcedLimitIsListedAndNamesAreEscaped) {
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  const Limit holds = *Limit::concurrency(3, Duration::seconds(60));
  const AnswerLine lines[] = {line_of("a\"b\\c\n", window, Mode::kEnforce, {}),
                              line_of("hidden", window, Mode::kShadow, Duration::seconds(5)),
                              line_of("holds", holds, Mode::kEnforce, {})};
  const Answer answer{.deciding = &lines[0], .lines = lines};
  FakeResponse out;
  std::string buffer;
  write_limit_headers(out, answer, config::HeaderStyle::kIetf, buffer);
  EXPECT_EQ(out["RateLimit-Policy"], R"("a\"b\\c?";q=5;w=60, "holds";q=3;qu="concurrent-requests")");
  EXPECT_EQ(out["RateLimit"], R"("a\"b\\c?";r=1;t=100)");
  EXPECT_FALSE(out.has("Retry-After"));
}

TEST(LimitHeaders, RetryAfterIsRoundedUpAndNeverEarlierThanT) {
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  for (const int64_t us : {1, 999'999, 1'000'000, 1'000'001}) {
    const AnswerLine lines[] = {line_of("r", window, Mode::kEnforce, Duration{us})};
    FakeResponse out;
    std::string buffer;
    write_limit_headers(out, {.allowed = false, .deciding = lines, .lines = lines}, config::HeaderStyle::kIetf, buffer);
    const std::string seconds = us > 1'000'000 ? "2" : "1";
    EXPECT_EQ(out["Retry-After"], seconds);
    EXPECT_EQ(out["RateLimit"], "\"r\";r=1;t=" + seconds);
  }
}

TEST(LimitHeaders, ARefusalForWantOfAStoreIsShort) {
  const Answer answer{.allowed = false, .degraded = true};
  EXPECT_EQ(status_of(answer), 503);
  FakeResponse out;
  std::string buffer;
  write_limit_headers(out, answer, config::HeaderStyle::kIetf, buffer);
  ASSERT_EQ(out.headers.size(), 1U);
  EXPECT_EQ(out["Retry-After"], "1");
  std::string body;
  append_answer(body, answer, Explain::kNo);
  EXPECT_EQ(body,
            R"({"allowed":false,"limit":null,"remaining":null,"retry_after_ms":1000,"reset_after_ms":0,"rule":null,)"
            R"("degraded":true})");
}

}  // namespace
}  // namespace rateguard::http
