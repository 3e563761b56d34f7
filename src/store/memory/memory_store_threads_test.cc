// A MemoryStore that many threads use at once.
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "store/memory/memory_store_fixture.h"

namespace rateguard {
namespace {

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
