#include "algorithm/hold_set.h"

#include <gtest/gtest.h>

#include <utility>

#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kStart = Instant::from_seconds(1'700'000'000);
const Limit kThree = *Limit::concurrency(3, Duration::seconds(60));

Instant at(int64_t seconds) {
  return kStart + Duration::seconds(seconds);
}

TEST(HoldSet, AReleaseGivesBackOnce) {
  HoldSet set;
  set.commit(kThree, {2}, at(0), 7);
  set.commit(kThree, {1}, at(1), 8);
  EXPECT_FALSE(set.evaluate(kThree, {1}, at(2)).allowed());
  EXPECT_FALSE(set.release(9, at(2)));
  EXPECT_TRUE(set.release(7, at(2)));
  EXPECT_FALSE(set.release(7, at(2)));
  EXPECT_EQ(set.evaluate(kThree, {0}, at(2)).remaining, 2U);
  EXPECT_TRUE(set.release(8, at(2)));
  EXPECT_EQ(set.expires_at(), Instant{});
}

TEST(HoldSet, AHoldEndsExactlyAPeriodLater) {
  HoldSet set;
  set.commit(kThree, {3}, at(0), 1);
  const Decision refused = set.evaluate(kThree, {1}, at(20));
  EXPECT_EQ(refused.retry_after, Duration::seconds(40));
  EXPECT_EQ(refused.reset_after, Duration::seconds(40));
  EXPECT_FALSE(set.evaluate(kThree, {1}, at(60) - Duration{1}).allowed());
  EXPECT_TRUE(set.evaluate(kThree, {3}, at(60)).allowed());
  EXPECT_FALSE(set.release(1, at(60)));
}

TEST(HoldSet, TheWaitCountsAsManyHoldsAsMustEnd) {
  HoldSet set;
  for (int64_t s = 0; s < 3; ++s) set.commit(kThree, {1}, at(s), static_cast<uint64_t>(s));
  EXPECT_EQ(set.evaluate(kThree, {1}, at(10)).retry_after, Duration::seconds(50));
  EXPECT_EQ(set.evaluate(kThree, {2}, at(10)).retry_after, Duration::seconds(51));
  EXPECT_EQ(set.evaluate(kThree, {3}, at(10)).retry_after, Duration::seconds(52));
  set.release(1, at(10));
  EXPECT_EQ(set.evaluate(kThree, {2}, at(10)).retry_after, Duration::seconds(50));
}

TEST(HoldSet, AnEditedHoldTimeIsForNewHolds) {
  HoldSet set;
  set.commit(kThree, {1}, at(0), 1);
  const Limit shorter = *Limit::concurrency(2, Duration::seconds(10));
  set.commit(shorter, {1}, at(1), 2);
  EXPECT_EQ(set.evaluate(shorter, {1}, at(2)).retry_after, Duration::seconds(9));
  EXPECT_TRUE(set.evaluate(shorter, {1}, at(11)).allowed());
  EXPECT_EQ(set.evaluate(shorter, {0}, at(11)).reset_after, Duration::seconds(49));
  EXPECT_EQ(set.expires_at(), at(60));
}

// A plain list of holds, to compare the index and the tombstones with.
TEST(HoldSet, KeepsAnyMixOfHoldsAndReleases) {
  EXPECT_TRUE(rc::check("the same holds as a list has", [] {
    HoldSet set;
    std::vector<HoldSet::Hold> list;
    Instant now = kStart;
    uint64_t number = *rc::gen::arbitrary<uint64_t>();
    for (const TimedCost& call : *gen_calls()) {
      for (uint32_t i = 0; i <= call.amount % 8; ++i) {
        const Limit limit = *Limit::concurrency(UINT32_MAX, Duration::millis(1 + (call.amount + i) % 300));
        if (call.step < 10) {
          set.commit(limit, {1 + i}, now, number);
          list.push_back({number++, now + limit.period(), 1 + i});
        } else {
          now = now + Duration::millis(call.amount % 50);
          if (list.empty()) continue;
          const size_t pick = (call.amount + i) % list.size();
          RC_ASSERT(set.release(list[pick].number, now) == (list[pick].expires > now));
          list.erase(list.begin() + static_cast<ptrdiff_t>(pick));
        }
        uint64_t held = 0;
        for (const auto& hold : list) held += hold.expires > now ? hold.units : 0;
        RC_ASSERT(set.evaluate(limit, {0}, now).remaining == UINT32_MAX - held);
      }
    }
    set.commit(kThree, {1}, now, number);  // drops what is over
    std::erase_if(list, [&](const auto& hold) { return hold.expires <= now; });
    RC_ASSERT(set.count() == list.size() + 1);
    for (const auto& hold : list) RC_ASSERT(set.contains(hold.number));
  }));
}

TEST(HoldSet, MemoryFollowsWhatIsHeld) {
  HoldSet set;
  const Limit limit = *Limit::concurrency(1'000, Duration::seconds(60));
  for (uint64_t i = 0; i < 100'000; ++i) {
    set.commit(limit, {1}, kStart + Duration{static_cast<int64_t>(i)}, i);
    if (i >= 10) {
      EXPECT_TRUE(set.release(i - 10, kStart + Duration{static_cast<int64_t>(i)}));
    }
  }
  EXPECT_EQ(set.count(), 10U);
  EXPECT_LE(set.bytes(), 4'096U);
}

TEST(HoldSet, SurvivesASnapshot) {
  EXPECT_TRUE(rc::check("restore(holds()) decides the same", [] {
    const Limit limit = pick_limit(Algorithm::kConcurrency);
    HoldSet set;
    uint64_t number = 0;
    CallMaker maker(limit, Steps::kForward);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      last = set.evaluate(limit, maker.cost(call), now);
      if (last.allowed()) set.commit(limit, maker.cost(call), now, number++);
      if (call.amount % 3 == 0) set.release(number / 2, now);
    }
    auto restored = HoldSet::restore(set.holds());
    RC_ASSERT(restored.has_value());
    for (const uint64_t cost : {uint64_t{0}, uint64_t{1}, limit.capacity}) {
      RC_ASSERT(restored->evaluate(limit, {cost}, maker.now()) == set.evaluate(limit, {cost}, maker.now()));
    }
    for (uint64_t i = 0; i < number; ++i) RC_ASSERT(restored->release(i, maker.now()) == set.release(i, maker.now()));
  }));
}

TEST(HoldSet, RefusesADamagedSnapshot) {
  using Holds = std::vector<HoldSet::Hold>;
  const auto is_refused = [](const Holds& holds) {
    const auto restored = HoldSet::restore(holds);
    return !restored && restored.error().code == ErrorCode::kCorrupt;
  };
  EXPECT_TRUE(HoldSet::restore({}).has_value());
  EXPECT_TRUE(is_refused({{1, {5}, 0}}));
  EXPECT_TRUE(is_refused({{1, {0}, 1}}));
  EXPECT_TRUE(is_refused({{1, {INT64_MAX}, 1}}));
  EXPECT_TRUE(is_refused({{1, {6}, 1}, {2, {5}, 1}}));
  EXPECT_TRUE(is_refused({{1, {5}, 1}, {1, {6}, 1}}));
  EXPECT_TRUE(is_refused({{1, {5}, UINT32_MAX}, {2, {6}, 1}}));
}

}  // namespace
}  // namespace rateguard::algorithm
