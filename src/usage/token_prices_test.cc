#include "usage/token_prices.h"

#include <gtest/gtest.h>

#include "usage/dollars.h"

namespace rateguard::usage {
namespace {

// $2.50 in, $10 out, $1.25 cached, a million tokens.
constexpr TokenPrices kPrices = {.input = 2'500'000, .output = 10'000'000, .cached_input = 1'250'000};

TEST(TokenPricesTest, EachTokenCostsItsPriceOnce) {
  EXPECT_EQ(cost_nano_dollars({.input = 1'000'000}, kPrices), 2'500'000'000);
  EXPECT_EQ(cost_nano_dollars({.input = 176, .cached_input = 1'024, .output = 90, .reasoning = 64}, kPrices),
            176 * 2'500 + 1'024 * 1'250 + 90 * 10'000);
}

TEST(TokenPricesTest, WhatHasNoPriceCostsAsItsKind) {
  const TokenUsage usage = {.cached_input = 1, .cache_write = 10, .cache_write_1h = 100, .output = 7, .reasoning = 3};
  EXPECT_EQ(cost_nano_dollars(usage, {.input = 1'000, .output = 2'000}), 111 + 14);
  EXPECT_EQ(cost_nano_dollars(usage, {.input = 1'000, .output = 2'000, .cache_write = 3'000, .reasoning = 0}),
            1 + 330 + 8);
}

TEST(TokenPricesTest, TheSumIsRoundedUpOnce) {
  EXPECT_EQ(cost_nano_dollars({.input = 1, .output = 1}, {.input = 1, .output = 1}), 1);
  EXPECT_EQ(cost_nano_dollars({.input = 999, .output = 1}, {.input = 1, .output = 1}), 1);
  EXPECT_EQ(cost_nano_dollars({.input = 1'000, .output = 1}, {.input = 1, .output = 1}), 2);
}

TEST(TokenPricesTest, ALargeProductCountsAsTheMostThatABudgetHolds) {
  EXPECT_EQ(cost_nano_dollars({.input = 1'000'000'000'000}, {.input = INT64_MAX}), kNanoDollarsMax);
}

TEST(TokenPricesTest, WhatTheProviderChargesTakesPrecedence) {
  EXPECT_EQ(cost_nano_dollars({.input = 5, .cost_nano_dollars = 7}, kPrices), 7);
}

TEST(DollarsTest, AreExactAndRoundedUp) {
  EXPECT_EQ(nano_dollars("25.000000000000004"), 25'000'000'001);
  EXPECT_EQ(nano_dollars("0.1"), 100'000'000);
  EXPECT_EQ(nano_dollars("3E+2"), 300'000'000'000);
  EXPECT_EQ(nano_dollars("12345678901234567890e-15"), 12'345'678'901'235);
  EXPECT_EQ(nano_dollars("0.000000000000000000000000001"), 1);
  EXPECT_EQ(nano_dollars("0.000"), 0);
  EXPECT_EQ(nano_dollars("9007199.254740992"), kNanoDollarsMax);
}

TEST(DollarsTest, WhatIsNoAmountIsNone) {
  for (const std::string_view text : {"", "-1", "1e", "e5", ".5", "1.2.3", "1e5x", "9007199.254740993", "1e30", "x"}) {
    EXPECT_EQ(nano_dollars(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace rateguard::usage
