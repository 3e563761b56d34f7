// One run, from its seed to what was wrong with it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rateguard::simulation {

// What happened, so that it is seen that it did. Sums over runs.
struct Happenings {
  uint64_t checks = 0;
  uint64_t from_wallets = 0;
  uint64_t reports = 0;
  uint64_t calls = 0;
  uint64_t failures = 0;  // calls without an answer in time
  uint64_t fail_overs = 0;
  uint64_t lost_units = 0;             // by failovers
  uint64_t full_leases = 0;            // leased keys of which as much was admitted as the limit lets through at once
  uint64_t overshoots = 0;             // synced keys of which more was admitted
  uint64_t overshoot_percent_max = 0;  // of the bound

  void add(const Happenings& other);
  std::string describe() const;
};

struct Outcome {
  std::vector<std::string> failures;
  Happenings happenings;
};

Outcome run(uint64_t seed);

}  // namespace rateguard::simulation
