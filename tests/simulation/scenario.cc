#include "simulation/scenario.h"

#include <fmt/format.h>

#include <algorithm>

namespace rateguard::simulation {
namespace {

// Checks of one key in one run, all instances together: enough to meet its limit many times, few enough to compare
// every interval with every other.
constexpr int64_t kChecksPerKey = 4'000;

// In half of the runs nothing goes wrong: what is admitted beyond a limit then hides behind nothing.
enum class Weather : uint8_t { kCalm, kRough };

Limit any_limit(Random& random) {
  const auto units = static_cast<uint32_t>(random.chance(15) ? random.between(1, 8) : random.between(30, 500));
  const Duration period = Duration::millis(random.one_of({20, 100, 100, 200, 300, 1'000}));
  const auto per_period = static_cast<uint32_t>(random.chance(50) ? units : random.between(1, 2 * int64_t{units}));
  switch (random.between(0, 5)) {
    case 0:
      return Limit::token_bucket(units, {per_period, period}).value();
    case 1:
      return Limit::gcra(units, {per_period, period}).value();
    case 2:
      return Limit::fixed_window(units, period).value();
    case 3:
      return Limit::fixed_window_from_first_request(units, period).value();
    case 4:
      return Limit::sliding_window_log(units, period).value();
    default:
      return Limit::sliding_window_counter(units, period).value();
  }
}

KeyPlan any_key(Random& random, const Scenario& scenario, size_t index, int64_t instances) {
  KeyPlan key;
  key.key = fmt::format("key{}", index);
  key.limit = any_limit(random);
  key.consistency = random.one_of(
      {Consistency::kExact, Consistency::kLease, Consistency::kLease, Consistency::kSync, Consistency::kSync});
  key.cost_max = random.one_of<uint64_t>({1, 1, 3, std::max<uint64_t>(1, key.limit.capacity / 20)});
  // From a fifth of what the limit lets through to five times as much.
  const int64_t percent = random.one_of({20, 50, 80, 150, 400});
  const Rate& rate = key.limit.rate;
  const uint64_t per_period = key.limit.algorithm == Algorithm::kTokenBucket || key.limit.algorithm == Algorithm::kGcra
                                  ? rate.units
                                  : key.limit.capacity;
  const int64_t cost_mean_x2 = static_cast<int64_t>(key.cost_max) + 1;
  const int64_t gap_us = rate.period.us * cost_mean_x2 * 50 * instances / (static_cast<int64_t>(per_period) * percent);
  key.gap = std::clamp(Duration{gap_us}, Duration{5}, Duration::millis(20));
  key.checks = kChecksPerKey / instances;
  // As long as wallets live, or windows last.
  const Duration scale = random.chance(50) ? scenario.life_max : rate.period;
  key.busy = random.between(Duration::millis(1), scale);
  for (int64_t i = random.between(0, 5); i > 0; --i) {
    key.crowds.push_back(scenario.start + random.between(Duration{}, scenario.length));
  }
  key.idle = random.chance(30) ? Duration{} : random.between(Duration::millis(1), scale * 2);
  return key;
}

Trouble any_trouble(Random& random, const Scenario& scenario, Duration longest) {
  const Instant from = scenario.start + random.between(Duration{}, scenario.length);
  return {.from = from, .to = from + random.between(Duration::millis(1), longest)};
}

InstancePlan any_instance(Random& random, const Scenario& scenario, Weather weather) {
  InstancePlan instance;
  instance.clock_offset = random.between(Duration::seconds(-10), Duration::seconds(10));
  instance.clock_drift_ppm = random.between(-20'000, 20'000);
  if (weather == Weather::kCalm) return instance;
  if (random.chance(15)) instance.pauses.push_back(any_trouble(random, scenario, Duration::millis(500)));
  if (random.chance(25)) instance.cut_off.push_back(any_trouble(random, scenario, Duration::millis(800)));
  return instance;
}

void add_fail_overs(Random& random, Scenario& scenario) {
  Instant t = scenario.start;
  for (int64_t i = random.one_of({0, 1, 2}); i > 0; --i) {
    t = t + random.between(Duration::millis(100), scenario.length);
    scenario.fail_overs.push_back({.at = t,
                                   .lag = random.between(Duration{}, Duration::millis(50)),
                                   .down = random.between(Duration{}, Duration::millis(200))});
  }
}

}  // namespace

Scenario Scenario::from(uint64_t seed) {
  Random random(seed);
  Scenario scenario;
  scenario.start = Instant::from_seconds(1'700'006'400) + random.between(Duration{}, Duration::seconds(100));
  scenario.length = random.between(Duration::millis(300), Duration::millis(2'500));
  scenario.deadline = random.between(Duration::millis(1), Duration::millis(20));
  const Weather weather = random.chance(50) ? Weather::kCalm : Weather::kRough;
  const bool is_slow = weather == Weather::kRough && random.chance(30);
  const int64_t quickness = random.one_of({4, 10, 40, 400});
  scenario.delay_min = random.between(Duration{20}, Duration{200});
  scenario.delay_max =
      is_slow ? scenario.deadline : std::max(scenario.delay_min * 2, Duration{scenario.deadline.us / quickness});
  scenario.loss_percent = weather == Weather::kCalm ? 0 : random.one_of({0, 1, 5});
  scenario.life_max = random.between(Duration::millis(5), Duration::millis(100));
  scenario.sync_interval = random.between(Duration::millis(10), Duration::millis(100));
  scenario.has_fallback = random.chance(50);
  scenario.on_failure = random.one_of({OnStoreFailure::kAllow, OnStoreFailure::kDeny, OnStoreFailure::kLocal});
  const int64_t instances = random.between(1, 5);
  for (int64_t i = 0; i < instances; ++i) scenario.instances.push_back(any_instance(random, scenario, weather));
  const auto keys = static_cast<size_t>(random.between(1, 3));
  for (size_t i = 0; i < keys; ++i) scenario.keys.push_back(any_key(random, scenario, i, instances));
  if (weather == Weather::kRough) add_fail_overs(random, scenario);
  return scenario;
}

std::string Scenario::describe() const {
  std::string text = fmt::format(
      "{} instances, {} ms; network {} to {} us, {} % lost, deadline {} us; wallets live {} us, sync every {} us{}",
      instances.size(), length.ceil_millis(), delay_min.us, delay_max.us, loss_percent, deadline.us, life_max.us,
      sync_interval.us, has_fallback ? "; with a fallback" : "");
  for (const KeyPlan& key : keys) {
    text += fmt::format("\n  {}: {} {} (anchor {}), {} per {} us, consistency {}, cost up to {}, every {} us", key.key,
                        to_string(key.limit.algorithm), key.limit.capacity, static_cast<int>(key.limit.anchor),
                        key.limit.rate.units, key.limit.rate.period.us, static_cast<int>(key.consistency), key.cost_max,
                        key.gap.us);
  }
  for (const FailOver& over : fail_overs) {
    text +=
        fmt::format("\n  fails over at {} us, lag {} us, down {} us", (over.at - start).us, over.lag.us, over.down.us);
  }
  return text;
}

}  // namespace rateguard::simulation
