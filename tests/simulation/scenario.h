// One run, as its seed makes it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/instant.h"
#include "model/limit.h"
#include "simulation/virtual_time.h"
#include "store/store.h"

namespace rateguard::simulation {

struct KeyPlan {
  std::string key;
  Limit limit;
  Consistency consistency = Consistency::kExact;
  uint64_t cost_max = 1;
  Duration gap = {};   // between two checks of one instance, on average
  int64_t checks = 0;  // of one instance, at most
  // An instance's callers come for a while, then stay away for a while; each instance's at other times.
  Duration busy = {};
  Duration idle = {};
  // When as many come at once, to every instance, as use up the limit.
  std::vector<Instant> crowds;
};

// A span of time in which something is out of order.
struct Trouble {
  Instant from = {};
  Instant to = {};
  bool holds(Instant t) const { return from <= t && t < to; }
};

struct InstancePlan {
  Duration clock_offset = {};
  int64_t clock_drift_ppm = 0;
  std::vector<Trouble> pauses;   // the process stands still
  std::vector<Trouble> cut_off;  // from the store
};

struct FailOver {
  Instant at = {};
  Duration lag = {};   // of the replica: what was written since is lost
  Duration down = {};  // nobody answers
};

struct Scenario {
  static Scenario from(uint64_t seed);
  std::string describe() const;

  Instant start = {};
  Duration length = {};
  std::vector<KeyPlan> keys;
  std::vector<InstancePlan> instances;
  std::vector<FailOver> fail_overs;  // in their order
  Duration delay_min = {};           // of the network, one way
  Duration delay_max = {};
  int64_t loss_percent = 0;
  Duration deadline = {};
  Duration life_max = {};
  Duration sync_interval = {};
  bool has_fallback = false;
  OnStoreFailure on_failure = OnStoreFailure::kAllow;
};

}  // namespace rateguard::simulation
