// What is admitted over time: from the history that many processes' clients have recorded, no interval admits more than
// burst + rate x length, and what comes back is admitted again.
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
// With the pauses below these take two seconds, in which a limit comes back several times over.
constexpr size_t kChecks = 2'000;  // of each process in each round
constexpr uint32_t kDearest = 3;

struct Round {
  std::string name;  // and the key
  Limit limit;
};

std::vector<Round> all_rounds() {
  const Rate rate{300, Duration::seconds(1)};
  return {{"token_bucket", Limit::token_bucket(100, rate).value()},
          {"gcra", Limit::gcra(100, rate).value()},
          {"sliding_window_log", Limit::sliding_window_log(100, Duration::millis(330)).value()}};
}

// The most that an interval of this length may admit, both ends included.
int64_t envelope(const Limit& limit, int64_t length_us) {
  const int64_t period_us = limit.period().us;
  // Any (t - period, t] admits at most the limit.
  if (limit.algorithm == Algorithm::kSlidingWindowLog) return limit.capacity * (length_us / period_us + 1);
  return limit.capacity + length_us * limit.rate.units / period_us;
}

struct Admitted {
  int64_t from_us;  // Redis decided somewhere between
  int64_t to_us;
  int64_t units;
};

// The interval from each first to each last instant, widened by what nobody knows of when they were decided, against
// what was decided inside it for certain.
void expect_inside_envelope(const Limit& limit, std::vector<Admitted> admitted) {
  std::ranges::sort(admitted, {}, &Admitted::to_us);
  for (const Admitted& first : admitted) {
    int64_t units = 0;
    for (const Admitted& last : admitted) {
      if (last.from_us < first.from_us) continue;
      units += last.units;
      const int64_t length_us = last.to_us - first.from_us;
      ASSERT_LE(units, envelope(limit, length_us)) << "within " << length_us << " us";
    }
  }
}

class Envelope : public testing::TestWithParam<RedisShape> {};

TEST_P(Envelope, HoldsForEveryInterval) {
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
    std::mt19937_64& random = instance.random;
    for (size_t i = 0; i < rounds.size(); ++i) {
      ++ready[i];  // all begin together
      if (!instance.run_until([&] { return ready[i] == kProcesses; })) return false;
      const Demand demand{.key = rounds[i].name,
                          .limit = rounds[i].limit,
                          .cost = [&](size_t) { return static_cast<uint32_t>(1 + random() % kDearest); },
                          // Refusals that are remembered cost nothing; without a pause they would be all there is.
                          .pause = [&] { return Duration::millis(5 + static_cast<int64_t>(random() % 20)); }};
      Clients clients(instance, demand, of_round(i).subspan(static_cast<size_t>(process) * kChecks, kChecks));
      if (!clients.run(kClients)) return false;
    }
    return true;
  };
  ASSERT_TRUE(run_processes(kProcesses, std::chrono::seconds(240), work));

  for (size_t i = 0; i < rounds.size(); ++i) {
    SCOPED_TRACE(rounds[i].name);
    std::vector<Admitted> admitted;
    int64_t units = 0;
    for (const Check& check : of_round(i)) {
      ASSERT_EQ(check.basis, Basis::kCounter);
      if (check.verdict == Verdict::kRefused) continue;
      admitted.push_back({check.sent_us, check.received_us, check.units});
      units += check.units;
    }
    expect_inside_envelope(rounds[i].limit, admitted);
    const int64_t span_us = std::ranges::max_element(admitted, {}, &Admitted::to_us)->to_us -
                            std::ranges::min_element(admitted, {}, &Admitted::from_us)->from_us;
    std::printf("%s: %lld units of %lld in %lld ms\n", rounds[i].name.c_str(), static_cast<long long>(units),
                static_cast<long long>(envelope(rounds[i].limit, span_us)), static_cast<long long>(span_us / 1'000));
    EXPECT_GT(units, 2 * static_cast<int64_t>(rounds[i].limit.capacity)) << "too little came back to say anything";
  }
}

INSTANTIATE_TEST_SUITE_P(Redis, Envelope,
                         testing::Values(RedisShape::kOne, RedisShape::kSentinels, RedisShape::kCluster),
                         [](const auto& shape) { return to_string(shape.param); });

}  // namespace
}  // namespace rateguard::test
