// A MemoryStore at its bounds: what it drops, what it refuses, and that it stays inside them.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "store/memory/memory_store_fixture.h"
#include "store/settlement.h"

namespace rateguard {
namespace {

TEST(MemoryStore, AFullStoreDropsTheOneNearestToFresh) {
  const auto store = MemoryStore::create({.max_keys = 50, .when_full = FullPolicy::kEvict}).value();
  const Limit limit = Limit::fixed_window_from_first_request(5, Duration::seconds(3'600)).value();
  for (uint32_t n = 0; n < 50; ++n) charge(*store, key_of(n), limit, 1, kNow + Duration::seconds((n * 7) % 50));
  const Instant later = kNow + Duration::seconds(100);
  EXPECT_TRUE(charge(*store, "newcomer", limit, 1, later).allowed());
  EXPECT_EQ(store->stats().keys, 50u);
  EXPECT_EQ(store->stats().evicted, 1u);
  EXPECT_EQ(store->stats().keys_max, 50u);
  EXPECT_EQ(charge(*store, key_of(0), limit, 0, later).remaining, 5u) << "the first to expire went";
  for (uint32_t n = 1; n < 50; ++n) EXPECT_EQ(charge(*store, key_of(n), limit, 0, later).remaining, 4u) << n;
  EXPECT_EQ(charge(*store, "newcomer", limit, 0, later).remaining, 4u);
}

TEST(MemoryStore, ExpiredCountersGoBeforeLiveOnes) {
  const auto store = MemoryStore::create({.max_keys = 50}).value();
  const Limit soon = Limit::fixed_window_from_first_request(5, Duration::seconds(1)).value();
  const Limit later = Limit::fixed_window_from_first_request(5, Duration::seconds(3'600)).value();
  for (uint32_t n = 0; n < 50; ++n) charge(*store, key_of(n), n < 10 ? soon : later);
  for (uint32_t n = 50; n < 60; ++n)
    EXPECT_TRUE(charge(*store, key_of(n), later, 1, kNow + Duration::seconds(2)).allowed());
  EXPECT_EQ(store->stats().expired, 10u);
  EXPECT_EQ(store->stats().evicted, 0u);
}

TEST(MemoryStore, AFullStoreThatRefusesSaysWhenToComeBack) {
  const auto store = MemoryStore::create({.max_keys = 50, .when_full = FullPolicy::kRefuse}).value();
  const Limit limit = Limit::fixed_window_from_first_request(5, Duration::seconds(60)).value();
  for (uint32_t n = 0; n < 50; ++n) charge(*store, key_of(n), limit, 1, kNow + Duration::seconds(n));
  const Instant now = kNow + Duration::seconds(55);
  const Decision refused = charge(*store, "newcomer", limit, 1, now);
  EXPECT_FALSE(refused.allowed());
  EXPECT_EQ(refused.retry_after, Duration::seconds(5)) << "the first of the fifty expires then";
  EXPECT_EQ(refused.limit, 5u);
  EXPECT_EQ(store->stats().refused_full, 1u);
  EXPECT_EQ(store->stats().keys, 50u);
  EXPECT_TRUE(charge(*store, key_of(7), limit, 1, now).allowed()) << "those who are there are served";
  EXPECT_TRUE(charge(*store, "newcomer", limit, 0, now).allowed()) << "a look needs no room";
  EXPECT_TRUE(charge(*store, "newcomer", limit, 1, now + refused.retry_after).allowed());
  EXPECT_EQ(store->stats().evicted, 0u);
}

// What it could not remember would be settled twice.
TEST(MemoryStore, AFullStoreThatRefusesSettlesNothingUntilThereIsRoom) {
  const auto store = MemoryStore::create({.max_keys = 2, .when_full = FullPolicy::kRefuse}).value();
  const Limit limit = Limit::fixed_window(5, Duration::seconds(86'400)).value();
  Charge taken = {.key = "metered", .limit = &limit, .cost = {4}};
  store->charge({{&taken, 1}}, kNow);
  charge(*store, "other", limit);
  const ChargeReceipt receipt = receipt_of(taken, kNow, {'x'}).value();
  for (const uint64_t actual : {1u, 9u}) {
    EXPECT_EQ(settle(*store, taken, receipt, actual, kNow).result, SettleResult::kUnavailable);
    EXPECT_EQ(charge(*store, "metered", limit, 0).remaining, 1u);
  }
  store->reset("other");
  EXPECT_EQ(settle(*store, taken, receipt, 1, kNow).result, SettleResult::kSettled);
  EXPECT_EQ(settle(*store, taken, receipt, 1, kNow).result, SettleResult::kSettledAlready);
  EXPECT_EQ(charge(*store, "metered", limit, 0).remaining, 4u);
}

TEST(MemoryStore, ALogWithoutRoomForWhatWasUsedIsNotSettled) {
  const Limit limit = Limit::sliding_window_log(1'000'000, Duration::seconds(60)).value();
  const auto store = MemoryStore::create({.max_keys = 1'000, .log_bytes_max = 100'000}).value();
  Instant now = kNow;
  Charge taken;
  ChargeReceipt receipt;
  for (;;) {
    now.us += 1;
    Charge next = {.key = "metered", .limit = &limit, .cost = {1}};
    store->charge({{&next, 1}}, now);
    if (!next.decision.allowed()) break;
    taken = next;
    receipt = receipt_of(taken, now, {'x'}).value();
  }
  now.us += 1;
  const uint64_t left = charge(*store, "metered", limit, 0, now).remaining;
  EXPECT_EQ(settle(*store, taken, receipt, 5, now).result, SettleResult::kUnavailable);
  EXPECT_EQ(charge(*store, "metered", limit, 0, now).remaining, left);
  EXPECT_EQ(settle(*store, taken, receipt, 0, now).result, SettleResult::kSettled) << "nothing says that it was";
  EXPECT_EQ(charge(*store, "metered", limit, 0, now).remaining, left + 1);
}

TEST(MemoryStore, ARequestWithoutRoomForOneOfItsKeysChargesNone) {
  const auto store = MemoryStore::create({.max_keys = 50, .when_full = FullPolicy::kRefuse}).value();
  const Limit limit = Limit::fixed_window(5, Duration::seconds(86'400)).value();
  for (uint32_t n = 0; n < 49; ++n) charge(*store, key_of(n), limit);
  const std::string first = "first new", second = "second new", known = key_of(3);
  std::vector<Charge> charges = {
      {.key = first, .limit = &limit}, {.key = known, .limit = &limit}, {.key = second, .limit = &limit}};
  store->charge({charges}, kNow);
  EXPECT_TRUE(charges[0].decision.allowed());
  EXPECT_TRUE(charges[1].decision.allowed());
  EXPECT_FALSE(charges[2].decision.allowed());
  EXPECT_EQ(store->stats().keys, 49u);
  EXPECT_EQ(charge(*store, known, limit, 0).remaining, 4u);
  EXPECT_EQ(charge(*store, first, limit, 0).remaining, 5u);
  // In shadow, the one without room stands alone.
  charges[2].mode = Mode::kShadow;
  store->charge({charges}, kNow);
  EXPECT_FALSE(charges[2].decision.allowed());
  EXPECT_EQ(charge(*store, known, limit, 0).remaining, 3u);
}

TEST(MemoryStore, ARequestNeverEvictsItsOwnKeys) {
  const auto store = MemoryStore::create({.max_keys = 3}).value();
  const Limit limit = Limit::fixed_window(5, Duration::seconds(86'400)).value();
  std::vector<std::string> keys;
  for (uint32_t n = 0; n < 30; ++n) keys.push_back(key_of(n));
  for (size_t n = 0; n < 30; n += 3) {
    std::vector<Charge> charges;
    for (size_t i = n; i < n + 3; ++i) charges.push_back({.key = keys[i], .limit = &limit});
    store->charge({charges}, kNow);
    for (size_t i = n; i < n + 3; ++i) EXPECT_EQ(charge(*store, keys[i], limit, 0).remaining, 4u);
  }
  EXPECT_EQ(store->stats().keys, 3u);
  EXPECT_EQ(store->stats().evicted, 27u);
  // Four keys can never fit in three places: refused, and nothing of it stays.
  std::vector<Charge> four;
  for (size_t i = 0; i < 4; ++i) four.push_back({.key = keys[i], .limit = &limit});
  store->charge({four}, kNow);
  EXPECT_FALSE(four[3].decision.allowed());
  EXPECT_EQ(charge(*store, keys[0], limit, 0).remaining, 5u);
}

TEST(MemoryStore, RequestsOfSeveralKeysFindThemWhereverRoomIsMade) {
  // Most keys are never seen again and expire; room is made for those that come by dropping them, which moves others of
  // the same request in their group. What is decided is what a store decides that has room for all.
  const auto small = MemoryStore::create({.max_keys = 100, .when_full = FullPolicy::kRefuse}).value();
  const auto large = MemoryStore::create({.max_keys = 1'000'000}).value();
  const Limit limit = Limit::token_bucket(5, {5, Duration::millis(200)}).value();
  std::minstd_rand random(1);
  uint64_t newcomer = 1'000;
  Instant now = kNow;
  for (int i = 0; i < 50'000; ++i) {
    now.us += 50'000;
    std::vector<std::string> keys = {key_of(random() % 40), key_of(newcomer++), key_of(40 + random() % 20)};
    std::ranges::shuffle(keys, random);
    std::vector<Charge> here;
    std::vector<Charge> there;
    for (const std::string& key : keys) {
      here.push_back({.key = key, .limit = &limit, .cost = {1 + random() % 5}});
      there.push_back(here.back());
    }
    small->charge({here}, now);
    large->charge({there}, now);
    for (size_t k = 0; k < keys.size(); ++k) {
      ASSERT_EQ(here[k].decision, there[k].decision) << "request " << i << ", " << keys[k];
    }
  }
  EXPECT_GT(small->stats().expired, 40'000u);
  EXPECT_LE(small->stats().keys, 100u);
}

TEST(MemoryStore, GroupsThatStayNearlyFullSplitWhileThereArePagesToSpare) {
  // Some 118 live keys in each of the first groups, and others that come and expire: those that have make room for
  // those that come, but for a few at a time only.
  const auto store = MemoryStore::create({.max_keys = 40'000, .hash_key = memory::HashKey{}}).value();
  const Limit long_lived = Limit::fixed_window(5, Duration::seconds(86'400)).value();
  const Limit short_lived = Limit::fixed_window_from_first_request(5, Duration::seconds(1)).value();
  for (uint32_t n = 0; n < 134 * 118; ++n) charge(*store, key_of(n), long_lived);
  const uint64_t before = store->stats().memory_bytes;
  Instant now = kNow;
  for (uint32_t n = 100'000; n < 140'000; ++n) {
    now.us += 200'000;
    ASSERT_TRUE(charge(*store, key_of(n), short_lived, 1, now).allowed());
  }
  EXPECT_GT(store->stats().memory_bytes, before + 50 * 4'096);
  EXPECT_EQ(store->stats().evicted, 0u);
  for (uint32_t n = 0; n < 134 * 118; ++n) ASSERT_EQ(charge(*store, key_of(n), long_lived, 0, now).remaining, 4u) << n;
}

TEST(MemoryStore, TheBoundOnKeysHoldsForAnyInput) {
  for (const uint64_t max_keys : {1u, 7u, 85u, 86u, 1'000u, 30'000u}) {
    const auto store = MemoryStore::create({.max_keys = max_keys}).value();
    const Limit limit = Limit::fixed_window(5, Duration::seconds(86'400)).value();
    for (uint64_t n = 0; n < max_keys; ++n) ASSERT_TRUE(charge(*store, key_of(n), limit).allowed()) << max_keys;
    EXPECT_EQ(store->stats().keys, max_keys);
    EXPECT_EQ(store->stats().evicted, 0u) << "every key has room until the last: " << max_keys;
    const uint64_t memory = store->stats().memory_bytes;
    for (uint64_t n = max_keys; n < 2 * max_keys + 100; ++n) ASSERT_TRUE(charge(*store, key_of(n), limit).allowed());
    EXPECT_EQ(store->stats().keys, max_keys);
    EXPECT_EQ(store->stats().evicted, max_keys + 100);
    EXPECT_LE(store->stats().memory_bytes, memory + memory / 10 + 17 * 4'096);
    if (max_keys == 30'000) {
      EXPECT_LE(memory / max_keys, 64u);
    }
  }
}

TEST(MemoryStore, LogsStayInsideTheirBound) {
  for (const Limit& limit : {Limit::sliding_window_log(1'000'000, Duration::seconds(60)).value(),
                             Limit::concurrency(1'000'000, Duration::seconds(60)).value()}) {
    const auto store = MemoryStore::create({.max_keys = 1'000, .log_bytes_max = 100'000}).value();
    const uint64_t table = MemoryStore::create({.max_keys = 1'000}).value()->stats().memory_bytes;
    Instant now = kNow;
    uint32_t admitted = 0;
    Decision last;
    do {
      now.us += 1;
      last = charge(*store, key_of(1), limit, 1, now);
      admitted += last.allowed();
      ASSERT_LE(store->stats().memory_bytes, table + 100'000);
    } while (last.allowed());
    EXPECT_GT(admitted, 500u);
    EXPECT_GT(last.retry_after, Duration{});
    EXPECT_EQ(store->stats().refused_full, 1u);
    EXPECT_EQ(store->reset(key_of(1)), ResetResult::kForgotten);
    EXPECT_EQ(store->stats().memory_bytes, table) << "all of it is given back";
    EXPECT_TRUE(charge(*store, key_of(1), limit).allowed());
  }
}

}  // namespace
}  // namespace rateguard
