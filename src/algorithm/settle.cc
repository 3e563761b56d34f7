#include "algorithm/settle.h"

#include <algorithm>

#include "algorithm/evaluate.h"
#include "algorithm/wide_bucket.h"
#include "base/check.h"

namespace rateguard::algorithm {
namespace {

constexpr Cost kOneUnit = {1};

uint64_t left_of(const Limit& limit, uint64_t used) {
  return limit.capacity - std::min(limit.capacity, used);
}

// The units in use after `cost` was moved, given `used` before; at most `most`.
uint64_t moved(uint64_t used, Cost cost, uint64_t most, Decision& decision) {
  if (cost.movement == Movement::kGiveBack) return used - std::min<uint64_t>(used, cost.units);
  decision.debt_is_cut = used + cost.units > most;
  return std::min(used + cost.units, most);
}

// What a bucket owes after a movement, and how long that takes to drain.
struct Settled {
  uint64_t used = 0;
  bool is_cut = false;  // to the most that a bucket can owe
  Quotient drain = {};
};

// REQUIRES: `debt` was read at `now`; cost.units is not 0.
Settled settle_debt(const Debt& debt, const Limit& limit, Cost cost, Decision& decision) {
  const auto period_us = static_cast<uint64_t>(limit.rate.period.us);
  const uint64_t most = limit.units_max();
  Settled settled = {.used = moved(debt.used, cost, most, decision)};
  Wide time = 0;
  if (settled.used == 0) return settled;
  if (decision.debt_is_cut || settled.used > most) {  // an edited limit may have left more than the bucket can owe
    settled.used = most;
    settled.is_cut = true;
    time = product(most, period_us);
  } else if (cost.movement == Movement::kGiveBack) {
    time = debt.time - product(cost.units, period_us);
  } else {
    time = debt.time + product(cost.units, period_us);
  }
  settled.drain = divide(time, limit.rate.units);
  const bool was_used_up = debt.used >= limit.capacity;
  decision.remaining = left_of(limit, settled.used);
  decision.reset_after = settled.drain.wait();
  if (cost.movement == Movement::kTakeWhole && was_used_up) {
    decision.verdict = Verdict::kRefused;
    const Wide missing = time - product(limit.capacity - 1, period_us);
    decision.retry_after = divide(missing, limit.rate.units).wait();
  }
  return settled;
}

// A cost of 0.
State look(const State& state, const Limit& limit, Now now, Decision& decision) {
  return evaluate_taking(state, limit, {0}, now, decision);
}

// A cost of 0 that asks: the refusal of one unit, or a look.
State ask(const State& state, const Limit& limit, Now now, Decision& decision) {
  evaluate_taking(state, limit, kOneUnit, now, decision);
  return decision.allowed() ? look(state, limit, now, decision) : state;
}

bool nothing_to_give(Cost cost, uint64_t used) {
  return cost.movement == Movement::kGiveBack && used == 0;
}

State settle_bucket(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  const Debt debt = bucket_debt(state, limit, now);
  if (nothing_to_give(cost, debt.used)) return look(state, limit, now, decision);
  const Settled settled = settle_debt(debt, limit, cost, decision);
  if (settled.used == 0) return {};
  State next = settled.is_cut ? State{} : bucket_at(state, limit, debt, now);
  if (settled.is_cut) stamp(next, limit.algorithm, now);
  next.y = static_cast<uint32_t>(settled.used);
  next.z = expiry_seconds(now + decision.reset_after);
  return next;
}

State settle_gcra(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  Debt debt;
  if (is_live(state, Algorithm::kGcra, now)) debt = gcra_debt(state, limit.rate, now);
  if (nothing_to_give(cost, debt.used)) return look(state, limit, now, decision);
  const Settled settled = settle_debt(debt, limit, cost, decision);
  return settled.used == 0 ? State{} : gcra_state(limit, settled.used, settled.drain, now);
}

State settle_fixed_window(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision) {
  const FoundWindow found = found_window(state, limit, now);
  if (nothing_to_give(cost, found.count)) return look(state, limit, now, decision);
  const uint64_t count = moved(found.count, cost, limit.units_max(), decision);
  decision.remaining = left_of(limit, count);
  if (count == 0) return {};
  const State next = counted_state(state, limit, found, count, now, decision);
  if (cost.movement == Movement::kTakeWhole && found.count >= limit.capacity) {
    decision.verdict = Verdict::kRefused;
    decision.retry_after = decision.reset_after;
  }
  return next;
}

State settle_wide(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  const Debt debt = any_bucket_debt(state, limit, now);
  if (nothing_to_give(cost, debt.used)) return look(state, limit, now, decision);
  const Settled settled = settle_debt(debt, limit, cost, decision);
  if (settled.used == 0) return {};
  return wide_state(settled.is_cut ? Debt{} : debt, limit, settled.used, now, decision.reset_after);
}

// Units are given back to the current window: the previous one has ended.
State settle_window_counter(const State& state, const Limit& limit, Cost cost, Instant now, Decision& decision) {
  const bool live = is_live(state, Algorithm::kSlidingWindowCounter, now);
  const Instant t = live ? std::max(now, Instant{static_cast<int64_t>(state.time_us)}) : now;
  TwoWindows counts = live ? read_windows(state, limit, t) : TwoWindows{epoch_window(t, limit.period())};
  if (nothing_to_give(cost, counts.current)) return look(state, limit, now, decision);
  const bool was_used_up = counts.weight(t - counts.window.start) >= limit.capacity;
  counts.current = moved(counts.current, cost, limit.units_max(), decision);
  decision.remaining = left_of(limit, counts.weight(t - counts.window.start));
  if (counts.current == 0 && counts.previous == 0) return {};
  const Instant gone = counts.current == 0 ? counts.window.end : counts.window.end + limit.period();
  decision.reset_after = gone - now;
  if (cost.movement == Movement::kTakeWhole && was_used_up) {
    decision.verdict = Verdict::kRefused;
    decision.retry_after = fits_at(counts, limit, kOneUnit) - now;
  }
  State next;
  stamp(next, Algorithm::kSlidingWindowCounter, t);
  next.x = static_cast<uint32_t>(counts.current);
  next.y = static_cast<uint32_t>(counts.previous);
  next.z = expiry_seconds(gone);
  return next;
}

State settle_known(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision) {
  switch (limit.algorithm) {
    case Algorithm::kTokenBucket:
    case Algorithm::kLeakyBucket:
      if (needs_wide(state, limit, now)) return settle_wide(state, limit, cost, now, decision);
      return settle_bucket(state, limit, cost, now, decision);
    case Algorithm::kGcra:
      if (needs_wide(state, limit, now)) return settle_wide(state, limit, cost, now, decision);
      return settle_gcra(state, limit, cost, now, decision);
    case Algorithm::kFixedWindow:
      return settle_fixed_window(state, limit, cost, now, decision);
    case Algorithm::kSlidingWindowCounter:
      return settle_window_counter(state, limit, cost, now, decision);
    case Algorithm::kSlidingWindowLog:
    case Algorithm::kConcurrency:
      break;
  }
  check_failed(__FILE__, __LINE__, "has_fixed_state(limit.algorithm)");
}

}  // namespace

State settle(const State& state, const Limit& limit, Cost cost, Now now, Decision& decision) {
  if (cost.units == 0 && cost.movement == Movement::kTakeWhole) return ask(state, limit, now, decision);
  if (cost.units == 0) return look(state, limit, now, decision);
  decision = {.limit = limit.capacity, .remaining = limit.capacity};
  return settle_known(state, limit, cost, now, decision);
}

}  // namespace rateguard::algorithm
