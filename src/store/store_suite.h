// What every Store does, as one suite of tests over any implementation:
//
//   struct MemoryFactory { std::unique_ptr<Store> make(); };
//   INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreSuite, MemoryFactory);
//
// Each test gets a new factory. For tests only.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "store/counter_key.h"
#include "store/store.h"

namespace rateguard {

// Every algorithm with room for `capacity` at once. Nothing comes back for hours, so tests need not consider time.
inline std::vector<Limit> limits_of_every_algorithm(uint64_t capacity) {
  const Duration day = Duration::seconds(86'400);
  return {Limit::token_bucket(capacity, {1, day}).value(),  Limit::gcra(capacity, {1, day}).value(),
          Limit::leaky_bucket(capacity, {1, day}).value(),  Limit::fixed_window(capacity, day).value(),
          Limit::sliding_window_log(capacity, day).value(), Limit::sliding_window_counter(capacity, day).value(),
          Limit::concurrency(capacity, day).value()};
}

inline std::string counter_key(std::string_view rule, std::initializer_list<std::string_view> parts,
                               Algorithm algorithm = Algorithm::kTokenBucket) {
  std::string key;
  CounterKey::begin_rule(key, rule, algorithm);
  for (const std::string_view part : parts) CounterKey::append_part(key, part);
  return key;
}

template <typename Factory>
class StoreSuite : public ::testing::Test {
 protected:
  static constexpr Instant kNow = Instant::from_seconds(1'700'006'400);  // midnight: windows of a day have just begun

  Decision charge(std::string_view key, const Limit& limit, uint64_t cost = 1, Instant now = kNow) {
    Charge one = {.key = key, .limit = &limit, .cost = {cost}};
    store_->charge({{&one, 1}}, now);
    return one.decision;
  }
  Decision move(std::string_view key, const Limit& limit, Cost cost, Instant now = kNow) {
    Charge one = {.key = key, .limit = &limit, .cost = cost};
    store_->charge({{&one, 1}}, now);
    return one.decision;
  }
  std::vector<Decision> charge_all(std::vector<Charge> charges, Instant now = kNow) {
    store_->charge({charges}, now);
    std::vector<Decision> decisions;
    for (const Charge& charge : charges) decisions.push_back(charge.decision);
    return decisions;
  }
  uint64_t left(std::string_view key, const Limit& limit, Instant now = kNow) {
    return charge(key, limit, 0, now).remaining;
  }

  Factory factory_;
  std::unique_ptr<Store> store_ = factory_.make();
};

TYPED_TEST_SUITE_P(StoreSuite);

TYPED_TEST_P(StoreSuite, AdmitsExactlyTheLimit) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("exact", {to_string(limit.algorithm)}, limit.algorithm);
    for (uint32_t i = 0; i < 5; ++i) {
      const Decision decision = this->charge(key, limit);
      EXPECT_TRUE(decision.allowed()) << to_string(limit.algorithm) << " " << i;
      EXPECT_EQ(decision.remaining, 4 - i) << to_string(limit.algorithm);
      EXPECT_EQ(decision.limit, 5u);
    }
    const Decision refused = this->charge(key, limit);
    EXPECT_FALSE(refused.allowed()) << to_string(limit.algorithm);
    EXPECT_GT(refused.retry_after, Duration{}) << to_string(limit.algorithm);
    EXPECT_TRUE(this->charge(key, limit, 1, this->kNow + refused.retry_after).allowed()) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(StoreSuite, ACostThatNeverFitsIsRefusedForEverAndTakesNothing) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("big", {}, limit.algorithm);
    const Decision refused = this->charge(key, limit, 6);
    EXPECT_FALSE(refused.allowed());
    EXPECT_TRUE(refused.retry_after.is_never());
    EXPECT_EQ(this->left(key, limit), 5u);
  }
}

TYPED_TEST_P(StoreSuite, ARefusalWritesNothing) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("refused", {}, limit.algorithm);
    this->charge(key, limit, 3);
    const Decision before = this->charge(key, limit, 0);
    for (int i = 0; i < 3; ++i) EXPECT_FALSE(this->charge(key, limit, 3).allowed());
    EXPECT_EQ(this->charge(key, limit, 0), before) << to_string(limit.algorithm);
    EXPECT_TRUE(this->charge(key, limit, 2).allowed()) << to_string(limit.algorithm);
  }
  const uint64_t keys = this->store_->stats().keys;
  const std::string never = counter_key("never-there", {});
  EXPECT_FALSE(this->charge(never, limits_of_every_algorithm(5)[0], 6).allowed());
  EXPECT_EQ(this->store_->stats().keys, keys) << "a refused request made a key";
}

TYPED_TEST_P(StoreSuite, UnitsGivenBackCanBeTakenAgainAndNoMore) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    if (limit.algorithm == Algorithm::kConcurrency) continue;
    const std::string key = counter_key("back", {}, limit.algorithm);
    EXPECT_EQ(this->charge(key, limit, 4).remaining, 1u);
    const Decision given = this->move(key, limit, {3, Movement::kGiveBack});
    EXPECT_TRUE(given.allowed()) << to_string(limit.algorithm);
    EXPECT_EQ(given.remaining, 4u) << to_string(limit.algorithm);
    EXPECT_EQ(this->left(key, limit), 4u) << to_string(limit.algorithm);
    EXPECT_EQ(this->move(key, limit, {UINT32_MAX, Movement::kGiveBack}).remaining, 5u) << to_string(limit.algorithm);
    EXPECT_EQ(this->left(key, limit), 5u);
    EXPECT_TRUE(this->charge(key, limit, 5).allowed()) << to_string(limit.algorithm);
    EXPECT_FALSE(this->charge(key, limit, 1).allowed()) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(StoreSuite, UnitsGivenBackToACounterThatIsNotThereMakeNoKey) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("nothing", {}, limit.algorithm);
    EXPECT_EQ(this->move(key, limit, {3, Movement::kGiveBack}).remaining, 5u);
  }
  EXPECT_EQ(this->store_->stats().keys, 0u);
}

TYPED_TEST_P(StoreSuite, UnitsGivenBackFreeNoHold) {
  const Limit limit = Limit::concurrency(5, Duration::seconds(60)).value();
  const std::string key = counter_key("held", {}, limit.algorithm);
  const Decision held = this->charge(key, limit, 2);
  const Decision given = this->move(key, limit, {2, Movement::kGiveBack});
  EXPECT_TRUE(given.allowed());
  EXPECT_EQ(given.remaining, 3u);
  EXPECT_FALSE(given.hold.is_set());
  EXPECT_EQ(this->store_->release(held.hold, this->kNow), ReleaseResult::kReleased);
}

TYPED_TEST_P(StoreSuite, UseAfterTheFactIsChargedWholeAndKeepsTheLimitClosed) {
  for (const Limit& plain : limits_of_every_algorithm(5)) {
    const auto limit = plain.with_overdraft();
    if (!limit) continue;
    const std::string key = counter_key("debt", {}, limit->algorithm);
    EXPECT_TRUE(this->move(key, *limit, {0, Movement::kTakeWhole}).allowed());
    const Decision report = this->move(key, *limit, {12, Movement::kTakeWhole});
    EXPECT_TRUE(report.allowed()) << to_string(limit->algorithm);
    EXPECT_EQ(report.remaining, 0u);
    const Decision asked = this->move(key, *limit, {0, Movement::kTakeWhole});
    EXPECT_FALSE(asked.allowed()) << to_string(limit->algorithm);
    EXPECT_TRUE(this->charge(key, *limit, 0).allowed()) << "a look asks nothing";
    const Decision second = this->move(key, *limit, {1, Movement::kTakeWhole});
    EXPECT_FALSE(second.allowed()) << to_string(limit->algorithm);
    EXPECT_GE(second.retry_after, asked.retry_after) << to_string(limit->algorithm);
    EXPECT_TRUE(this->move(key, *limit, {0, Movement::kTakeWhole}, this->kNow + second.retry_after).allowed())
        << to_string(limit->algorithm);
  }
}

TYPED_TEST_P(StoreSuite, ARefusalHoldsBackNeitherUseAfterTheFactNorGivingBack) {
  const Limit limit = Limit::token_bucket(5, {1, Duration::seconds(86'400)}).value();
  const std::string full = counter_key("full", {});
  const std::string taken = counter_key("taken", {});
  const std::string used = counter_key("used", {});
  const std::string given = counter_key("given", {});
  this->charge(full, limit, 5);
  this->charge(given, limit, 3);
  const auto decisions = this->charge_all({{.key = full, .limit = &limit},
                                           {.key = taken, .limit = &limit},
                                           {.key = used, .limit = &limit, .cost = {2, Movement::kTakeWhole}},
                                           {.key = given, .limit = &limit, .cost = {2, Movement::kGiveBack}}});
  EXPECT_FALSE(decisions[0].allowed());
  EXPECT_EQ(this->left(taken, limit), 5u);
  EXPECT_EQ(this->left(used, limit), 3u);
  EXPECT_EQ(this->left(given, limit), 4u);
}

TYPED_TEST_P(StoreSuite, CostZeroLooksAndMakesNoKey) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("look", {}, limit.algorithm);
    const Decision fresh = this->charge(key, limit, 0);
    EXPECT_TRUE(fresh.allowed());
    EXPECT_EQ(fresh.remaining, 5u);
    EXPECT_EQ(fresh.reset_after, Duration{});
    EXPECT_FALSE(fresh.hold.is_set());
  }
  EXPECT_EQ(this->store_->stats().keys, 0u);
}

TYPED_TEST_P(StoreSuite, SeveralLimitsAreChargedAllOrNone) {
  for (const Limit& narrow : limits_of_every_algorithm(1)) {
    const std::string rule(to_string(narrow.algorithm));
    const std::string tight = counter_key(rule, {"tight"}, narrow.algorithm);
    for (const Limit& wide : limits_of_every_algorithm(3)) {
      const std::string loose = counter_key(rule, {"loose", to_string(wide.algorithm)}, wide.algorithm);
      this->store_->reset(tight, {});
      const std::vector<Charge> both = {{.key = loose, .limit = &wide}, {.key = tight, .limit = &narrow}};
      for (const Decision& decision : this->charge_all(both)) EXPECT_TRUE(decision.allowed());
      const std::vector<Decision> refused = this->charge_all(both);
      EXPECT_TRUE(refused[0].allowed()) << "the decision it would have given alone";
      EXPECT_FALSE(refused[1].allowed());
      EXPECT_EQ(this->left(loose, wide), 2u) << rule << " with " << to_string(wide.algorithm);
    }
  }
}

TYPED_TEST_P(StoreSuite, AShadowLimitStandsAlone) {
  for (const Limit& limit : limits_of_every_algorithm(1)) {
    const std::string real = counter_key("real", {}, limit.algorithm);
    const std::string shadow = counter_key("shadow", {}, limit.algorithm);
    const Limit wide = limits_of_every_algorithm(3)[static_cast<size_t>(limit.algorithm)];
    // The shadow refuses, the real one admits and is charged.
    this->charge(shadow, limit);
    const std::vector<Charge> both = {{.key = shadow, .limit = &limit, .mode = Mode::kShadow},
                                      {.key = real, .limit = &wide}};
    const std::vector<Decision> first = this->charge_all(both);
    EXPECT_FALSE(first[0].allowed());
    EXPECT_TRUE(first[1].allowed());
    EXPECT_EQ(this->left(real, wide), 2u) << to_string(limit.algorithm);
    // The real one refuses; the shadow admits and is charged nevertheless.
    this->store_->reset(shadow, {});
    this->charge(real, wide, 2);
    const std::vector<Decision> second = this->charge_all(both);
    EXPECT_TRUE(second[0].allowed());
    EXPECT_FALSE(second[1].allowed());
    EXPECT_EQ(this->left(shadow, limit), 0u) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(StoreSuite, ResetForgets) {
  for (const Limit& limit : limits_of_every_algorithm(2)) {
    const std::string key = counter_key("reset", {}, limit.algorithm);
    EXPECT_EQ(this->store_->reset(key, {}), ResetResult::kNotThere);
    this->charge(key, limit, 2);
    EXPECT_EQ(this->store_->reset(key, {}), ResetResult::kForgotten);
    EXPECT_EQ(this->store_->reset(key, {}), ResetResult::kNotThere);
    EXPECT_EQ(this->left(key, limit), 2u) << to_string(limit.algorithm);
  }
  EXPECT_EQ(this->store_->stats().keys, 0u);
}

TYPED_TEST_P(StoreSuite, AHoldIsReleasedOnce) {
  const Limit limit = Limit::concurrency(2, Duration::seconds(10)).value();
  const std::string key = counter_key("holds", {}, Algorithm::kConcurrency);
  const HoldId first = this->charge(key, limit).hold;
  const HoldId second = this->charge(key, limit).hold;
  EXPECT_TRUE(first.is_set());
  EXPECT_NE(first, second);
  const Decision refused = this->charge(key, limit);
  EXPECT_FALSE(refused.allowed());
  EXPECT_FALSE(refused.hold.is_set());
  EXPECT_EQ(this->store_->release(first, this->kNow), ReleaseResult::kReleased);
  EXPECT_EQ(this->store_->release(first, this->kNow), ReleaseResult::kUnknown);
  EXPECT_EQ(this->left(key, limit), 1u);
  EXPECT_EQ(this->store_->release(second, this->kNow + Duration::seconds(10)), ReleaseResult::kUnknown) << "it is over";
  EXPECT_EQ(this->store_->release(HoldId{}, this->kNow), ReleaseResult::kUnknown);
  HoldId foreign = second;
  foreign.bytes[13] ^= 1;
  EXPECT_EQ(this->store_->release(foreign, this->kNow), ReleaseResult::kUnknown);
}

TYPED_TEST_P(StoreSuite, ARefusedGroupTakesNoHold) {
  const Limit holds = Limit::concurrency(2, Duration::seconds(10)).value();
  const Limit narrow = Limit::token_bucket(1, {1, Duration::seconds(3600)}).value();
  const std::string held = counter_key("held", {}, Algorithm::kConcurrency);
  const std::string tight = counter_key("tight", {});
  this->charge(tight, narrow);
  const auto decisions = this->charge_all({{.key = held, .limit = &holds}, {.key = tight, .limit = &narrow}});
  EXPECT_TRUE(decisions[0].allowed());
  EXPECT_FALSE(decisions[0].hold.is_set());
  EXPECT_EQ(this->left(held, holds), 2u);
}

TYPED_TEST_P(StoreSuite, ABatchEqualsASequence) {
  const std::unique_ptr<Store> other = this->factory_.make();
  const std::vector<Limit> limits = limits_of_every_algorithm(3);
  // 300 requests of one to three limits over a few keys, so that many are refused; one of them has no limit at all.
  std::vector<std::string> keys;
  for (int i = 0; i < 40; ++i) keys.push_back(counter_key("batch", {std::to_string(i)}));
  std::vector<std::vector<Charge>> batched(300);
  uint32_t seed = 7;
  for (size_t i = 0; i < batched.size(); ++i) {
    for (size_t n = 0; n < i % 4; ++n) {
      seed = seed * 1'664'525 + 1'013'904'223;
      const size_t key = (seed >> 16) % 13 * 3 + n;  // distinct within the request
      batched[i].push_back({.key = keys[key], .limit = &limits[key % 7], .cost = {seed >> 30}});
    }
  }
  std::vector<std::vector<Charge>> single = batched;
  std::vector<ChargeGroup> groups;
  for (auto& charges : batched) groups.push_back({charges});
  this->store_->charge_batch(groups, this->kNow);
  for (size_t i = 0; i < single.size(); ++i) {
    other->charge({single[i]}, this->kNow);
    for (size_t n = 0; n < single[i].size(); ++n) {
      Decision expected = single[i][n].decision;
      expected.hold = batched[i][n].decision.hold;
      EXPECT_EQ(batched[i][n].decision, expected) << i << "." << n;
      EXPECT_EQ(single[i][n].decision.hold.is_set(), batched[i][n].decision.hold.is_set());
    }
  }
}

TYPED_TEST_P(StoreSuite, ManyLimitsAtOnce) {
  // More than any inline space: a request with 200 limits.
  const Limit limit = limits_of_every_algorithm(2)[0];
  std::vector<std::string> keys;
  std::vector<Charge> charges;
  for (int i = 0; i < 200; ++i) keys.push_back(counter_key("many", {std::to_string(i)}));
  for (const std::string& key : keys) charges.push_back({.key = key, .limit = &limit});
  for (uint32_t round = 0; round < 2; ++round) {
    for (const Decision& decision : this->charge_all(charges)) EXPECT_EQ(decision.remaining, 1 - round);
  }
  for (const Decision& decision : this->charge_all(charges)) EXPECT_FALSE(decision.allowed());
}

TYPED_TEST_P(StoreSuite, AnEditedLimitKeepsWhatWasUsed) {
  for (const Limit& narrow : limits_of_every_algorithm(5)) {
    const Limit wide = limits_of_every_algorithm(8)[static_cast<size_t>(narrow.algorithm)];
    const std::string key = counter_key("edited", {}, narrow.algorithm);
    this->charge(key, narrow, 5);
    EXPECT_FALSE(this->charge(key, narrow).allowed());
    EXPECT_EQ(this->left(key, wide), 3u) << to_string(narrow.algorithm) << ": a raised limit takes effect at once";
    EXPECT_EQ(this->left(key, narrow), 0u) << to_string(narrow.algorithm);
  }
}

TYPED_TEST_P(StoreSuite, AClockThatStepsBackMintsNothing) {
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("clock", {}, limit.algorithm);
    this->charge(key, limit, 5);
    EXPECT_FALSE(this->charge(key, limit, 1, this->kNow - Duration::seconds(3600)).allowed())
        << to_string(limit.algorithm);
    EXPECT_EQ(this->left(key, limit), 0u);
  }
}

TYPED_TEST_P(StoreSuite, DistinctKeysNeverShare) {
  // Lengths around every word boundary, equal bytes, NULs, keys that are prefixes of each other, and the longest
  // possible key with a difference only in the last byte.
  std::set<std::string> keys;
  for (size_t length = 1; length <= 40; ++length) {
    keys.insert(std::string(length, '\0'));
    keys.insert(std::string(length, 'a'));
    keys.insert(std::string(length - 1, 'a') + "b");
    keys.insert("b" + std::string(length - 1, 'a'));
  }
  for (int last = 0; last < 256; ++last) keys.insert(std::string(kSubjectPartMax - 1, 'k') + static_cast<char>(last));
  keys.insert(std::string(kCounterKeyMax - 1, 'k') + "1");
  keys.insert(std::string(kCounterKeyMax - 1, 'k') + "2");
  keys.insert(counter_key("a", {"b_c"}));
  keys.insert(counter_key("a_b", {"c"}));
  keys.insert(counter_key("a", {"b", "c"}));
  const Limit limit = limits_of_every_algorithm(1)[0];
  for (const std::string& key : keys) EXPECT_TRUE(this->charge(key, limit).allowed()) << key.size();
  for (const std::string& key : keys) EXPECT_FALSE(this->charge(key, limit).allowed()) << key.size();
  EXPECT_EQ(this->store_->stats().keys, keys.size());
}

TYPED_TEST_P(StoreSuite, ManyThreadsOnOneKeyAdmitExactlyTheLimit) {
  constexpr uint32_t kLimit = 2'000;
  constexpr int kThreads = 4;
  for (const Limit& limit : limits_of_every_algorithm(kLimit)) {
    const std::string key = counter_key("threads", {}, limit.algorithm);
    std::atomic<uint32_t> admitted = 0;
    std::vector<std::jthread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&] {
        for (uint32_t i = 0; i < kLimit; ++i) admitted += this->charge(key, limit).allowed();
      });
    }
    threads.clear();
    EXPECT_EQ(admitted.load(), kLimit) << to_string(limit.algorithm);
  }
}

TYPED_TEST_P(StoreSuite, ThreadsWithSeveralLimitsChargeAllOrNone) {
  // Every request takes from two of five accounts, named in either order; were one charged alone, the sums would
  // differ.
  constexpr uint32_t kLimit = 3'000;
  const Limit limit = limits_of_every_algorithm(kLimit)[0];
  const Limit count = Limit::fixed_window(1'000'000, Duration::seconds(86'400)).value();
  std::vector<std::string> accounts;
  for (int i = 0; i < 5; ++i) accounts.push_back(counter_key("account", {std::to_string(i)}));
  const std::string total = counter_key("total", {});
  std::atomic<uint32_t> admitted = 0;
  std::vector<std::jthread> threads;
  for (uint32_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (uint32_t i = 0; i < 4'000; ++i) {
        const uint32_t from = (i + t) % 5;
        const uint32_t to = (from + 1 + i % 4) % 5;
        std::vector<Charge> charges = {{.key = accounts[from], .limit = &limit},
                                       {.key = accounts[to], .limit = &limit},
                                       {.key = total, .limit = &count}};
        this->store_->charge({charges}, this->kNow);
        admitted += charges[0].decision.allowed() && charges[1].decision.allowed();
      }
    });
  }
  threads.clear();
  uint64_t taken = 0;
  for (const std::string& account : accounts) taken += kLimit - this->left(account, limit);
  EXPECT_EQ(taken, 2 * admitted.load());
  EXPECT_EQ(this->left(total, count), 1'000'000 - admitted.load());
}

REGISTER_TYPED_TEST_SUITE_P(StoreSuite, AdmitsExactlyTheLimit, ACostThatNeverFitsIsRefusedForEverAndTakesNothing,
                            ARefusalWritesNothing, UnitsGivenBackCanBeTakenAgainAndNoMore,
                            UnitsGivenBackToACounterThatIsNotThereMakeNoKey, UnitsGivenBackFreeNoHold,
                            UseAfterTheFactIsChargedWholeAndKeepsTheLimitClosed,
                            ARefusalHoldsBackNeitherUseAfterTheFactNorGivingBack, CostZeroLooksAndMakesNoKey,
                            SeveralLimitsAreChargedAllOrNone, AShadowLimitStandsAlone, ResetForgets,
                            AHoldIsReleasedOnce, ARefusedGroupTakesNoHold, ABatchEqualsASequence, ManyLimitsAtOnce,
                            AnEditedLimitKeepsWhatWasUsed, AClockThatStepsBackMintsNothing, DistinctKeysNeverShare,
                            ManyThreadsOnOneKeyAdmitExactlyTheLimit, ThreadsWithSeveralLimitsChargeAllOrNone);

}  // namespace rateguard
