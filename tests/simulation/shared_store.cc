#include "simulation/shared_store.h"

#include <algorithm>

#include "base/check.h"

namespace rateguard::simulation {
namespace {

std::unique_ptr<MemoryStore> empty_counters() {
  return MemoryStore::create({.max_keys = 64, .hash_key = memory::HashKey{}}).value();
}

}  // namespace

SharedStore::SharedStore(const Scenario& scenario, Timeline& timeline)
    : scenario_(scenario), timeline_(timeline), counters_(empty_counters()), figures_(scenario.keys.size()) {
  for (Figures& figures : figures_) {
    figures.charged.resize(scenario.instances.size());
    figures.reported.resize(scenario.instances.size());
  }
  for (const FailOver& over : scenario.fail_overs) timeline_.at(over.at, [this, over] { fail_over(over); });
}

bool SharedStore::charge(std::span<ChargeGroup> groups, size_t instance) {
  if (timeline_.now() < back_at_) return false;
  counters_->charge_batch(groups, timeline_.now());
  for (const ChargeGroup& group : groups) {
    if (!std::ranges::all_of(group.charges, [](const Charge& charge) { return charge.decision.allowed(); })) continue;
    for (const Charge& charge : group.charges) note(charge, instance, group.charges.size() == 1);
  }
  return true;
}

void SharedStore::note(const Charge& charge, size_t instance, bool is_alone) {
  if (charge.cost.units == 0) return;
  const size_t key = index_of(charge.key);
  const Instant now = timeline_.now();
  written_.push_back({.time = now, .key = key, .limit = *charge.limit, .cost = charge.cost});
  Figures& figures = figures_[key];
  figures.charged[instance].push_back({.time = now, .cost = charge.cost});
  if (is_alone) figures.reported[instance] += charge.cost.units;
  if (charge.limit->anchor == Anchor::kFirstRequest) {
    figures.windows.insert(now + charge.decision.reset_after - charge.limit->period());
  }
}

// The replica has all that was written up to its lag, and nothing since.
void SharedStore::fail_over(const FailOver& over) {
  ++fail_overs_;
  back_at_ = timeline_.now() + over.down;
  while (!written_.empty() && written_.back().time > timeline_.now() - over.lag) {
    figures_[written_.back().key].lost_units += written_.back().cost.units;
    written_.pop_back();
  }
  counters_ = empty_counters();
  for (const Written& written : written_) {
    Charge charge = {.key = scenario_.keys[written.key].key, .limit = &written.limit, .cost = written.cost};
    counters_->charge({std::span(&charge, 1)}, written.time);
    RG_CHECK(charge.decision.allowed());
  }
}

size_t SharedStore::index_of(std::string_view key) const {
  return static_cast<size_t>(std::ranges::find(scenario_.keys, key, &KeyPlan::key) - scenario_.keys.begin());
}

}  // namespace rateguard::simulation
