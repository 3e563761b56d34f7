#include "model/quantity.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard {
namespace {

std::string shown(const Result<Duration>& duration) {
  return duration ? fmt::format("{}us", duration->us) : duration.error().message;
}
std::string shown(const Result<Rate>& rate) {
  return rate ? fmt::format("{} per {}us", rate->units, rate->period.us) : rate.error().message;
}
std::string shown(const Result<LimitText>& limit) {
  if (!limit) return limit.error().message;
  return fmt::format("{} per {}us{}", limit->rate.units, limit->rate.period.us,
                     limit->burst ? fmt::format(" burst {}", *limit->burst) : "");
}

TEST(ParseDuration, Good) {
  EXPECT_EQ(shown(parse_duration("250ms")), "250000us");
  EXPECT_EQ(shown(parse_duration("10s")), "10000000us");
  EXPECT_EQ(shown(parse_duration("5m")), "300000000us");
  EXPECT_EQ(shown(parse_duration("1h")), "3600000000us");
  EXPECT_EQ(shown(parse_duration("1d")), "86400000000us");
  EXPECT_EQ(shown(parse_duration("1w")), "604800000000us");
  EXPECT_EQ(shown(parse_duration("366d")), "31622400000000us");
  EXPECT_EQ(shown(parse_duration("0.25")), "250000us");
  EXPECT_EQ(shown(parse_duration("10")), "10000000us");
  EXPECT_EQ(shown(parse_duration("1.5h")), "5400000000us");
  EXPECT_EQ(shown(parse_duration("10 seconds")), "10000000us");
  EXPECT_EQ(shown(parse_duration("0s")), "0us");
}

TEST(ParseDuration, Bad) {
  constexpr const char* kShape = "is not a duration; expected a number and ms, s, m, h, d or w, such as 250ms or 10s";
  for (const std::string text : {"", "s", "-1s", "+1s", "1x", "1.s", ".5s", "1e3", "01s", "1 ", " 1s", "1s ", "1.2.3s",
                                 "1h30m", "1000000000000000000s"}) {
    EXPECT_EQ(shown(parse_duration(text)), fmt::format("'{}' {}", text, kShape));
  }
  EXPECT_EQ(shown(parse_duration("0.5ms")), "'0.5ms' is not a whole number of milliseconds");
  EXPECT_EQ(shown(parse_duration("0.0001")), "'0.0001' is not a whole number of milliseconds");
  EXPECT_EQ(shown(parse_duration("367d")), "'367d' is too long; at most 366d");
  EXPECT_EQ(shown(parse_duration("366.1d")), "'366.1d' is too long; at most 366d");
  EXPECT_EQ(shown(parse_duration("999999999999999999w")), "'999999999999999999w' is too long; at most 366d");
}

TEST(ParseLimitText, Good) {
  EXPECT_EQ(shown(parse_limit_text("5/m")), "5 per 60000000us");
  EXPECT_EQ(shown(parse_limit_text("100/10s")), "100 per 10000000us");
  EXPECT_EQ(shown(parse_limit_text("100/10s burst 20")), "100 per 10000000us burst 20");
  EXPECT_EQ(shown(parse_limit_text("1000/day")), "1000 per 86400000000us");
  EXPECT_EQ(shown(parse_limit_text("3/250ms")), "3 per 250000us");
  EXPECT_EQ(shown(parse_limit_text("9007199254740991 / hour burst 1")), "9007199254740991 per 3600000000us burst 1");
  for (const char* second : {"1/s", "1/sec", "1/second", "1/1s", "1/1 second"}) {
    EXPECT_EQ(shown(parse_limit_text(second)), "1 per 1000000us") << second;
  }
}

TEST(ParseLimitText, Bad) {
  for (const char* text : {"", "5", "/m", "5/", "-5/m", "5.5/m", "5/60", "5/x", "5/m/s", "5/0s", "5/367d", "5/m burst",
                           "5/m burst x", "5/mburst 3", "5/m burst 3 burst 4", "5 per m"}) {
    EXPECT_EQ(
        shown(parse_limit_text(text)),
        fmt::format(
            "'{}' is not a limit; expected N/period with an optional burst, such as 5/m, 100/10s or 100/10s burst 20",
            text));
  }
}

TEST(ParseLimitText, SaysHowManyUnitsThereMayBe) {
  EXPECT_EQ(shown(parse_limit_text("9007199254740992/m")),
            "'9007199254740992/m': expected from 1 to 9007199254740991 units, found '9007199254740992'");
  EXPECT_EQ(shown(parse_limit_text("0/m")), "'0/m': expected from 1 to 9007199254740991 units, found '0'");
  EXPECT_EQ(shown(parse_limit_text("5/m burst 0")),
            "'5/m burst 0': expected from 1 to 9007199254740991 units, found '0'");
  EXPECT_EQ(shown(parse_rate("99999999999999999999/s")),
            "'99999999999999999999/s': expected from 1 to 9007199254740991 units, found '99999999999999999999'");
}

TEST(ParseRate, Exact) {
  EXPECT_EQ(shown(parse_rate("1")), "1 per 1000000us");
  EXPECT_EQ(shown(parse_rate("0.1")), "1 per 10000000us");
  EXPECT_EQ(shown(parse_rate("2.5")), "5 per 2000000us");
  EXPECT_EQ(shown(parse_rate("0.333")), "333 per 1000000000us");
  EXPECT_EQ(shown(parse_rate("10.0")), "10 per 1000000us");
  EXPECT_EQ(shown(parse_rate("100/10s")), "100 per 10000000us");
  EXPECT_EQ(shown(parse_rate("0")), "a rate of 0 never refills; expected more than 0");
  EXPECT_EQ(shown(parse_rate("0.00000001")),
            "'0.00000001' cannot be kept exactly; expected at most 9007199254740991 units in at most 366d");
  EXPECT_EQ(shown(parse_rate("9007199254740992")),
            "'9007199254740992' cannot be kept exactly; expected at most 9007199254740991 units in at most 366d");
  EXPECT_EQ(shown(parse_rate("1e3")), "'1e3' is not a rate; expected a number per second, such as 0.1, or 100/10s");
  EXPECT_EQ(shown(parse_rate("5/m burst 3")),
            "'5/m burst 3' is not a rate; expected units per period, such as 100/10s");
}

TEST(QuantityProperty, DurationsOfWholeMillisecondsComeBack) {
  EXPECT_TRUE(rc::check("milliseconds, and seconds with three decimals", [] {
    const auto ms = *rc::gen::inRange<int64_t>(0, kPeriodMax.us / 1000 + 1);
    RC_ASSERT(parse_duration(fmt::format("{}ms", ms)).value() == Duration::millis(ms));
    RC_ASSERT(parse_duration(fmt::format("{}.{:03}", ms / 1000, ms % 1000)).value() == Duration::millis(ms));
  }));
}

TEST(QuantityProperty, RatesAreExactOrRefused) {
  EXPECT_TRUE(rc::check("units / period equals the decimal", [] {
    const auto digits = *rc::gen::inRange<uint64_t>(1, 10'000'000'000);
    const auto scale = *rc::gen::inRange(1, 10);
    uint64_t divisor = 1;
    for (int i = 0; i < scale; ++i) divisor *= 10;
    const auto rate = parse_rate(fmt::format("{}.{:0{}}", digits / divisor, digits % divisor, scale));
    if (!rate) return;
    // digits / divisor == units / seconds
    RC_ASSERT(rate->period.us % 1'000'000 == 0);
    const auto seconds = static_cast<uint64_t>(rate->period.us / 1'000'000);
    RC_ASSERT(static_cast<unsigned __int128>(digits) * seconds ==
              static_cast<unsigned __int128>(rate->units) * divisor);
  }));
}

TEST(QuantityProperty, AnyTextIsAnsweredNotCrashedOn) {
  EXPECT_TRUE(rc::check("junk", [] {
    const auto text =
        *rc::gen::container<std::string>(rc::gen::elementOf(std::string("0123456789./ msbhdwurt-+e\0\xFF")));
    if (const auto duration = parse_duration(text)) RC_ASSERT(duration->us >= 0 && *duration <= kPeriodMax);
    if (const auto limit = parse_limit_text(text))
      RC_ASSERT(limit->rate.period >= kPeriodMin && limit->rate.units > 0u);
    if (const auto rate = parse_rate(text)) RC_ASSERT(rate->units > 0u && rate->period.us > 0);
  }));
}

}  // namespace
}  // namespace rateguard
