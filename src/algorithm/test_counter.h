// For tests: one counter of any algorithm behind one interface, and generators of limits and
// calls.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <cstdint>
#include <ostream>
#include <vector>

#include "algorithm/evaluate.h"
#include "algorithm/hold_set.h"
#include "algorithm/window_log.h"
#include "model/decision.h"
#include "model/limit.h"

namespace rateguard {

inline void showValue(const Decision& d, std::ostream& out) {
  out << (d.allowed() ? "admitted" : "refused") << " limit=" << d.limit << " remaining=" << d.remaining
      << " retry=" << d.retry_after.us << " reset=" << d.reset_after.us << " delay=" << d.delay.us;
}
inline std::ostream& operator<<(std::ostream& out, const Decision& d) {
  showValue(d, out);
  return out;
}
inline std::ostream& operator<<(std::ostream& out, const Limit& limit) {
  return out << to_string(limit.algorithm) << " anchor=" << static_cast<int>(limit.anchor)
             << " capacity=" << limit.capacity << " units=" << limit.rate.units
             << " period_us=" << limit.rate.period.us;
}
inline void showValue(Duration d, std::ostream& out) {
  out << d.us << "us";
}
inline void showValue(const Limit& limit, std::ostream& out) {
  out << limit;
}

}  // namespace rateguard

namespace rateguard::algorithm {

inline constexpr Algorithm kEveryAlgorithm[] = {
    Algorithm::kTokenBucket,      Algorithm::kGcra,
    Algorithm::kLeakyBucket,      Algorithm::kFixedWindow,
    Algorithm::kSlidingWindowLog, Algorithm::kSlidingWindowCounter,
    Algorithm::kConcurrency,
};

// A counter as a store keeps it. Copies are snapshots.
class TestCounter {
 public:
  explicit TestCounter(const Limit& limit) : limit_(limit) {}

  // What decide() would answer.
  Decision look(Cost cost, Instant now) const {
    if (limit_.algorithm == Algorithm::kSlidingWindowLog) return log_.evaluate(limit_, cost, now);
    if (limit_.algorithm == Algorithm::kConcurrency) return holds_.evaluate(limit_, cost, now);
    Decision decision;
    evaluate(state_, limit_, cost, now, decision);
    return decision;
  }
  Decision decide(Cost cost, Instant now) {
    const Decision decision = look(cost, now);
    const bool charges = moves_state(cost, decision);
    if (has_fixed_state(limit_.algorithm)) {
      const State next = evaluate(state_, limit_, cost, now).next;
      if (!charges) RC_ASSERT(next == state_);
      state_ = next;
    } else if (charges && limit_.algorithm == Algorithm::kSlidingWindowLog) {
      log_.commit(limit_, cost, now);
    } else if (charges) {
      holds_.commit(limit_, cost, now, holds_taken_++);
    }
    return decision;
  }
  bool release(uint64_t number, Instant now) { return holds_.release(number, now); }
  uint64_t holds_taken() const { return holds_taken_; }

  Instant expires() const {
    if (limit_.algorithm == Algorithm::kSlidingWindowLog) return log_.expires_at();
    if (limit_.algorithm == Algorithm::kConcurrency) return holds_.expires_at();
    return expires_at(state_);
  }
  const Limit& limit() const { return limit_; }
  void edit(const Limit& limit) { limit_ = limit; }
  const State& state() const { return state_; }
  bool same_state(const TestCounter& other) const {
    return state_ == other.state_ && log_.records() == other.log_.records() && holds_.holds() == other.holds_.holds();
  }

 private:
  Limit limit_;
  State state_ = {};
  WindowLog log_;
  HoldSet holds_;
  uint64_t holds_taken_ = 0;
};

// A limit of any algorithm with a capacity and a rate; an error if the bounds of Limit refuse them.
inline Result<Limit> make_limit(Algorithm algorithm, uint64_t capacity, Rate rate) {
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return Limit::token_bucket(capacity, rate);
    case Algorithm::kGcra:
      return Limit::gcra(capacity, rate);
    case Algorithm::kLeakyBucket:
      return Limit::leaky_bucket(capacity, rate);
    case Algorithm::kFixedWindow:
      return Limit::fixed_window(capacity, rate.period);
    case Algorithm::kSlidingWindowLog:
      return Limit::sliding_window_log(capacity, rate.period);
    case Algorithm::kSlidingWindowCounter:
      return Limit::sliding_window_counter(capacity, rate.period);
    case Algorithm::kConcurrency:
      return Limit::concurrency(capacity, rate.period);
  }
  return invalid("no such algorithm");
}

// Units with their edges: 1, small, the largest.
inline rc::Gen<uint64_t> gen_units() {
  return rc::gen::weightedOneOf<uint64_t>({{2, rc::gen::just<uint64_t>(1)},
                                           {6, rc::gen::inRange<uint64_t>(1, 12)},
                                           {3, rc::gen::inRange<uint64_t>(1, 5000)},
                                           {1, rc::gen::inRange<uint64_t>(1, UINT32_MAX)},
                                           {1, rc::gen::just<uint64_t>(UINT32_MAX)},
                                           {1, rc::gen::inRange<uint64_t>(1, kUnitsMax)},
                                           {1, rc::gen::just(uint64_t{kUnitsMax})}});
}

inline rc::Gen<Duration> gen_period() {
  const auto millis = rc::gen::weightedOneOf<int64_t>(
      {{4, rc::gen::element<int64_t>(1, 10, 1'000, 7'000, 60'000, 3'600'000, 86'400'000, kPeriodMax.us / 1'000)},
       {2, rc::gen::inRange<int64_t>(1, 3'000)},
       {1, rc::gen::inRange<int64_t>(1, kPeriodMax.us / 1'000)}});
  return rc::gen::map(millis, [](int64_t ms) { return Duration::millis(ms); });
}

inline Limit pick_limit(Algorithm algorithm) {
  while (true) {
    const uint64_t capacity = *gen_units();
    const Rate rate = {.units = *gen_units(), .period = *gen_period()};
    if (algorithm == Algorithm::kFixedWindow && *rc::gen::inRange(0, 2) == 0) {
      return *Limit::fixed_window_from_first_request(capacity, rate.period);
    }
    if (const auto limit = make_limit(algorithm, capacity, rate)) return *limit;
  }
}

// A step in time and a cost, in terms that fit any limit; CallMaker makes them concrete.
struct TimedCost {
  int step = 0;
  int cost = 0;
  uint32_t amount = 0;
};
inline void showValue(const TimedCost& call, std::ostream& out) {
  out << "{" << call.step << ", " << call.cost << ", " << call.amount << "}";
}

inline rc::Gen<std::vector<TimedCost>> gen_calls() {
  return rc::gen::container<std::vector<TimedCost>>(rc::gen::build<TimedCost>(
      rc::gen::set(&TimedCost::step, rc::gen::inRange(0, 16)), rc::gen::set(&TimedCost::cost, rc::gen::inRange(0, 12)),
      rc::gen::set(&TimedCost::amount, rc::gen::inRange<uint32_t>(0, 1'000'000))));
}

enum class Steps { kForward, kAlsoBack };

// Turns TimedCosts into costs and instants: bursts at one instant, the wait that the last decision named and one less,
// fractions of a unit's time, whole periods, huge idles, steps back.
class CallMaker {
 public:
  CallMaker(const Limit& limit, Steps steps) : limit_(limit), steps_(steps) {
    now_ = {*rc::gen::element<int64_t>(0, 1, 1'700'000'000'000'000, kLatest.us / 2)};
  }

  Instant now() const { return now_; }

  Instant step(const TimedCost& call, const Decision& last) {
    const int64_t unit_us = std::max<int64_t>(1, limit_.rate.period.us / static_cast<int64_t>(limit_.rate.units));
    int64_t us = 0;
    switch (call.step) {
      case 5:
        us = 1;
        break;
      case 6:
        us = call.amount;
        break;
      case 7:
        us = unit_us;
        break;
      case 8:
        us = unit_us * (call.amount % 5) + call.amount % 3;
        break;
      case 9:
        us = limit_.rate.period.us;
        break;
      case 10:
        us = limit_.rate.period.us / 1'000'000 * call.amount;
        break;
      case 11:
        us = last.retry_after.is_never() ? 0 : last.retry_after.us;
        break;
      case 12:
        us = last.retry_after.is_never() || last.retry_after.us == 0 ? 0 : last.retry_after.us - 1;
        break;
      case 13:
        us = std::max<int64_t>(0, last.reset_after.us - call.amount % 2);
        break;
      case 14:
        us = call.amount % 20 == 0 ? 3 * kPeriodMax.us : limit_.rate.period.us * 2 + 1;
        break;
      case 15:
        us = steps_ == Steps::kAlsoBack ? -static_cast<int64_t>(call.amount) * (1 + call.amount % 2 * unit_us) : 0;
        break;
      default:
        break;  // the same instant
    }
    now_ = {std::clamp<int64_t>(now_.us + us, 0, kLatest.us)};
    return now_;
  }

  Cost cost(const TimedCost& call) const {
    const uint64_t most = limit_.capacity;
    switch (call.cost) {
      case 0:
        return {0};
      case 1:
        return {most};
      case 2:
        return {most + 1};
      case 3:
        return {1 + most * (call.amount % 100) / 100};
      case 4:
        return {1 + call.amount % 7};
      case 5:
        return {std::max<uint64_t>(1, most / 2)};
      default:
        return {1};
    }
  }

 private:
  // The latest instant that evaluate() accepts.
  static constexpr Instant kLatest = {Instant::max().us / 2};

  Limit limit_;
  Steps steps_;
  Instant now_;
};

}  // namespace rateguard::algorithm
