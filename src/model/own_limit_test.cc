#include "model/own_limit.h"

#include <gtest/gtest.h>

#include "model/known_caller.h"

namespace rateguard {
namespace {

TEST(OwnLimit, IsReadAsPeopleWriteLimits) {
  EXPECT_EQ(*OwnLimit::parse("600/m"), (OwnLimit{.units = 600, .period = Duration::seconds(60)}));
  EXPECT_EQ(*OwnLimit::parse("5/s burst 20"), (OwnLimit{.units = 5, .period = Duration::seconds(1), .burst = 20}));
  EXPECT_EQ(*OwnLimit::parse("2000000"), OwnLimit{.units = 2'000'000});
  EXPECT_TRUE(OwnLimit::parse("unlimited")->is_unlimited());
  for (const char* text : {"", "0", "0/m", "-1", "5/", "lots", "9007199254740993"}) {
    EXPECT_FALSE(OwnLimit::parse(text).has_value()) << text;
  }
}

TEST(OwnLimit, CountsAsTheRuleDoes) {
  const OwnLimit own = *OwnLimit::parse("600/m");
  EXPECT_EQ(*own.counted_as(*Limit::token_bucket(5, {.units = 5})),
            *Limit::token_bucket(600, {.units = 600, .period = Duration::seconds(60)}));
  EXPECT_EQ(*own.counted_as(*Limit::gcra(5, {.units = 5})),
            *Limit::gcra(600, {.units = 600, .period = Duration::seconds(60)}));
  EXPECT_EQ(*own.counted_as(*Limit::fixed_window(5, Duration::seconds(1))),
            *Limit::fixed_window(600, Duration::seconds(60)));
  EXPECT_EQ(*own.counted_as(*Limit::sliding_window_log(5, Duration::seconds(1))),
            *Limit::sliding_window_log(600, Duration::seconds(60)));
  EXPECT_EQ(*own.counted_as(*Limit::leaky_bucket(7, {.units = 5})),
            *Limit::leaky_bucket(7, {.units = 600, .period = Duration::seconds(60)}));
}

TEST(OwnLimit, ANumberAloneTakesThePeriodOfTheRule) {
  const OwnLimit own = *OwnLimit::parse("9");
  EXPECT_EQ(*own.counted_as(*Limit::fixed_window(5, Duration::seconds(3'600))),
            *Limit::fixed_window(9, Duration::seconds(3'600)));
  EXPECT_EQ(*own.counted_as(*Limit::calendar_window(5, Anchor::kMonth, nullptr)),
            *Limit::calendar_window(9, Anchor::kMonth, nullptr));
  EXPECT_EQ(*own.counted_as(*Limit::concurrency(5, Duration::seconds(60))),
            *Limit::concurrency(9, Duration::seconds(60)));
}

TEST(OwnLimit, TakesDebtWhereTheRuleDoes) {
  const Limit rule = *Limit::fixed_window(5, Duration::seconds(60))->with_overdraft();
  EXPECT_TRUE(OwnLimit::parse("600/m")->counted_as(rule)->overdraft);
}

TEST(OwnLimit, WhatTheAlgorithmCannotTakeIsRefused) {
  const OwnLimit burst = *OwnLimit::parse("600/m burst 9");
  EXPECT_FALSE(burst.counted_as(*Limit::fixed_window(5, Duration::seconds(1))).has_value());
  EXPECT_FALSE(burst.counted_as(*Limit::leaky_bucket(5, {.units = 1})).has_value());
  const OwnLimit period = *OwnLimit::parse("600/m");
  EXPECT_FALSE(period.counted_as(*Limit::concurrency(5, Duration::seconds(1))).has_value());
  EXPECT_FALSE(period.counted_as(*Limit::calendar_window(5, Anchor::kDay, nullptr)).has_value());
}

TEST(KnownCaller, ItsOwnLimitComesBeforeItsWorkspacesAndThatBeforeItsPlans) {
  const LimitOfRule key[] = {{.rule = "a", .limit = {.units = 1}}};
  const LimitOfRule workspace[] = {{.rule = "a", .limit = {.units = 2}}, {.rule = "b", .limit = {.units = 3}}};
  const LimitOfRule plan[] = {
      {.rule = "a", .limit = {.units = 4}}, {.rule = "b", .limit = {.units = 5}}, {.rule = "c", .limit = {.units = 6}}};
  const KnownCaller caller{.own_limits = {key, workspace, plan}};
  EXPECT_EQ(*caller.limit_for("a"), (OwnedLimit{.limit = {.units = 1}, .owner = LimitOwner::kKey}));
  EXPECT_EQ(*caller.limit_for("b"), (OwnedLimit{.limit = {.units = 3}, .owner = LimitOwner::kWorkspace}));
  EXPECT_EQ(*caller.limit_for("c"), (OwnedLimit{.limit = {.units = 6}, .owner = LimitOwner::kPlan}));
  EXPECT_FALSE(caller.limit_for("d").has_value());
}

}  // namespace
}  // namespace rateguard
