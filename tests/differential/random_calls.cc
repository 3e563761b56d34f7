#include "differential/random_calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "algorithm/calendar.h"

namespace rateguard::test {
namespace {

// The latest instant that evaluate() promises to take.
constexpr Instant kLatest = {Instant::max().us / 2};

constexpr std::array kAlgorithms = {
    Algorithm::kTokenBucket,      Algorithm::kGcra,
    Algorithm::kLeakyBucket,      Algorithm::kFixedWindow,
    Algorithm::kSlidingWindowLog, Algorithm::kSlidingWindowCounter,
};

// Zones with daylight saving, one of which skips midnight.
const zoneinfo::TimeZone* zone_of(uint64_t choice) {
  constexpr std::array kNames = {"UTC", "Europe/Berlin", "America/Santiago"};
  return algorithm::find_zone(kNames[choice % kNames.size()]).value();
}

Result<Limit> make_limit(Algorithm algorithm, uint64_t most, Rate rate) {
  switch (algorithm) {
    case Algorithm::kTokenBucket:
      return Limit::token_bucket(most, rate);
    case Algorithm::kGcra:
      return Limit::gcra(most, rate);
    case Algorithm::kLeakyBucket:
      return Limit::leaky_bucket(most, rate);
    case Algorithm::kFixedWindow:
      return Limit::fixed_window(most, rate.period);
    case Algorithm::kSlidingWindowLog:
      return Limit::sliding_window_log(most, rate.period);
    case Algorithm::kSlidingWindowCounter:
      return Limit::sliding_window_counter(most, rate.period);
    case Algorithm::kConcurrency:
      return Limit::concurrency(most, rate.period);
  }
  return invalid("no such algorithm");
}

}  // namespace

std::string describe(const Limit& limit) {
  return fmt::format("{} anchor={} capacity={} units={} period_us={}", to_string(limit.algorithm),
                     static_cast<int>(limit.anchor), limit.capacity, limit.rate.units, limit.rate.period.us);
}

RandomCalls::RandomCalls(uint64_t seed, Instant earliest) : random_(seed), earliest_(earliest) {
  is_dense_ = below(4) == 0;
  const size_t count = is_dense_ ? 1 + below(2) : 1 + below(24);
  for (size_t i = 0; i < count; ++i) {
    const Algorithm chosen = below(7) == 0 ? Algorithm::kConcurrency : algorithm();
    counters_.push_back({.key = fmt::format("{}-{}{}", seed, i, std::string(below(60), 'k')), .limit = limit(chosen)});
  }
  now_ = earliest_ + Duration{static_cast<int64_t>(below(static_cast<uint64_t>((kLatest - earliest_).us / 2)))};
}

RandomCalls::Kind RandomCalls::next() {
  step();
  if (below(12) == 0) {
    Counter& counter = counters_[below(counters_.size())];
    const bool is_other = counter.limit.algorithm != Algorithm::kConcurrency && below(8) == 0;
    const bool is_near = !is_other && below(2) == 0;
    counter.limit = is_near ? nearby(counter.limit) : limit(is_other ? algorithm() : counter.limit.algorithm);
  }
  if (below(200) == 0) return Kind::kReset;
  return below(10) == 0 ? Kind::kRelease : Kind::kCharge;
}

std::vector<Charge> RandomCalls::charges() {
  const size_t count = std::min<size_t>(counters_.size(), below(2) == 0 ? 1 : 1 + below(4));
  const size_t first = below(counters_.size());
  std::vector<Charge> charges;
  for (size_t i = 0; i < count; ++i) {
    const Counter& counter = counters_[(first + i) % counters_.size()];
    charges.push_back({.key = counter.key,
                       .limit = &counter.limit,
                       .cost = {cost(counter.limit).units, movement(counter.limit)},
                       .mode = below(5) == 0 ? Mode::kShadow : Mode::kEnforce});
  }
  return charges;
}

const std::string& RandomCalls::key() {
  return counters_[below(counters_.size())].key;
}

// Units with their edges: 1, small, some thousands, any of 32 bits and of 53, the largest.
uint64_t RandomCalls::units() {
  switch (below(16)) {
    case 0:
    case 1:
      return 1;
    case 2:
    case 3:
    case 4:
      return 1 + below(5'000);
    case 5:
      return 1 + below(UINT32_MAX);
    case 6:
      return UINT32_MAX;
    case 7:
      return 1 + below(kUnitsMax);
    case 8:
      return 1 + below(kRateUnitsMax);
    case 9:
      return kUnitsMax;
    default:
      return 1 + below(12);
  }
}

Duration RandomCalls::period() {
  constexpr std::array<int64_t, 8> kUsual = {1, 10, 1'000, 7'000, 60'000, 3'600'000, 86'400'000, kPeriodMax.us / 1'000};
  switch (below(7)) {
    case 0:
    case 1:
      return Duration::millis(static_cast<int64_t>(1 + below(3'000)));
    case 2:
      return Duration::millis(static_cast<int64_t>(1 + below(static_cast<uint64_t>(kPeriodMax.us / 1'000))));
    default:
      return Duration::millis(kUsual[below(kUsual.size())]);
  }
}

Algorithm RandomCalls::algorithm() {
  return kAlgorithms[below(kAlgorithms.size())];
}

Limit RandomCalls::window(uint64_t most) {
  switch (below(4)) {
    case 0:
      return *Limit::fixed_window_from_first_request(most, period());
    case 1: {
      constexpr std::array kUnits = {Anchor::kDay, Anchor::kWeek, Anchor::kMonth, Anchor::kYear};
      return *Limit::calendar_window(most, kUnits[below(kUnits.size())], zone_of(below(3)));
    }
    default:
      return *Limit::fixed_window(most, period());
  }
}

Limit RandomCalls::limit(Algorithm algorithm) {
  while (true) {
    const uint64_t most = is_dense_ && below(4) != 0 ? 50 + below(500) : units();
    if (algorithm == Algorithm::kFixedWindow) return window(most);
    if (const auto made = make_limit(algorithm, most, {.units = units(), .period = period()})) return *made;
  }
}

// A little more or less of one of its figures, where that is a limit.
Limit RandomCalls::nearby(const Limit& limit) {
  if (limit.algorithm == Algorithm::kFixedWindow) return window(limit.capacity);
  uint64_t most = limit.capacity;
  Rate rate = limit.rate;
  switch (below(4)) {
    case 0:
      most += below(2) == 0 ? 1 : UINT64_MAX;  // or one less
      break;
    case 1:
      rate.units += below(2) == 0 ? 1 : UINT64_MAX;  // or one less
      break;
    default:
      rate.period = rate.period + Duration::millis(below(2) == 0 ? 1 : -1);
      break;
  }
  return make_limit(limit.algorithm, most, rate).value_or(limit);
}

Cost RandomCalls::cost(const Limit& limit) {
  const uint64_t most = limit.capacity;
  switch (below(12)) {
    case 0:
      return {0};
    case 1:
      return {is_dense_ ? 1 : most};
    case 2:
      return {most + 1};
    case 3:
      return {is_dense_ ? 1 : 1 + most * below(100) / 100};
    case 4:
      return {1 + below(7)};
    case 5:
      return {is_dense_ ? 1 : std::max<uint64_t>(1, most / 2)};
    case 6:
      return {below(50) == 0 ? below(below(2) == 0 ? UINT32_MAX : kUnitsMax) : 1};
    default:
      return {1};
  }
}

Movement RandomCalls::movement(const Limit& limit) {
  const uint64_t choice = below(100);
  if (choice == 0) return Movement::kGiveBack;
  const bool takes_debt = limit.with_overdraft().has_value();
  return choice <= 2 && takes_debt ? Movement::kTakeWhole : Movement::kTake;
}

// Bursts at one instant, the wait that the last decision named and one less, fractions of a unit's time, whole periods,
// the beginnings of windows, long idles, steps back.
void RandomCalls::step() {
  const Limit& limit = counters_[below(counters_.size())].limit;
  const auto period_us = static_cast<uint64_t>(limit.rate.period.us);
  const uint64_t unit_us = std::max<uint64_t>(1, period_us / limit.rate.units);
  const bool waits = !last_.retry_after.is_never() && last_.retry_after.us > 0;
  uint64_t us = 0;
  switch (below(is_dense_ ? 60 : 20)) {
    case 5:
      us = unit_us;
      break;
    case 6:
      us = below(1'000'000);
      break;
    case 7:
    case 8:
      us = unit_us * below(5) + below(3);
      break;
    case 9:
      us = period_us;
      break;
    case 10:
      us = below(period_us);
      break;
    case 11:
    case 12:
      us = waits ? static_cast<uint64_t>(last_.retry_after.us) : 0;
      break;
    case 13:
      us = waits ? static_cast<uint64_t>(last_.retry_after.us) - 1 : 0;
      break;
    case 14:
      us = static_cast<uint64_t>(last_.reset_after.us) -
           std::min<uint64_t>(below(2), static_cast<uint64_t>(last_.reset_after.us));
      break;
    case 15:
      us = below(10) == 0 ? static_cast<uint64_t>(2 * kPeriodMax.us) : 2 * period_us + 1;
      break;
    case 16:
    case 17:
      now_ = std::max(earliest_,
                      now_ - Duration{static_cast<int64_t>(below(below(2) == 0 ? 2 * period_us : 2 * unit_us + 10))});
      return;
    case 18:
      us = below(2);
      now_ = std::max(earliest_, now_ - Duration{static_cast<int64_t>(below(4))});
      break;
    case 4:  // where a window begins, and just before
      us = period_us - static_cast<uint64_t>(now_.us) % period_us - below(2);
      break;
    case 0:
    case 1:
    case 2:
    case 3:
    case 19:
      break;
    default:
      us = below(1 + std::max<uint64_t>(period_us / 1'000, 2));
      break;
  }
  now_ = now_ + Duration{static_cast<int64_t>(us)};
  // At the end of time it begins anew, as with another jump back.
  if (now_ > kLatest)
    now_ = earliest_ + Duration{static_cast<int64_t>(below(static_cast<uint64_t>((kLatest - earliest_).us)))};
}

}  // namespace rateguard::test
