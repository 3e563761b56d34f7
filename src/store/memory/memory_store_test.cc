#include "store/memory/memory_store.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "algorithm/reference_model_testing.h"
#include "store/memory/memory_store_fixture.h"
#include "store/settlement_suite.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

struct MemoryFactory {
  std::unique_ptr<Store> make() { return MemoryStore::create({.max_keys = 10'000}).value(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreSuite, MemoryFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, SettlementSuite, MemoryFactory);

// A table of a few groups, where the keys of a request often meet in one.
struct TinyFactory {
  std::unique_ptr<Store> make() { return MemoryStore::create({.max_keys = 600}).value(); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(TinyMemory, StoreSuite, TinyFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(TinyMemory, SettlementSuite, TinyFactory);

TEST(MemoryStore, ManyCountersAreEachCountedWhereverTheirSlotsAre) {
  const auto store = MemoryStore::create({.max_keys = 20'000}).value();
  const Limit limit = Limit::token_bucket(3, {1, Duration::seconds(60)}).value();
  for (uint32_t round = 0; round < 4; ++round) {
    for (uint32_t n = 0; n < 20'000; ++n) {
      const Decision decision = charge(*store, key_of(n), limit);
      ASSERT_EQ(decision.allowed(), round < 3) << n;
      ASSERT_EQ(decision.remaining, round < 3 ? 2 - round : 0) << n;
    }
  }
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

// Limits of every algorithm with short periods, so that a few simulated minutes refill, expire and begin again.
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

}  // namespace
}  // namespace rateguard
