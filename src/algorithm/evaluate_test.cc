// What holds for every algorithm.
#include "algorithm/evaluate.h"

#include <gtest/gtest.h>

#include <string>

#include "algorithm/reference_model_testing.h"
#include "algorithm/test_counter.h"

namespace rateguard::algorithm {
namespace {

class EveryAlgorithm : public testing::TestWithParam<Algorithm> {
 protected:
  // A counter that has been used by any calls, and the instant of the last.
  struct Used {
    TestCounter counter;
    Instant now;
  };
  static Used use(Algorithm algorithm, Steps steps) {
    Used used = {.counter = TestCounter(pick_limit(algorithm)), .now = {}};
    CallMaker maker(used.counter.limit(), steps);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) last = used.counter.decide(maker.cost(call), maker.step(call, last));
    used.now = maker.now();
    return used;
  }
};

TEST_P(EveryAlgorithm, AnswersAsTheReferenceModelDoes) {
  EXPECT_TRUE(rc::check("equals the model", [] {
    const Limit limit = pick_limit(GetParam());
    TestCounter counter(limit);
    ReferenceLimiter model(limit);
    CallMaker maker(limit, Steps::kAlsoBack);
    Decision last = {};
    for (const TimedCost& call : *gen_calls()) {
      const Instant now = maker.step(call, last);
      if (limit.algorithm == Algorithm::kConcurrency && call.amount % 4 == 0 && counter.holds_taken() > 0) {
        const uint64_t number = call.amount / 4 % counter.holds_taken();
        RC_ASSERT(counter.release(number, now) == model.release(number, now));
      }
      const Cost cost = maker.cost(call);
      last = counter.decide(cost, now);
      const Decision expected = model.decide(cost, now);
      if (last != expected) RC_LOG() << limit << " cost " << cost.units << " at " << now.us;
      RC_ASSERT(last == expected);
    }
  }));
}

TEST_P(EveryAlgorithm, RemainingIsWhatTheNextCallCanTake) {
  EXPECT_TRUE(rc::check("remaining is admitted, one more is not", [] {
    const auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    const uint64_t remaining = counter.look({0}, now).remaining;
    RC_ASSERT(counter.look({remaining}, now).allowed());
    if (remaining < kUnitsMax) RC_ASSERT(!counter.look({remaining + 1}, now).allowed());
  }));
}

TEST_P(EveryAlgorithm, WaitingAsToldIsEnoughAndNotTooMuch) {
  EXPECT_TRUE(rc::check("retry_after admits, one microsecond less does not", [] {
    const auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    const Cost cost = {*rc::gen::element<uint64_t>(1, counter.limit().capacity, counter.limit().capacity / 2 + 1)};
    const Decision decision = counter.look(cost, now);
    RC_CLASSIFY(!decision.allowed());
    if (decision.allowed()) {
      RC_ASSERT(decision.retry_after == Duration{});
      return;
    }
    RC_ASSERT(decision.retry_after > Duration{});
    RC_ASSERT(!decision.retry_after.is_never());
    RC_ASSERT(counter.look(cost, now + decision.retry_after).allowed());
    RC_ASSERT(!counter.look(cost, now + decision.retry_after - Duration{1}).allowed());
  }));
}

TEST_P(EveryAlgorithm, ACostAboveTheCapacityIsRefusedForEver) {
  EXPECT_TRUE(rc::check("never, and consumes nothing", [] {
    auto [counter, now] = use(GetParam(), Steps::kForward);
    RC_PRE(counter.limit().capacity < kUnitsMax);
    const TestCounter before = counter;
    const Decision decision = counter.decide({counter.limit().capacity + 1}, now);
    RC_ASSERT(!decision.allowed());
    RC_ASSERT(decision.retry_after.is_never());
    RC_ASSERT(counter.same_state(before));
  }));
}

TEST_P(EveryAlgorithm, RefusalsAndLooksLeaveTheStateAsItWas) {
  EXPECT_TRUE(rc::check("bit-identical", [] {
    auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    const TestCounter before = counter;
    const Decision look = counter.decide({0}, now);
    RC_ASSERT(look.allowed());
    RC_ASSERT(look.retry_after == Duration{});
    RC_ASSERT(counter.same_state(before));
    if (look.remaining == kUnitsMax) return;
    RC_ASSERT(!counter.decide({look.remaining + 1}, now).allowed());
    RC_ASSERT(counter.same_state(before));
    RC_ASSERT(counter.look({0}, now) == look);
  }));
}

TEST_P(EveryAlgorithm, ResetAfterIsWhenAllOfItIsBack) {
  EXPECT_TRUE(rc::check("whole after reset_after, not before", [] {
    const auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    const Decision look = counter.look({0}, now);
    const Decision then = counter.look({0}, now + look.reset_after);
    RC_ASSERT(then.remaining == counter.limit().capacity);
    RC_ASSERT(then.reset_after == Duration{});
    if (look.reset_after == Duration{}) return;
    RC_ASSERT(counter.look({0}, now + look.reset_after - Duration{1}).reset_after == Duration{1});
  }));
}

TEST_P(EveryAlgorithm, AnExpiredStateEqualsOneNeverUsed) {
  EXPECT_TRUE(rc::check("from expires_at on, whatever the limit", [] {
    auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    if (*rc::gen::arbitrary<bool>()) counter.edit(pick_limit(GetParam()));
    const Instant later = counter.expires() + Duration{*rc::gen::element<int64_t>(0, 1, 1'000'000)};
    TestCounter fresh(counter.limit());
    for (const uint64_t cost : {uint64_t{0}, uint64_t{1}, counter.limit().capacity}) {
      RC_ASSERT(counter.look({cost}, later) == fresh.look({cost}, later));
    }
    counter.decide({1}, later);
    fresh.decide({1}, later);
    RC_ASSERT(counter.expires() == fresh.expires());
    RC_ASSERT(counter.look({1}, later) == fresh.look({1}, later));
  }));
}

TEST_P(EveryAlgorithm, ACostOfNEqualsNCostsOfOne) {
  EXPECT_TRUE(rc::check("at one instant", [] {
    auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    const uint64_t remaining = std::min<uint64_t>(counter.look({0}, now).remaining, 50);
    TestCounter one_by_one = counter;
    const Decision at_once = counter.decide({remaining}, now);
    Decision last = one_by_one.look({0}, now);
    for (uint64_t i = 0; i < remaining; ++i) last = one_by_one.decide({1}, now);
    last.delay = at_once.delay;  // the last of several waits for those before it
    RC_ASSERT(last == at_once);
    RC_ASSERT(counter.state() == one_by_one.state());
  }));
}

TEST_P(EveryAlgorithm, AStepBackMintsNothing) {
  EXPECT_TRUE(rc::check("no more is left earlier, nor by going to and fro", [] {
    auto [counter, now] = use(GetParam(), Steps::kForward);
    counter.decide({1}, now);
    const Instant earlier = {std::max<int64_t>(0, now.us - *rc::gen::inRange<int64_t>(0, 1'000'000'000))};
    const uint64_t left = counter.look({0}, now).remaining;
    RC_ASSERT(counter.look({0}, earlier).remaining <= left);
    // A hold says when it is over, not when it was taken: one that was taken earlier is over earlier.
    if (GetParam() == Algorithm::kConcurrency) return;
    uint64_t admitted = 0;
    for (int i = 0; i < 40; ++i) {
      const Cost cost = {std::max<uint64_t>(1, left / 8)};
      if (counter.decide(cost, i % 2 == 0 ? earlier : now).allowed()) admitted += cost.units;
    }
    RC_ASSERT(admitted <= left);
  }));
}

TEST_P(EveryAlgorithm, AFullCounterAdmitsUpToItsCapacity) {
  EXPECT_TRUE(rc::check("the smallest cost and the largest", [] {
    const Limit limit = pick_limit(GetParam());
    const Instant now = {*rc::gen::inRange<int64_t>(0, Instant::max().us / 2)};
    const TestCounter counter(limit);
    RC_ASSERT(counter.look({1}, now).allowed());
    RC_ASSERT(counter.look({1}, now).remaining == limit.capacity - 1);
    RC_ASSERT(counter.look({limit.capacity}, now).allowed());
    RC_ASSERT(counter.look({limit.capacity}, now).remaining == 0);
    RC_ASSERT(counter.look({0}, now).reset_after == Duration{});
  }));
}

TEST_P(EveryAlgorithm, ARaisedCapacityTakesEffectAtOnceAndWhatWasUsedStaysUsed) {
  EXPECT_TRUE(rc::check("remaining moves by the difference", [] {
    auto [counter, now] = use(GetParam(), Steps::kForward);
    const Limit old = counter.limit();
    const uint64_t remaining = counter.look({0}, now).remaining;
    Limit edited = old;
    edited.capacity = std::min(*gen_units(), capacity_max(GetParam()));
    if (is_wide(edited)) edited.unit_us = 0;
    counter.edit(edited);
    const uint64_t used = old.capacity - remaining;
    const uint64_t expected = edited.capacity - std::min(edited.capacity, used);
    RC_ASSERT(counter.look({0}, now).remaining == expected);
    if (expected > 0) RC_ASSERT(counter.look({expected}, now).allowed());
  }));
}

// Every wait is finite and right however the limit is edited between calls.
TEST_P(EveryAlgorithm, EditsNeverBreakTheWaits) {
  EXPECT_TRUE(rc::check("retry_after is exact after edits", [] {
    auto [counter, now] = use(GetParam(), Steps::kAlsoBack);
    for (int edits = 0; edits < 4; ++edits) {
      counter.edit(pick_limit(GetParam()));
      const Cost cost = {*rc::gen::element<uint64_t>(1, counter.limit().capacity, counter.limit().capacity / 2 + 1)};
      const Decision decision = counter.decide(cost, now);
      if (decision.allowed()) continue;
      RC_ASSERT(decision.retry_after > Duration{});
      RC_ASSERT(counter.look(cost, now + decision.retry_after).allowed());
      RC_ASSERT(!counter.look(cost, now + decision.retry_after - Duration{1}).allowed());
      RC_ASSERT(decision.retry_after <= decision.reset_after);
      now = now + Duration{*rc::gen::inRange<int64_t>(0, decision.retry_after.us)};
      now.us = std::min(now.us, Instant::max().us / 2);
    }
  }));
}

INSTANTIATE_TEST_SUITE_P(Algorithms, EveryAlgorithm, testing::ValuesIn(kEveryAlgorithm),
                         [](const auto& param) { return std::string(to_string(param.param)); });

TEST(Evaluate, ReadsTheStateOfAnotherAlgorithmAsNeverUsed) {
  const Instant now = Instant::from_seconds(1'000);
  const Limit bucket = *Limit::token_bucket(5, {.units = 1});
  const Limit window = *Limit::fixed_window(5, Duration::seconds(60));
  const State used = evaluate({}, bucket, {5}, now).next;
  EXPECT_EQ(evaluate(used, window, {1}, now).decision.remaining, 4U);
  EXPECT_EQ(evaluate(used, *Limit::leaky_bucket(5, {.units = 1}), {1}, now).decision.remaining, 4U);
}

TEST(Evaluate, AStateNeverUsedHasExpired) {
  EXPECT_EQ(expires_at(State{}), Instant{});
}

}  // namespace
}  // namespace rateguard::algorithm
