#include "server/http/limit_headers.h"

#include <gtest/gtest.h>

#include "server/http/fake_exchange.h"

namespace rateguard::http_api {
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
  write_limit_headers(out, answer, HeaderStyle::kIetf, buffer);
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
    write_limit_headers(out, {.allowed = false, .deciding = lines, .lines = lines}, HeaderStyle::kIetf, buffer);
    const std::string seconds = us > 1'000'000 ? "2" : "1";
    EXPECT_EQ(out["Retry-After"], seconds);
    EXPECT_EQ(out["RateLimit"], "\"r\";r=1;t=" + seconds);
  }
}

// An Integer of RFC 9651 has at most 15 digits; one of 16 makes clients drop the whole field.
TEST(LimitHeaders, NumbersBeyondAStructuredFieldAreCutToTheLargestThatFits) {
  const Limit budget = *Limit::fixed_window(kUnitsMax, Duration::seconds(60));
  AnswerLine lines[] = {line_of("r", budget, Mode::kEnforce, {})};
  lines[0].decision.remaining = kUnitsMax - 1;
  std::string buffer;
  FakeResponse ietf;
  write_limit_headers(ietf, {.deciding = lines, .lines = lines}, HeaderStyle::kIetf, buffer);
  EXPECT_EQ(ietf["RateLimit-Policy"], R"("r";q=999999999999999;w=60)");
  EXPECT_EQ(ietf["RateLimit"], R"("r";r=999999999999999;t=100)");
  FakeResponse legacy;
  write_limit_headers(legacy, {.deciding = lines, .lines = lines}, HeaderStyle::kLegacy, buffer);
  EXPECT_EQ(legacy["X-RateLimit-Limit"], "9007199254740991");
  EXPECT_EQ(legacy["X-RateLimit-Remaining"], "9007199254740990");
}

FakeResponse headers_of(const Answer& answer, HeaderStyle style) {
  FakeResponse out;
  std::string buffer;
  write_limit_headers(out, answer, style, buffer);
  return out;
}

TEST(LimitHeaders, OlderDraftsListTheWindowsOfEveryEnforcedLimit) {
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  const Limit day = *Limit::fixed_window(100, Duration::seconds(86'400));
  const Limit holds = *Limit::concurrency(3, Duration::seconds(60));
  const AnswerLine lines[] = {line_of("a", window, Mode::kEnforce, {}), line_of("s", window, Mode::kShadow, {}),
                              line_of("b", day, Mode::kEnforce, {}), line_of("c", holds, Mode::kEnforce, {})};
  const Answer answer{.deciding = &lines[0], .lines = lines};
  const FakeResponse draft7 = headers_of(answer, HeaderStyle::kDraft7);
  EXPECT_EQ(draft7["RateLimit-Policy"], "5;w=60, 100;w=86400, 3");
  EXPECT_EQ(draft7["RateLimit"], "limit=5, remaining=1, reset=100");
  EXPECT_EQ(draft7.headers.size(), 2u);
  const FakeResponse draft03 = headers_of(answer, HeaderStyle::kDraft03);
  EXPECT_EQ(draft03["X-RateLimit-Limit"], "5, 5;w=60, 100;w=86400, 3");
  EXPECT_EQ(draft03["X-RateLimit-Remaining"], "1");
  EXPECT_EQ(draft03["X-RateLimit-Reset"], "100");
  EXPECT_EQ(draft03.headers.size(), 3u);
}

// ratelimit-header-parser reads no answer of draft 7 that lacks one of the three.
TEST(LimitHeaders, Draft7HasAResetThoughWaitingDoesNotHelp) {
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  const AnswerLine lines[] = {line_of("a", window, Mode::kEnforce, Duration::never())};
  const Answer answer{.allowed = false, .deciding = lines, .lines = lines};
  EXPECT_EQ(headers_of(answer, HeaderStyle::kDraft7)["RateLimit"], "limit=5, remaining=1, reset=100");
}

TEST(LimitHeaders, AWaitThatIsTooLongToSleepSaysSo) {
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  struct Case {
    Duration wait;
    std::string retry_after;  // empty: none
    std::string should_retry;
  };
  const int64_t day = 86'400;
  for (const auto& [wait, retry_after, should_retry] :
       {Case{Duration::seconds(60), "60", ""}, Case{Duration{60'000'001}, "61", "false"},
        Case{Duration::seconds(day), "86400", "false"}, Case{Duration::seconds(24 * day - 1), "2073599", "false"},
        Case{Duration::seconds(24 * day), "", "false"}, Case{Duration::never(), "", "false"}}) {
    const AnswerLine lines[] = {line_of("r", window, Mode::kEnforce, wait)};
    const Answer answer{.allowed = false, .deciding = lines, .lines = lines};
    for (const auto style : {HeaderStyle::kIetf, HeaderStyle::kDraft7, HeaderStyle::kDraft6, HeaderStyle::kDraft03,
                             HeaderStyle::kLegacy, HeaderStyle::kOff}) {
      const FakeResponse out = headers_of(answer, style);
      EXPECT_EQ(out["Retry-After"], retry_after) << wait.us;
      EXPECT_EQ(out["X-Should-Retry"], should_retry) << wait.us;
    }
  }
}

TEST(LimitHeaders, ARefusalForWantOfAStoreIsShort) {
  const Answer answer{.allowed = false, .degraded = true};
  EXPECT_EQ(status_of(answer), 503);
  FakeResponse out;
  std::string buffer;
  write_limit_headers(out, answer, HeaderStyle::kIetf, buffer);
  ASSERT_EQ(out.headers.size(), 1U);
  EXPECT_EQ(out["Retry-After"], "1");
  std::string body;
  append_answer(body, answer, Explain::kNo);
  EXPECT_EQ(body,
            R"({"allowed":false,"limit":null,"remaining":null,"retry_after_ms":1000,"reset_after_ms":0,"rule":null,)"
            R"("degraded":true})");
}

}  // namespace
}  // namespace rateguard::http_api
