#include "model/limit.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard {
namespace {

constexpr uint64_t kBeyond32 = uint64_t{UINT32_MAX} + 1;
constexpr Duration kHour = Duration::seconds(3'600);
// So fast that no bucket takes long to fill.
constexpr Rate kFast = {.units = kRateUnitsMax, .period = kHour};

std::string problem(const Result<Limit>& limit) {
  return limit ? "none" : limit.error().message;
}

TEST(Limit, WindowsThatFollowEachOtherAndBucketsGoUpTo53Bits) {
  for (const uint64_t units : {kBeyond32, kUnitsMax}) {
    EXPECT_EQ(problem(Limit::fixed_window(units, kHour)), "none");
    EXPECT_EQ(problem(Limit::fixed_window_from_first_request(units, kHour)), "none");
    EXPECT_EQ(problem(Limit::calendar_window(units, Anchor::kMonth, nullptr)), "none");
    EXPECT_EQ(problem(Limit::token_bucket(units, kFast)), "none");
    EXPECT_EQ(problem(Limit::gcra(units, kFast)), "none");
    EXPECT_EQ(problem(Limit::leaky_bucket(units, kFast)), "none");
  }
  EXPECT_EQ(problem(Limit::fixed_window(kUnitsMax + 1, kHour)),
            "limit must be from 1 to 9007199254740991, not 9007199254740992");
  EXPECT_EQ(problem(Limit::token_bucket(kUnitsMax + 1, kFast)),
            "capacity must be from 1 to 9007199254740991, not 9007199254740992");
  EXPECT_EQ(problem(Limit::gcra(1, {.units = kRateUnitsMax + 1, .period = kHour})),
            "the rate must be from 1 to 35184372088831 units per period, not 35184372088832");
}

TEST(Limit, SlidingWindowsAndConcurrencyGoUpTo32Bits) {
  EXPECT_EQ(problem(Limit::sliding_window_log(UINT32_MAX, kHour)), "none");
  EXPECT_EQ(problem(Limit::sliding_window_counter(UINT32_MAX, kHour)), "none");
  EXPECT_EQ(problem(Limit::concurrency(UINT32_MAX, kHour)), "none");
  EXPECT_EQ(
      problem(Limit::sliding_window_log(kBeyond32, kHour)),
      "limit must be from 1 to 4294967295, not 4294967296; sliding_window_log counts no further, a fixed_window or "
      "a token_bucket does");
  EXPECT_EQ(problem(Limit::sliding_window_counter(kBeyond32, kHour)).substr(0, 48),
            "limit must be from 1 to 4294967295, not 42949672");
  EXPECT_EQ(problem(Limit::concurrency(kBeyond32, kHour)), "limit must be from 1 to 4294967295, not 4294967296");
}

TEST(Limit, WhatACounterMayOweIsWhatItsStateHolds) {
  EXPECT_EQ(Limit::fixed_window(1, kHour)->units_max(), kUnitsMax);
  EXPECT_EQ(Limit::sliding_window_counter(1, kHour)->units_max(), UINT32_MAX);
  EXPECT_EQ(Limit::token_bucket(1, {.units = 1'000, .period = kHour})->units_max(), 312'749'974U);
  EXPECT_EQ(Limit::token_bucket(1, {.units = UINT32_MAX, .period = kHour})->units_max(), UINT32_MAX);
  EXPECT_EQ(Limit::token_bucket(1, {.units = kBeyond32, .period = kHour})->units_max(), 1'343'250'910'682'921U);
}

TEST(Limit, ACostIsRefusedWhereDoublesWouldRoundIt) {
  EXPECT_EQ(signed_cost(static_cast<int64_t>(kUnitsMax)), (Cost{kUnitsMax}));
  EXPECT_EQ(signed_cost(-static_cast<int64_t>(kUnitsMax)), (Cost{kUnitsMax, Movement::kGiveBack}));
  EXPECT_EQ(signed_cost(static_cast<int64_t>(kUnitsMax) + 1), std::nullopt);
  EXPECT_EQ(signed_cost(INT64_MIN), std::nullopt);
}

}  // namespace
}  // namespace rateguard
