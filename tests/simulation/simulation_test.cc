// Runs seeds 1 to N: RATEGUARD_SIMULATION_SEEDS, or 200. RATEGUARD_SIMULATION_SEED=n runs that one alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "simulation/run.h"

namespace rateguard::simulation {
namespace {

// What one ctest runs in a few seconds.
constexpr uint64_t kSeeds = 200;
// Enough for everything to have happened.
constexpr uint64_t kSeedsToMeetAll = 200;
// More than anybody reads.
constexpr int kFailuresMax = 10;

uint64_t from_environment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr || *text == '\0' ? otherwise : std::strtoull(text, nullptr, 10);
}

bool is_clean(uint64_t seed, const Outcome& outcome) {
  if (outcome.failures.empty()) return true;
  std::string text = fmt::format("seed {} (RATEGUARD_SIMULATION_SEED={} replays it)", seed, seed);
  for (const std::string& failure : outcome.failures) text += "\n  " + failure;
  ADD_FAILURE() << text;
  return false;
}

TEST(Simulation, EverySeedKeepsTheLimits) {
  if (const uint64_t seed = from_environment("RATEGUARD_SIMULATION_SEED", 0); seed != 0) {
    const Outcome outcome = run(seed);
    is_clean(seed, outcome);
    std::fputs((outcome.happenings.describe() + "\n").c_str(), stderr);
    return;
  }
  const uint64_t seeds = from_environment("RATEGUARD_SIMULATION_SEEDS", kSeeds);
  Happenings all;
  int failed = 0;
  for (uint64_t seed = 1; seed <= seeds && failed < kFailuresMax; ++seed) {
    const Outcome outcome = run(seed);
    failed += !is_clean(seed, outcome);
    all.add(outcome.happenings);
    if (seed % 500 == 0) std::fputs(fmt::format("{} of {} seeds\n", seed, seeds).c_str(), stderr);
  }
  std::fputs((all.describe() + "\n").c_str(), stderr);
  if (failed != 0 || seeds < kSeedsToMeetAll) return;
  // A simulation in which nothing happens proves nothing.
  EXPECT_GT(all.from_wallets, all.checks / 100);
  EXPECT_GT(all.failures, 0U);
  EXPECT_GT(all.lost_units, 0U);
  EXPECT_GT(all.full_leases, 0U);
  EXPECT_GT(all.overshoots, 0U);
}

TEST(Simulation, ASeedRepeats) {
  const Outcome first = run(7);
  EXPECT_EQ(first.happenings.describe(), run(7).happenings.describe());
  EXPECT_NE(first.happenings.describe(), run(8).happenings.describe());
}

}  // namespace
}  // namespace rateguard::simulation
