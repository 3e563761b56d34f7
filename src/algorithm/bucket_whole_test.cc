#include "algorithm/bucket_whole.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>

#include "algorithm/bucket.h"

namespace rateguard::algorithm {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'000'000);

const Limit kTenAtOneASecond = Limit::token_bucket(10, {1, Duration::seconds(1)}).value();

bool decides(const State& state, const Limit& limit, Cost cost, Instant now) {
  Decision decision;
  State next;
  return evaluate_whole_units(state, limit, cost, now, decision, next);
}

State state_of(Instant anchor, uint32_t used, Instant expires, uint32_t fraction = 0) {
  State state;
  stamp(state, Algorithm::kTokenBucket, anchor);
  state.x = fraction;
  state.y = used;
  state.z = expiry_seconds(expires);
  return state;
}

TEST(WholeUnits, AreFoundWhenTheLimitIsMade) {
  EXPECT_EQ(kTenAtOneASecond.unit_us, 1'000'000U);
  EXPECT_EQ(Limit::token_bucket(5, {5, Duration::seconds(60)})->unit_us, 12'000'000U);
  EXPECT_EQ(Limit::token_bucket(5, {3, Duration::seconds(1)})->unit_us, 0U);       // a third of a second
  EXPECT_EQ(Limit::token_bucket(5, {1, Duration::seconds(86'400)})->unit_us, 0U);  // longer than 32 bits multiply
  EXPECT_EQ(Limit::token_bucket(5, {2, Duration::seconds(2 * 2147)})->unit_us, 2'147'000'000U);
}

TEST(WholeUnits, LeaveOtherCasesToTheGeneralFunction) {
  const State fresh = {};
  const State used = state_of(kNow, 1, kNow + Duration::seconds(1));
  EXPECT_TRUE(decides(used, kTenAtOneASecond, {1}, kNow));
  EXPECT_FALSE(decides(used, kTenAtOneASecond, {0}, kNow)) << "a look";
  EXPECT_FALSE(decides(fresh, kTenAtOneASecond, {1}, kNow)) << "never used";
  const Instant later = kNow + Duration::seconds(5);
  EXPECT_FALSE(decides(state_of(later, 1, later + Duration::seconds(1)), kTenAtOneASecond, {1}, kNow)) << "clock";
  EXPECT_FALSE(decides(state_of(kNow, 1, later, 1), kTenAtOneASecond, {1}, kNow)) << "a fraction left by an edit";
  EXPECT_TRUE(decides(state_of(kNow, 1, kNow), kTenAtOneASecond, {1}, kNow)) << "expired: as never used";
}

// Any state that buckets of edited limits could have left, and those near what matters: full, empty, just expired.
State arbitrary_state(const Limit& limit, Instant now) {
  const auto back_us = *rc::gen::inRange<int64_t>(0, 3 * static_cast<int64_t>(limit.capacity) * limit.unit_us + 3);
  const Instant anchor = now - Duration{*rc::gen::element(int64_t{back_us}, back_us / limit.unit_us * limit.unit_us)};
  const auto capacity = static_cast<uint32_t>(limit.capacity);
  const auto used = *rc::gen::oneOf(rc::gen::inRange<uint32_t>(1, capacity + 2), rc::gen::just(capacity),
                                    rc::gen::arbitrary<uint32_t>());
  const auto lasts_us =
      *rc::gen::oneOf(rc::gen::just(int64_t{used} * limit.unit_us), rc::gen::inRange<int64_t>(0, back_us + 1));
  State state = state_of(anchor, used, anchor + Duration{std::min(lasts_us, kFillTimeMax.us)});
  if (*rc::gen::inRange(0, 8) == 0) stamp(state, Algorithm::kGcra, anchor);
  return state;
}

TEST(WholeUnits, DecideAsTheGeneralCase) {
  EXPECT_TRUE(rc::check("decision and next state", [] {
    const auto unit_ms = *rc::gen::oneOf(rc::gen::inRange<int64_t>(1, 100), rc::gen::inRange<int64_t>(1, 2'000'000));
    const auto capacity = *rc::gen::inRange<uint64_t>(1, 50);
    const Limit limit = Limit::token_bucket(capacity, {1, Duration::millis(unit_ms)}).value();
    RC_ASSERT(limit.unit_us != 0);
    const State state = arbitrary_state(limit, kNow);
    const Cost cost = {
        *rc::gen::oneOf(rc::gen::inRange<uint64_t>(1, capacity + 2), rc::gen::inRange<uint64_t>(0, uint64_t{1} << 53))};

    Decision decision;
    State next = state;
    if (!evaluate_whole_units(state, limit, cost, kNow, decision, next)) RC_DISCARD("the general case's own");
    if (!decision.allowed()) next = state;
    Decision expected;
    const State expected_next = evaluate_bucket(state, limit, cost, kNow, expected);
    RC_ASSERT(decision == expected);
    RC_ASSERT(next == expected_next);
  }));
}

}  // namespace
}  // namespace rateguard::algorithm
