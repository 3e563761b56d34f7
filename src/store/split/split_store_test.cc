#include "store/split/split_store.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <string>

#include "base/count_allocations_for_tests.h"
#include "store/answers_at_once.h"
#include "store/memory/memory_store.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);
constexpr Duration kDay = Duration::seconds(86'400);

// Counts what it is asked, and answers at once or when it is told to.
class Part final : public RemoteStore {
 public:
  void charge(std::span<ChargeGroup> groups, Now now, Done done) override {
    for (const ChargeGroup& group : groups) asked += group.charges.size();
    asked_at = now;
    ask([this, groups, now, done = std::move(done)]() mutable {
      if (fails) {
        set_unavailable(groups);
      } else {
        counters->charge_batch(groups, now);
      }
      done();
    });
  }
  void reset(std::string_view key, const Terms& terms, Instant,
             std::move_only_function<void(ResetResult)> done) override {
    done(counters->reset(key, terms));
  }
  void release(const HoldId& hold, Instant now, std::move_only_function<void(ReleaseResult)> done) override {
    asked_at = now;
    ++releases;
    done(fails ? ReleaseResult::kUnavailable : counters->release(hold, now));
  }
  void tick(Instant) override { ++ticks; }

  void answer() {
    auto question = std::move(waiting.front());
    waiting.pop_front();
    question();
  }
  uint64_t left(const std::string& key, const Limit& limit) {
    Charge look{.key = key, .limit = &limit};
    look.cost = Cost{0};
    counters->charge({{&look, 1}}, kNow);
    return look.decision.remaining;
  }

  std::unique_ptr<MemoryStore> counters = MemoryStore::create({.max_keys = 1'000}).value();
  std::deque<std::move_only_function<void()>> waiting;
  bool is_late = false;
  bool fails = false;
  size_t asked = 0;
  Instant asked_at;
  int releases = 0;
  int ticks = 0;

 private:
  void ask(std::move_only_function<void()> question) {
    if (!is_late) return question();
    waiting.push_back(std::move(question));
  }
};

class SplitStoreTest : public testing::Test {
 protected:
  // The far one has the lower number.
  static constexpr StoreNumber kFar = 0;
  static constexpr StoreNumber kNear = 1;

  static Charge on(StoreNumber store, std::string_view key, const Limit& limit, Mode mode = Mode::kEnforce) {
    return {.key = key, .limit = &limit, .mode = mode, .terms = {.store = store}};
  }
  std::vector<Charge> ask(std::vector<Charge> charges) {
    ChargeGroup group{charges};
    bool is_done = false;
    store_.charge({&group, 1}, kNow, [&] { is_done = true; });
    EXPECT_TRUE(is_done);
    return charges;
  }

  const Limit two_ = Limit::fixed_window(2, kDay).value();
  const Limit nine_ = Limit::fixed_window(9, kDay).value();
  Part far_;
  Part near_;
  Instant now_ = kNow;
  SplitStore store_{{{&far_, Duration::millis(50)}, {&near_, Duration::millis(2)}}, [this] { return now_; }};
};

TEST_F(SplitStoreTest, LimitsOfOneStoreAreChargedThereTogether) {
  const auto asked = ask({on(kFar, "a", two_), on(kFar, "b", nine_)});
  EXPECT_EQ(asked[0].decision.remaining, 1U);
  EXPECT_EQ(asked[1].decision.remaining, 8U);
  EXPECT_EQ(far_.asked, 2U);
  EXPECT_EQ(near_.asked, 0U);
}

TEST_F(SplitStoreTest, UseAfterTheFactAndWhatIsGivenBackReachEveryStore) {
  ask({on(kNear, "a", two_), on(kFar, "b", nine_)});
  ask({on(kNear, "a", two_), on(kFar, "b", nine_)});  // nothing is left of a
  Charge whole = on(kFar, "c", nine_);
  whole.cost = {4, Movement::kTakeWhole};
  Charge back = on(kFar, "b", nine_);
  back.cost = {1, Movement::kGiveBack};
  const auto asked = ask({on(kNear, "a", two_), whole, back, on(kFar, "d", nine_)});
  EXPECT_FALSE(asked[0].decision.allowed());
  EXPECT_EQ(far_.left("c", nine_), 5U);
  EXPECT_EQ(far_.left("b", nine_), 8U);
  EXPECT_EQ(far_.left("d", nine_), 9U);
  EXPECT_EQ(asked[3].basis, Basis::kNotAsked);
}

TEST_F(SplitStoreTest, ARequestThatIsAnsweredLeavesItsBuffersToTheNext) {
  const std::string far_key = "far";
  const std::string near_key = "near";
  const auto allocated_by_one = [&] {
    std::vector<Charge> charges = {on(kFar, far_key, nine_), on(kNear, near_key, nine_)};
    ChargeGroup group{charges};
    const size_t before = allocations;
    store_.charge({&group, 1}, kNow, [] {});
    return allocations - before;
  };
  const size_t by_first = allocated_by_one();
  for (int i = 0; i < 100; ++i) EXPECT_LE(allocated_by_one(), by_first / 2);
}

TEST_F(SplitStoreTest, WhatPassesIsChargedEverywhere) {
  const auto asked = ask({on(kFar, "far", two_), on(kNear, "near", nine_)});
  EXPECT_TRUE(asked[0].decision.allowed());
  EXPECT_TRUE(asked[1].decision.allowed());
  EXPECT_EQ(asked[0].decision.remaining, 1U);
  EXPECT_EQ(asked[1].decision.remaining, 8U);
}

TEST_F(SplitStoreTest, TheNearestIsAskedFirstAndNoneAfterARefusal) {
  for (int i = 0; i < 2; ++i) ask({on(kFar, "far", nine_), on(kNear, "near", two_)});
  far_.asked = 0;
  for (int i = 0; i < 5; ++i) {
    const auto asked = ask({on(kFar, "far", nine_), on(kNear, "near", two_)});
    EXPECT_EQ(asked[0].basis, Basis::kNotAsked);
    EXPECT_EQ(asked[1].basis, Basis::kCounter);
    EXPECT_FALSE(asked[1].decision.allowed());
  }
  EXPECT_EQ(far_.asked, 0U);
  EXPECT_EQ(far_.left("far", nine_), 7U);
}

TEST_F(SplitStoreTest, AStoreThatRefusedIsAskedFirstSoThatTheOthersPayOnce) {
  for (int i = 0; i < 2; ++i) ask({on(kNear, "near", nine_), on(kFar, "far", two_)});
  for (int i = 0; i < 5; ++i) {
    const auto asked = ask({on(kNear, "near", nine_), on(kFar, "far", two_)});
    EXPECT_FALSE(asked[1].decision.allowed());
    EXPECT_EQ(asked[0].basis, i == 0 ? Basis::kCounter : Basis::kNotAsked);
  }
  EXPECT_EQ(near_.left("near", nine_), 6U) << "two that passed, and the first that did not";
  const auto other = ask({on(kNear, "another", nine_), on(kFar, "far", two_)});
  EXPECT_EQ(other[0].basis, Basis::kNotAsked) << "it is the counter that is remembered, no matter which check asks it";
  store_.reset("far", {.store = kFar}, kNow, [](ResetResult result) { EXPECT_EQ(result, ResetResult::kForgotten); });
  EXPECT_TRUE(ask({on(kNear, "near", nine_), on(kFar, "far", two_)})[0].decision.allowed());
  EXPECT_EQ(near_.left("near", nine_), 5U);
}

TEST_F(SplitStoreTest, ALookBetweenChangesNoOrder) {
  for (int i = 0; i < 3; ++i) ask({on(kNear, "near", nine_), on(kFar, "far", two_)});
  EXPECT_EQ(near_.left("near", nine_), 6U);
  for (int i = 0; i < 4; ++i) {
    std::vector<Charge> look = {on(kNear, "near", nine_), on(kFar, "far", two_)};
    for (Charge& charge : look) charge.cost = Cost{0};
    ask(look);
    ask({on(kNear, "near", nine_), on(kFar, "far", two_)});
  }
  EXPECT_EQ(near_.left("near", nine_), 6U);
}

// A store that is asked behind a slow one has its own time all the same.
TEST_F(SplitStoreTest, EachStoreIsAskedAtItsOwnTime) {
  const Limit holds = Limit::concurrency(5, kDay).value();
  near_.is_late = true;
  std::vector<Charge> charges = {on(kNear, "held", holds), on(kFar, "far", two_)};
  ChargeGroup group{charges};
  for (int i = 0; i < 3; ++i) {
    const Instant asked_at = now_;
    store_.charge({&group, 1}, asked_at, [] {});
    now_ = now_ + Duration::millis(80);
    if (!near_.waiting.empty()) near_.answer();
    EXPECT_EQ(far_.asked_at, now_);
  }
  EXPECT_EQ(near_.releases, 1) << "refused by the far one";
  EXPECT_EQ(near_.asked_at, now_);
  far_.fails = true;
  bool is_done = false;
  store_.release({}, kNow, [&](ReleaseResult) { is_done = true; });
  EXPECT_TRUE(is_done);
  EXPECT_EQ(far_.asked_at, now_);
}

TEST_F(SplitStoreTest, ShadowLimitsAreChargedWhateverTheOthersSay) {
  const Limit none = Limit::fixed_window(1, kDay).value();
  ask({on(kNear, "near", none)});
  const auto asked = ask({on(kFar, "far", two_), on(kFar, "shadow", nine_, Mode::kShadow), on(kNear, "near", none)});
  EXPECT_EQ(asked[0].basis, Basis::kNotAsked);
  EXPECT_EQ(asked[1].basis, Basis::kCounter);
  EXPECT_EQ(asked[1].decision.remaining, 8U);
  EXPECT_EQ(far_.left("far", two_), 2U);
  // A shadow that refuses ends nothing.
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(ask({on(kNear, "seen", two_, Mode::kShadow), on(kFar, "open", nine_)})[1].decision.allowed());
  }
}

TEST_F(SplitStoreTest, HoldsOfARefusedRequestAreGivenBack) {
  const Limit holds = Limit::concurrency(2, kDay).value();
  for (int i = 0; i < 2; ++i) ask({on(kFar, "far", two_)});
  const auto asked = ask({on(kNear, "held", holds), on(kFar, "far", two_)});
  EXPECT_FALSE(asked[1].decision.allowed());
  EXPECT_FALSE(asked[0].decision.hold.is_set());
  EXPECT_EQ(near_.left("held", holds), 2U);
}

TEST_F(SplitStoreTest, AHoldIsReleasedWhereverItWasGiven) {
  const Limit holds = Limit::concurrency(2, kDay).value();
  const auto release = [&](const HoldId& hold) {
    ReleaseResult result = {};
    store_.release(hold, kNow, [&](ReleaseResult answer) { result = answer; });
    return result;
  };
  const HoldId far = ask({on(kFar, "held", holds)})[0].decision.hold;
  const HoldId near = ask({on(kNear, "held", holds)})[0].decision.hold;
  EXPECT_EQ(release(near), ReleaseResult::kReleased);
  EXPECT_EQ(far_.releases, 0);
  EXPECT_EQ(release(far), ReleaseResult::kReleased);
  EXPECT_EQ(release(far), ReleaseResult::kUnknown);
  near_.fails = true;
  EXPECT_EQ(release(far), ReleaseResult::kUnavailable);
}

TEST_F(SplitStoreTest, AnswersOnceWhenTheLastOfManyIsDecided) {
  far_.is_late = near_.is_late = true;
  std::vector<Charge> both = {on(kNear, "near", nine_), on(kFar, "far", nine_)};
  std::vector<Charge> again = both;
  Charge alone = on(kFar, "far", nine_);
  std::vector<ChargeGroup> groups = {{both}, {}, {{&alone, 1}}, {again}};
  int done = 0;
  store_.charge(groups, kNow, [&] { ++done; });
  EXPECT_EQ(near_.waiting.size(), 2U);
  EXPECT_EQ(far_.waiting.size(), 1U);
  while (!near_.waiting.empty()) near_.answer();
  EXPECT_EQ(far_.waiting.size(), 3U);
  while (!far_.waiting.empty()) {
    EXPECT_EQ(done, 0);
    far_.answer();
  }
  EXPECT_EQ(done, 1);
  EXPECT_EQ(alone.decision.remaining, 8U);
  EXPECT_EQ(both[1].decision.remaining, 7U);
  EXPECT_EQ(again[1].decision.remaining, 6U);
  EXPECT_EQ(again[0].decision.remaining, 7U);
  store_.charge({}, kNow, [&] { ++done; });
  EXPECT_EQ(done, 2);
  store_.tick(kNow);
  EXPECT_EQ(far_.ticks + near_.ticks, 2);
}

// What a limit cannot be asked for is decided in front of each store; what is not, is not a refusal.
TEST_F(SplitStoreTest, DoesNotTakeAFailureForARefusal) {
  near_.fails = true;
  const auto asked = ask({on(kNear, "near", two_), on(kFar, "far", two_)});
  EXPECT_EQ(asked[0].basis, Basis::kUnavailable);
  EXPECT_EQ(asked[1].basis, Basis::kCounter);
}

// Requests of many callers under way together, answered in any order: what passed was counted in each store, no limit
// admitted more than it says, and without others meanwhile none less.
TEST_F(SplitStoreTest, NoLimitAdmitsMoreThanItSays) {
  far_.is_late = near_.is_late = true;
  for (uint32_t seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const std::string number = std::to_string(seed);
    const std::array<std::string, 4> keys = {"n0-" + number, "n1-" + number, "f0-" + number, "f1-" + number};
    const auto limit_up_to = [&](uint64_t most) {
      return Limit::fixed_window(3 + random() % (most - 3), kDay).value();
    };
    const std::array<Limit, 4> limits = {limit_up_to(12), two_, limit_up_to(12), nine_};
    struct Caller {
      std::vector<Charge> charges;
      ChargeGroup group;
      int answers = 0;
    };
    std::deque<Caller> callers;
    const auto answer_some = [&](size_t left) {
      while (near_.waiting.size() + far_.waiting.size() > left) {
        Part& part = near_.waiting.empty() || (!far_.waiting.empty() && random() % 2 == 0) ? far_ : near_;
        part.answer();
      }
    };
    for (int i = 0; i < 60; ++i) {
      Caller& caller = callers.emplace_back();
      for (size_t k = 0; k < keys.size(); ++k) {
        if (random() % 2 != 0) caller.charges.push_back(on(k < 2 ? kNear : kFar, keys[k], limits[k]));
      }
      caller.group = {caller.charges};
      store_.charge({&caller.group, 1}, kNow, [&caller] { ++caller.answers; });
      answer_some(random() % 8);
    }
    answer_some(0);
    std::map<std::string_view, uint32_t> passed;
    for (const Caller& caller : callers) {
      ASSERT_EQ(caller.answers, 1) << "seed " << seed;
      const bool is_refused =
          std::ranges::any_of(caller.charges, [](const Charge& charge) { return !charge.decision.allowed(); });
      for (const Charge& charge : caller.charges) {
        ASSERT_TRUE(is_refused || charge.basis == Basis::kCounter) << "seed " << seed;
        if (!is_refused) ++passed[charge.key];
      }
    }
    for (size_t k = 0; k < keys.size(); ++k) {
      Part& part = k < 2 ? near_ : far_;
      const uint64_t counted = limits[k].capacity - part.left(keys[k], limits[k]);
      EXPECT_LE(passed[keys[k]], counted) << "seed " << seed << " " << keys[k];
    }
  }
}

}  // namespace
}  // namespace rateguard
