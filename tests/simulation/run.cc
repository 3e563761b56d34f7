#include "simulation/run.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "simulation/history.h"
#include "simulation/instance.h"
#include "simulation/scenario.h"
#include "simulation/shared_store.h"
#include "simulation/virtual_time.h"

namespace rateguard::simulation {
namespace {

// Seeds of one run's parts differ from those of the runs next to it.
constexpr uint64_t kPart = 0x9E37'79B9'7F4A'7C15;  // 2^64 divided by the golden ratio

struct World {
  explicit World(const Scenario& scenario, uint64_t seed)
      : timeline(scenario.start), shared(scenario, timeline), history(scenario) {
    for (size_t i = 0; i < scenario.instances.size(); ++i) {
      instances.emplace_back(scenario, i, timeline, shared, history, (seed + 1) * kPart + i);
    }
  }

  Timeline timeline;
  SharedStore shared;
  History history;
  std::deque<Instance> instances;
};

// In which an instance's admissions are charged at the latest, but for what is owed: synced_counters.h.
Duration until_charged(const Scenario& scenario) {
  const Duration ticks = scenario.sync_interval + Duration::millis(10);
  Duration span = Duration{ticks.us * 51 / 50} + scenario.deadline * 4;
  for (const InstancePlan& instance : scenario.instances) {
    for (const Trouble& pause : instance.pauses) span = std::max(span, span + (pause.to - pause.from));
  }
  return span;
}

// What may be admitted beyond the limit.
int64_t bound_of(const Scenario& scenario, const World& world, size_t key) {
  int64_t bound = static_cast<int64_t>(world.shared.figures(key).lost_units);
  if (scenario.keys[key].consistency != Consistency::kSync) return bound;
  for (size_t i = 0; i < world.instances.size(); ++i) {
    const uint64_t demand = world.history.most_asked(key, i, until_charged(scenario));
    bound += static_cast<int64_t>(std::min<uint64_t>(scenario.keys[key].limit.capacity, demand));
    bound += static_cast<int64_t>(world.instances[i].watch().unknown_units()[key]);
  }
  return bound;
}

void check_key(const Scenario& scenario, World& world, size_t key, Outcome& outcome) {
  const KeyPlan& plan = scenario.keys[key];
  const SharedStore::Figures& figures = world.shared.figures(key);
  const int64_t beyond = world.history.most_beyond(key, figures.windows);
  const int64_t bound = bound_of(scenario, world, key);
  if (beyond > bound) {
    outcome.failures.push_back(
        fmt::format("{}: {} units beyond the limit, at most {} may be", plan.key, beyond, bound));
  }
  for (size_t i = 0; i < world.instances.size(); ++i) {
    if (plan.consistency == Consistency::kSync) {
      const uint64_t alone = world.history.admitted_alone(key, i);
      const bool is_reported = can_sync(plan.limit, scenario.sync_interval);
      if (is_reported && figures.reported[i] > alone) {
        outcome.failures.push_back(
            fmt::format("{}: instance {} admitted {} units and reported {}", plan.key, i, alone, figures.reported[i]));
      }
      continue;
    }
    const auto terms = lease_terms(plan.limit, scenario.life_max);
    const Duration life = plan.consistency == Consistency::kLease && terms ? terms->life : Duration{};
    if (const uint64_t n = world.history.uncharged(key, i, figures.charged[i], life); n != 0) {
      outcome.failures.push_back(
          fmt::format("{}: instance {} admitted {} units that it had not charged", plan.key, i, n));
    }
  }
  if (plan.consistency == Consistency::kLease && beyond == 0) ++outcome.happenings.full_leases;
  if (plan.consistency == Consistency::kSync && beyond > 0) {
    ++outcome.happenings.overshoots;
    outcome.happenings.overshoot_percent_max = std::max(
        outcome.happenings.overshoot_percent_max, static_cast<uint64_t>(beyond * 100 / std::max<int64_t>(bound, 1)));
  }
}

void note_happenings(const Scenario& scenario, const World& world, Happenings& happenings) {
  for (const Instance& instance : world.instances) {
    happenings.checks += instance.asked();
    happenings.from_wallets += instance.stats().from_wallets;
    happenings.reports += instance.stats().reports;
    happenings.calls += instance.link().calls();
    happenings.failures += instance.link().failures();
  }
  happenings.fail_overs += world.shared.fail_overs();
  for (size_t key = 0; key < scenario.keys.size(); ++key) happenings.lost_units += world.shared.figures(key).lost_units;
}

}  // namespace

Outcome run(uint64_t seed) {
  const Scenario scenario = Scenario::from(seed);
  World world(scenario, seed);
  world.timeline.run();
  Outcome outcome = {.failures = world.history.failures(), .happenings = {}};
  for (size_t i = 0; i < world.instances.size(); ++i) {
    if (const size_t n = world.instances[i].unanswered(); n != 0) {
      outcome.failures.push_back(fmt::format("instance {}: {} checks were never answered", i, n));
    }
  }
  for (size_t key = 0; key < scenario.keys.size(); ++key) check_key(scenario, world, key, outcome);
  note_happenings(scenario, world, outcome.happenings);
  if (!outcome.failures.empty()) outcome.failures.push_back(scenario.describe());
  return outcome;
}

void Happenings::add(const Happenings& other) {
  checks += other.checks;
  from_wallets += other.from_wallets;
  reports += other.reports;
  calls += other.calls;
  failures += other.failures;
  fail_overs += other.fail_overs;
  lost_units += other.lost_units;
  full_leases += other.full_leases;
  overshoots += other.overshoots;
  overshoot_percent_max = std::max(overshoot_percent_max, other.overshoot_percent_max);
}

std::string Happenings::describe() const {
  return fmt::format(
      "{} checks, {} from wallets; {} calls ({} of them reports), {} without an answer in time; {} failovers that lost "
      "{} units; {} leased keys were used up; {} synced keys went beyond their limit, up to {} % of what they may",
      checks, from_wallets, calls, reports, failures, fail_overs, lost_units, full_leases, overshoots,
      overshoot_percent_max);
}

}  // namespace rateguard::simulation
