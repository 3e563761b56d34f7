// Settling a charge, as one suite of tests over any Store: instantiated beside StoreSuite (store_suite.h), by the same
// factories. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/settlement.h"
#include "store/store_suite.h"

namespace rateguard {

template <typename Factory>
class SettlementSuite : public StoreSuite<Factory> {
 protected:
  // A charge with its receipt.
  struct Metered {
    Charge charge;
    ChargeReceipt receipt;
  };
  Metered take(std::string_view key, const Limit& limit, uint64_t estimate, Instant now = StoreSuite<Factory>::kNow) {
    Charge one = {.key = key, .limit = &limit, .cost = {estimate}};
    this->store_->charge({{&one, 1}}, now);
    const auto receipt = receipt_of(one, now, {++ids_});
    EXPECT_TRUE(receipt.has_value()) << to_string(limit.algorithm);
    return {one, receipt.value_or(ChargeReceipt())};
  }
  Settlement settle(const Metered& metered, uint64_t actual, Instant now = StoreSuite<Factory>::kNow) {
    return rateguard::settle(*this->store_, metered.charge, metered.receipt, actual, now);
  }

  char ids_ = 0;
};

TYPED_TEST_SUITE_P(SettlementSuite);

TYPED_TEST_P(SettlementSuite, SettlingDownGivesBackWhatWasNotUsedOnce) {
  for (const Limit& limit : limits_of_every_algorithm(10)) {
    if (limit.algorithm == Algorithm::kConcurrency) continue;
    const std::string key = counter_key("down", {to_string(limit.algorithm)}, limit.algorithm);
    this->charge(key, limit, 2);
    const auto metered = this->take(key, limit, 6);
    const Settlement settled = this->settle(metered, 1);
    EXPECT_EQ(settled.result, SettleResult::kSettled) << to_string(limit.algorithm);
    EXPECT_EQ(settled.decision.remaining, 7u) << to_string(limit.algorithm);
    for (const uint64_t again : {1u, 0u, 9u}) {
      EXPECT_EQ(this->settle(metered, again).result, SettleResult::kSettledAlready) << to_string(limit.algorithm);
    }
    EXPECT_EQ(this->left(key, limit), 7u) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(SettlementSuite, SettlingUpIsNeverRefusedAndLeavesADebt) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    if (limit.algorithm == Algorithm::kConcurrency) continue;
    const std::string key = counter_key("up", {to_string(limit.algorithm)}, limit.algorithm);
    const auto small = this->take(key, limit, 1);
    const auto metered = this->take(key, limit, 4);
    const Settlement settled = this->settle(metered, 8);
    EXPECT_EQ(settled.result, SettleResult::kSettled) << to_string(limit.algorithm);
    EXPECT_TRUE(settled.decision.allowed());
    EXPECT_EQ(settled.decision.retry_after, Duration{});
    EXPECT_EQ(settled.decision.remaining, 0u);
    // 9 of 5 units are in use; a limit in debt settles like any other.
    EXPECT_EQ(this->settle(small, 3).result, SettleResult::kSettled) << to_string(limit.algorithm);
    EXPECT_EQ(this->settle(small, 3).result, SettleResult::kSettledAlready) << to_string(limit.algorithm);
    EXPECT_FALSE(this->charge(key, limit).allowed()) << to_string(limit.algorithm);
    EXPECT_EQ(this->move(key, limit, {6, Movement::kGiveBack}).remaining, 0u) << to_string(limit.algorithm);
    EXPECT_EQ(this->move(key, limit, {1, Movement::kGiveBack}).remaining, 1u) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(SettlementSuite, AnEstimateThatWasRightIsSettledAllTheSame) {
  const Limit limit = Limit::token_bucket(10, {1, Duration::seconds(86'400)}).value();
  const std::string key = counter_key("right", {"x"});
  const auto metered = this->take(key, limit, 3);
  EXPECT_EQ(this->settle(metered, 3).result, SettleResult::kSettled);
  EXPECT_EQ(this->settle(metered, 0).result, SettleResult::kSettledAlready);
  EXPECT_EQ(this->left(key, limit), 7u);
}

TYPED_TEST_P(SettlementSuite, NothingIsGivenBackIntoAWindowThatHasEnded) {
  const Duration hour = Duration::seconds(3'600);
  const Instant late = this->kNow + Duration::seconds(3'590);
  for (const Limit& limit : {Limit::fixed_window(10, hour).value(), Limit::sliding_window_counter(10, hour).value(),
                             Limit::fixed_window_from_first_request(10, Duration::seconds(60)).value(),
                             Limit::sliding_window_log(10, Duration::seconds(60)).value()}) {
    const std::string key = counter_key("ended", {to_string(limit.algorithm), std::to_string(limit.period().us)});
    const auto metered = this->take(key, limit, 5, late);
    const bool is_aligned = limit.period() == hour;
    const Instant ended = is_aligned ? this->kNow + hour : late + Duration::seconds(60);
    this->charge(key, limit, 4, ended);
    const uint64_t before = this->left(key, limit, ended);
    EXPECT_EQ(this->settle(metered, 0, ended).result, SettleResult::kSettled) << limit.period().us;
    EXPECT_EQ(this->left(key, limit, ended), before) << to_string(limit.algorithm);
    // In its own window it would have been given back.
    const auto in_time = this->take(key, limit, 1, ended);
    EXPECT_EQ(this->settle(in_time, 0, ended).decision.remaining, before) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(SettlementSuite, UseBeyondAnEstimateIsChargedEvenAfterItsWindowHasEnded) {
  const Limit limit = Limit::fixed_window(10, Duration::seconds(3'600)).value();
  const std::string key = counter_key("beyond", {"x"}, limit.algorithm);
  const auto metered = this->take(key, limit, 2, this->kNow + Duration::seconds(3'590));
  const Instant next_window = this->kNow + Duration::seconds(3'600);
  EXPECT_EQ(this->settle(metered, 5, next_window).decision.remaining, 7u);
}

TYPED_TEST_P(SettlementSuite, NothingIsSettledTwiceWheneverItWasSettledFirst) {
  const Limit limit = Limit::fixed_window(10, Duration::seconds(86'400)).value();
  const Duration last = kSettledWithin - Duration::millis(1);
  for (const Duration first : {Duration{}, Duration::seconds(600), Duration::seconds(3'500)}) {
    const std::string key = counter_key("twice", {std::to_string(first.us)}, limit.algorithm);
    const auto metered = this->take(key, limit, 6);
    EXPECT_EQ(this->settle(metered, 4, this->kNow + first).result, SettleResult::kSettled);
    const Settlement again = this->settle(metered, 1, this->kNow + last);
    EXPECT_EQ(again.result, SettleResult::kSettledAlready) << first.us;
    EXPECT_EQ(again.decision.remaining, 6u) << first.us;
    EXPECT_EQ(this->left(key, limit, this->kNow + last), 6u) << first.us;
  }
}

TYPED_TEST_P(SettlementSuite, AChargeNotSettledInTimeKeepsItsEstimate) {
  const Limit limit = Limit::fixed_window(10, Duration::seconds(86'400)).value();
  const std::string key = counter_key("late", {"x"}, limit.algorithm);
  const auto metered = this->take(key, limit, 6);
  EXPECT_EQ(this->settle(metered, 1, this->kNow + kSettledWithin).result, SettleResult::kTooLate);
  EXPECT_EQ(this->left(key, limit, this->kNow + kSettledWithin), 4u);
  EXPECT_EQ(this->settle(metered, 1, this->kNow + kSettledWithin - Duration{1}).result, SettleResult::kSettled);
}

TYPED_TEST_P(SettlementSuite, AHoldIsSettledByItsRelease) {
  const Limit limit = Limit::concurrency(3, Duration::seconds(86'400)).value();
  const std::string key = counter_key("hold", {"x"}, limit.algorithm);
  const auto metered = this->take(key, limit, 2);
  EXPECT_EQ(this->settle(metered, 2).result, SettleResult::kSettled);
  EXPECT_EQ(this->left(key, limit), 3u);
  EXPECT_EQ(this->settle(metered, 2).result, SettleResult::kSettledAlready);
}

TYPED_TEST_P(SettlementSuite, AmountsBeyond32BitsAreExact) {
  const Duration hour = Duration::seconds(3'600);
  const Rate rate = {.units = kRateUnitsMax, .period = hour};
  for (const Limit& limit : {Limit::fixed_window(kUnitsMax, hour).value(), Limit::token_bucket(kUnitsMax, rate).value(),
                             Limit::gcra(kUnitsMax, rate).value(), Limit::leaky_bucket(kUnitsMax, rate).value()}) {
    const std::string key = counter_key("money", {to_string(limit.algorithm)}, limit.algorithm);
    EXPECT_EQ(this->charge(key, limit, kUnitsMax - 1).remaining, 1u) << to_string(limit.algorithm);
    EXPECT_FALSE(this->charge(key, limit, 2).allowed()) << to_string(limit.algorithm);
    EXPECT_EQ(this->charge(key, limit, 1).remaining, 0u) << to_string(limit.algorithm);
    EXPECT_EQ(this->move(key, limit, {uint64_t{1} << 33, Movement::kGiveBack}).remaining, uint64_t{1} << 33);
    const auto metered = this->take(key, limit, 5'000'000'000);
    EXPECT_EQ(this->settle(metered, 5'000'000'001).decision.remaining, (uint64_t{1} << 33) - 5'000'000'001);
  }
}

TYPED_TEST_P(SettlementSuite, OfManyWhoSettleOneChargeOneDoes) {
  const Limit limit = Limit::fixed_window(1'000, Duration::seconds(86'400)).value();
  const std::string key = counter_key("many", {"x"}, limit.algorithm);
  const auto metered = this->take(key, limit, 500);
  std::atomic<int> settled = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (uint64_t actual = 0; actual < 20; ++actual) {
        settled += this->settle(metered, 100 + actual).result == SettleResult::kSettled;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(settled, 1);
  const uint64_t left = this->left(key, limit);
  EXPECT_TRUE(left > 880 && left <= 900) << left;
}

REGISTER_TYPED_TEST_SUITE_P(SettlementSuite, SettlingDownGivesBackWhatWasNotUsedOnce,
                            SettlingUpIsNeverRefusedAndLeavesADebt, AnEstimateThatWasRightIsSettledAllTheSame,
                            NothingIsGivenBackIntoAWindowThatHasEnded, NothingIsSettledTwiceWheneverItWasSettledFirst,
                            UseBeyondAnEstimateIsChargedEvenAfterItsWindowHasEnded,
                            AChargeNotSettledInTimeKeepsItsEstimate, AHoldIsSettledByItsRelease,
                            AmountsBeyond32BitsAreExact, OfManyWhoSettleOneChargeOneDoes);

}  // namespace rateguard
