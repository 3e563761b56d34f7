// Many processes with many clients each on one key: what is admitted is the limit, not one unit more or less.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "distributed/instance.h"
#include "distributed/processes.h"
#include "distributed/shared_redis.h"

namespace rateguard::test {
namespace {

constexpr int kProcesses = 8;
constexpr size_t kClients = 16;
constexpr size_t kChecks = 320;  // of each process in each round
// At the end of a round, when single units are taken that a dearer check has left: more than the dearest costs.
constexpr size_t kLastChecks = 4 * kClients;
constexpr uint32_t kDearest = 7;
constexpr uint32_t kLimit = 1'000;      // below kProcesses * kChecks
constexpr uint32_t kDearLimit = 4'000;  // below what costs of 1 to kDearest come to, twice as much
// Nothing comes back while the test runs.
constexpr Duration kDay = Duration::seconds(86'400);

enum class Costs : uint8_t { kOne, kRandom };
enum class Holds : uint8_t { kKept, kPartlyGivenBack };

struct Round {
  std::string name;  // and the key
  Limit limit;
  Costs costs = Costs::kOne;
  Holds holds = Holds::kKept;
};

std::vector<Round> all_rounds() {
  std::vector<Round> rounds;
  for (const Costs costs : {Costs::kOne, Costs::kRandom}) {
    const uint32_t units = costs == Costs::kOne ? kLimit : kDearLimit;
    const std::string of_costs = costs == Costs::kOne ? ", cost 1" : ", random costs";
    const Limit limits[] = {
        Limit::token_bucket(units, {1, kDay}).value(),
        Limit::gcra(units, {1, kDay}).value(),
        Limit::leaky_bucket(units, {1, kDay}).value(),
        Limit::fixed_window_from_first_request(units, kDay).value(),
        Limit::calendar_window(units, Anchor::kYear, nullptr).value(),
        Limit::sliding_window_log(units, kDay).value(),
        Limit::sliding_window_counter(units, kPeriodMax).value(),
        Limit::concurrency(units, kDay).value(),
    };
    for (const Limit& limit : limits) {
      std::string name(rateguard::to_string(limit.algorithm));
      if (limit.anchor == Anchor::kYear) name += " of a year";
      rounds.push_back({name + of_costs, limit, costs});
    }
    const Limit scarce = Limit::concurrency(units / 4, kDay).value();
    rounds.push_back({"concurrency, given back" + of_costs, scarce, costs, Holds::kPartlyGivenBack});
  }
  return rounds;
}

Demand demand_of(const Round& round, std::mt19937_64& random) {
  Demand demand{.key = round.name, .limit = round.limit};
  demand.cost = [costs = round.costs, &random](size_t nth) {
    const bool is_random = costs == Costs::kRandom && nth < kChecks - kLastChecks;
    return is_random ? static_cast<uint32_t>(1 + random() % kDearest) : 1U;
  };
  if (round.holds == Holds::kPartlyGivenBack) {
    demand.gives_back = [&random](size_t nth) { return nth < kChecks - kLastChecks && random() % 4 != 0; };
  }
  return demand;
}

// Units that were held at one instant for certain: from an answer until giving it back was asked for.
uint64_t most_surely_held(std::span<const Check> checks) {
  std::vector<std::pair<int64_t, int64_t>> changes;  // a hold's end comes before another's begin at the same instant
  for (const Check& check : checks) {
    if (check.verdict != Verdict::kAdmitted) continue;
    changes.emplace_back(check.received_us, check.units);
    if (check.released_us != 0) changes.emplace_back(check.released_us, -int64_t{check.units});
  }
  std::ranges::sort(changes);
  int64_t held = 0;
  int64_t most = 0;
  for (const auto& [when, units] : changes) most = std::max(most, held += units);
  return static_cast<uint64_t>(most);
}

class Contention : public testing::TestWithParam<RedisShape> {};

TEST_P(Contention, AdmitsTheLimitExactly) {
  SharedRedis redis(GetParam());
  ASSERT_TRUE(redis.start());
  const std::vector<Round> rounds = all_rounds();
  SharedArray<Check> history(rounds.size() * kProcesses * kChecks);
  SharedArray<std::atomic<int>> ready(rounds.size());
  const auto of_round = [&](size_t round) {
    return history.all().subspan(round * kProcesses * kChecks, kProcesses * kChecks);
  };
  const auto work = [&](int process) {
    Instance instance(redis.target(), redis.topology(), 1 + static_cast<uint64_t>(process));
    if (!instance.connect()) return false;
    for (size_t i = 0; i < rounds.size(); ++i) {
      ++ready[i];  // all begin together
      if (!instance.run_until([&] { return ready[i] == kProcesses; })) return false;
      Clients clients(instance, demand_of(rounds[i], instance.random),
                      of_round(i).subspan(static_cast<size_t>(process) * kChecks, kChecks));
      if (!clients.run(kClients)) return false;
    }
    return true;
  };
  ASSERT_TRUE(run_processes(kProcesses, std::chrono::seconds(240), work));

  for (size_t i = 0; i < rounds.size(); ++i) {
    SCOPED_TRACE(rounds[i].name);
    uint64_t admitted = 0;
    uint64_t refused = 0;
    for (const Check& check : of_round(i)) {
      ASSERT_EQ(check.basis, Basis::kCounter);
      if (check.verdict == Verdict::kRefused) ++refused;
      if (check.verdict == Verdict::kAdmitted && check.released_us == 0) admitted += check.units;
    }
    EXPECT_EQ(admitted, rounds[i].limit.capacity);
    EXPECT_GT(refused, 0u) << "nothing was scarce";
    if (rounds[i].limit.algorithm == Algorithm::kConcurrency) {
      EXPECT_LE(most_surely_held(of_round(i)), rounds[i].limit.capacity);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Redis, Contention,
                         testing::Values(RedisShape::kOne, RedisShape::kSentinels, RedisShape::kCluster),
                         [](const auto& shape) { return to_string(shape.param); });

}  // namespace
}  // namespace rateguard::test
