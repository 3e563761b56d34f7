#include "store/memory/memory_store.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "algorithm/reference_model.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);

struct MemoryFactory {
  std::unique_ptr<Store> make() { return MemoryStore::create({.max_keys = 10'000}).value(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreSuite, MemoryFactory);

// A table of a few groups, where the keys of a request often meet in one.
struct TinyFactory {
  std::unique_ptr<Store> make() { return MemoryStore::create({.max_keys = 600}).value(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(TinyMemory, StoreSuite, TinyFactory);

Decision charge(Store& store, const std::string& key, const Limit& limit, uint32_t cost = 1, Instant now = kNow) {
  Charge one = {.key = key, .limit = &limit, .cost = {cost}};
  store.charge({{&one, 1}}, now);
  return one.decision;
}

std::string key_of(uint64_t n) {
  return counter_key("key", {std::to_string(n)});
}

TEST(MemoryStore, OptionsOutOfRangeAreSaid) {
  EXPECT_EQ(MemoryStore::create({.max_keys = 0}).error().code, ErrorCode::kInvalid);
  EXPECT_EQ(MemoryStore::create({.max_keys = (uint64_t{1} << 32) + 1}).error().code, ErrorCode::kInvalid);
}

TEST(MemoryStore, TenThousandRandomKeysAreCountedApart) {
  // Bytes of every value and lengths up to the longest, each key with a sister that differs in its last byte alone.
  std::mt19937 random(3);
  const auto store = MemoryStore::create({.max_keys = 20'000}).value();
  std::map<std::string, uint32_t> expected;
  while (expected.size() < 10'000) {
    std::string key(1 + random() % 60, '\0');
    if (expected.size() % 10 == 0) key.resize(kSubjectPartMax);
    for (char& byte : key) byte = static_cast<char>(random());
    expected[key] = static_cast<uint32_t>(random() % 50);
    ++key.back();
    expected[key] = static_cast<uint32_t>(random() % 50);
  }
  const Limit limit = Limit::fixed_window(100, Duration::seconds(86'400)).value();
  for (const auto& [key, cost] : expected) EXPECT_TRUE(charge(*store, key, limit, cost).allowed());
  for (const auto& [key, cost] : expected) ASSERT_EQ(charge(*store, key, limit, 0).remaining, 100 - cost);
}

// Limits of every algorithm with short periods, so that a few simulated minutes refill, expire and begin anew.
Limit limit_number(size_t n) {
  const Duration period = Duration::millis(700);
  switch (n % 7) {
    case 0:
      return Limit::token_bucket(5, {3, period}).value();
    case 1:
      return Limit::gcra(4, {3, period}).value();
    case 2:
      return Limit::leaky_bucket(4, {2, period}).value();
    case 3:
      return Limit::fixed_window(4, period).value();
    case 4:
      return Limit::sliding_window_log(5, period).value();
    case 5:
      return Limit::sliding_window_counter(5, period).value();
    default:
      return Limit::concurrency(3, period).value();
  }
}

// One step of a made-up history: requests of up to three keys, releases, ticks, and time that goes on.
struct Step {
  uint32_t what = 0;
  std::vector<uint32_t> keys;
  uint32_t cost = 0;
  int64_t wait_us = 0;
};

Step step() {
  Step made;
  made.what = *rc::gen::inRange<uint32_t>(0, 10);
  made.keys =
      *rc::gen::unique<std::vector<uint32_t>>(*rc::gen::inRange<size_t>(1, 4), rc::gen::inRange<uint32_t>(0, 21));
  made.cost = *rc::gen::inRange<uint32_t>(0, 4);
  made.wait_us = *rc::gen::element<int64_t>(0, 1, 1'000, 150'000, 900'000);
  return made;
}

TEST(MemoryStore, DecidesAsTheReferenceModelDoes) {
  EXPECT_TRUE(rc::check("groups of limits, releases and expiry against the model", [] {
    const auto store = MemoryStore::create({.max_keys = 500}).value();
    std::vector<algorithm::ReferenceLimiter> models;
    std::vector<Limit> limits;
    std::vector<std::string> keys;
    for (size_t n = 0; n < 21; ++n) {
      limits.push_back(limit_number(n));
      models.emplace_back(limits.back());
      keys.push_back(key_of(n));
    }
    std::map<uint32_t, std::vector<HoldId>> holds;
    Instant now = kNow;
    for (int i = 0; i < 150; ++i) {
      const Step next = step();
      now = now + Duration{next.wait_us};
      if (next.what == 0) store->tick(now, {.slots = 1'000});
      if (next.what == 1 && !holds.empty()) {
        auto& [key, ids] = *holds.begin();
        const size_t which = next.cost % ids.size();
        RC_ASSERT((store->release(ids[which], now) == ReleaseResult::kReleased) == models[key].release(which, now));
      }
      std::vector<Charge> charges;
      for (const uint32_t key : next.keys) {
        charges.push_back({.key = keys[key], .limit = &limits[key], .cost = {next.cost}});
      }
      store->charge({charges}, now);
      // What each gives alone, by a look at a cost that the model does not keep: the model has no look without a
      // charge, so it is asked only where the store admitted all, and where one alone was asked.
      const bool admitted =
          std::ranges::all_of(charges, [](const Charge& charge) { return charge.decision.allowed(); });
      if (!admitted && charges.size() > 1) continue;
      for (size_t n = 0; n < charges.size(); ++n) {
        const uint32_t key = next.keys[n];
        Decision decision = charges[n].decision;
        if (decision.hold.is_set()) holds[key].push_back(decision.hold);
        decision.hold = {};
        RC_ASSERT(decision == models[key].decide({next.cost}, now));
      }
    }
  }));
}

TEST(MemoryStore, TickDropsWhatEqualsFresh) {
  for (const Limit& limit : {limit_number(0), limit_number(1), limit_number(2), limit_number(3), limit_number(4),
                             limit_number(5), limit_number(6)}) {
    const auto store = MemoryStore::create({.max_keys = 5'000}).value();
    for (uint64_t n = 0; n < 1'000; ++n) charge(*store, key_of(n), limit);
    const uint64_t memory = store->stats().memory_bytes;
    store->tick(kNow, {.slots = 1'000'000});
    EXPECT_EQ(store->stats().keys, 1'000u) << "they are alive";
    const Instant later = kNow + Duration::seconds(3);
    store->tick(later, {.slots = 1});
    EXPECT_GE(store->stats().keys, 872u) << "a small budget is kept: one group of 128";
    for (int i = 0; i < 20; ++i) store->tick(later, {.slots = 4'096});
    EXPECT_EQ(store->stats().keys, 0u) << to_string(limit.algorithm);
    EXPECT_EQ(store->stats().expired, 1'000u);
    EXPECT_LE(store->stats().memory_bytes, memory);
    EXPECT_EQ(charge(*store, key_of(1), limit, 0, later), charge(*store, key_of(5'000), limit, 0, later));
  }
}

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

TEST(MemoryStore, TheBoundOnKeysHoldsWhateverComes) {
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

TEST(MemoryStore, KeysThatTwoLimitsOfARequestShareDoNoHarm) {
  // A caller promises distinct keys. One that breaks the promise gets an answer, and the store goes on.
  const auto store = MemoryStore::create({.max_keys = 100}).value();
  for (const Limit& limit : limits_of_every_algorithm(5)) {
    const std::string key = counter_key("same", {to_string(limit.algorithm)});
    std::vector<Charge> twice = {{.key = key, .limit = &limit}, {.key = key, .limit = &limit}};
    store->charge({twice}, kNow);
    EXPECT_TRUE(twice[0].decision.allowed());
  }
  EXPECT_EQ(store->stats().keys, 7u);
}

TEST(MemoryStore, AKeyUnderAnotherAlgorithmIsReadAsFresh) {
  const auto store = MemoryStore::create({.max_keys = 100}).value();
  for (const Limit& before : limits_of_every_algorithm(5)) {
    for (const Limit& after : limits_of_every_algorithm(5)) {
      if (before.algorithm == after.algorithm) continue;
      charge(*store, "key", before, 5);
      EXPECT_EQ(charge(*store, "key", after, 2).remaining, 3u)
          << to_string(before.algorithm) << to_string(after.algorithm);
      store->reset("key");
    }
  }
  EXPECT_EQ(store->stats().keys, 0u);
}

TEST(MemoryStore, GrowsUnderThreadsWithoutLosingACharge) {
  // Threads add keys of their own and charge common ones while the groups split under them.
  constexpr int kThreads = 4;
  constexpr uint32_t kOwn = 15'000;
  constexpr uint32_t kCommon = 100;
  const auto store = MemoryStore::create({.max_keys = 200'000}).value();
  const Limit limit = Limit::fixed_window(1'000'000, Duration::seconds(86'400)).value();
  std::vector<std::jthread> threads;
  for (uint64_t t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::vector<std::string> keys(16);
      std::vector<Charge> charges(16);
      std::vector<ChargeGroup> groups(16);
      for (uint32_t n = 0; n < kOwn; n += 8) {
        for (uint32_t i = 0; i < 16; ++i) {
          keys[i] = i < 8 ? key_of(1'000'000 * (t + 1) + n + i) : key_of((n + i) % kCommon);
          charges[i] = {.key = keys[i], .limit = &limit};
          groups[i] = {{&charges[i], 1}};
        }
        if (n % 16 == 0) {
          store->charge_batch(groups, kNow);
        } else {
          store->charge({charges}, kNow);
        }
        store->tick(kNow, {.slots = 128});
      }
    });
  }
  threads.clear();
  EXPECT_EQ(store->stats().keys, kThreads * kOwn + kCommon);
  for (uint64_t t = 0; t < kThreads; ++t) {
    for (uint32_t n = 0; n < kOwn; ++n) {
      ASSERT_EQ(charge(*store, key_of(1'000'000 * (t + 1) + n), limit, 0).remaining, 999'999u);
    }
  }
  uint64_t common = 0;
  for (uint32_t n = 0; n < kCommon; ++n) common += 1'000'000 - charge(*store, key_of(n), limit, 0).remaining;
  EXPECT_EQ(common, uint64_t{kThreads} * kOwn);
}

TEST(MemoryStore, ThreadsAtTheBoundKeepIt) {
  const auto store = MemoryStore::create({.max_keys = 300}).value();
  const Limit limit = Limit::sliding_window_log(5, Duration::seconds(3'600)).value();
  std::atomic<bool> passed = false;
  std::vector<std::jthread> threads;
  for (uint64_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(t);
      for (int i = 0; i < 4'000; ++i) {
        const std::string one = key_of(random() % 2'000), two = key_of(2'000 + random() % 2'000);
        std::vector<Charge> charges = {{.key = one, .limit = &limit}, {.key = two, .limit = &limit}};
        store->charge({charges}, kNow);
        if (i % 8 == 0) store->reset(one);
        if (store->stats().keys > 300) passed = true;
      }
    });
  }
  threads.clear();
  EXPECT_FALSE(passed);
  EXPECT_GT(store->stats().evicted, 0u);
  uint64_t keys = 0;
  for (size_t group = 0; group < store->groups_end(); ++group) {
    store->visit_group(group, [&](const MemoryStore::Counter&) { ++keys; });
  }
  EXPECT_EQ(keys, store->stats().keys);
}

TEST(MemoryStore, HoldsAreReleasedByManyThreadsOnce) {
  const auto store = MemoryStore::create({.max_keys = 100}).value();
  const Limit limit = Limit::concurrency(3, Duration::seconds(60)).value();
  std::atomic<int> held = 0;
  std::atomic<int> most = 0;
  std::atomic<int> twice = 0;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 3'000; ++i) {
        const Decision decision = charge(*store, "shared", limit);
        if (!decision.allowed()) continue;
        const int now_held = ++held;
        int seen = most;
        while (seen < now_held && !most.compare_exchange_weak(seen, now_held)) {
        }
        --held;
        if (store->release(decision.hold, kNow) != ReleaseResult::kReleased) ++twice;
        if (store->release(decision.hold, kNow) != ReleaseResult::kUnknown) ++twice;
      }
    });
  }
  threads.clear();
  EXPECT_LE(most, 3);
  EXPECT_EQ(twice, 0);
  EXPECT_EQ(charge(*store, "shared", limit, 0).remaining, 3u);
  EXPECT_EQ(store->stats().keys, 0u);
}

}  // namespace
}  // namespace rateguard
