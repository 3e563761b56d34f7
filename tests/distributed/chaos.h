// A failure, what has to hold during and after it, and how long it takes until all is well.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <functional>
#include <string>
#include <thread>

#include "distributed/chaos_instance.h"

namespace rateguard::test {

using std::chrono::milliseconds;

// What a machine that does other things besides may add to a time.
inline milliseconds slack() {
  const char* const text = std::getenv("RATEGUARD_TEST_SLACK_MS");
  return milliseconds(text == nullptr ? 200 : std::atoi(text));
}

// Whether `holds` comes about within `patience`; how long it took is added to `took`.
inline bool within(milliseconds patience, const std::function<bool()>& holds, milliseconds* took = nullptr) {
  const auto begin = std::chrono::steady_clock::now();
  while (true) {
    const auto passed = std::chrono::duration_cast<milliseconds>(std::chrono::steady_clock::now() - begin);
    if (took != nullptr) *took = passed;
    if (holds()) return true;
    if (passed > patience) return false;
    std::this_thread::sleep_for(milliseconds(2));
  }
}

// Enough for everything that starts or is agreed upon among servers.
constexpr milliseconds kPatient{30'000};
// Until all is well again. It is about a second; on a loaded machine it may be more.
constexpr milliseconds kRecovers{5'000};
// After what a network did. The connection is back within half a second, its longest pause between two attempts, and
// one that is stuck is given up within 700 ms. On a machine that is late with every answer it is given up for silence
// again and again, and each time twice as late, up to 5 s: twice that is the most.
constexpr milliseconds kNetworkRecoversAtOnce{1'000};
constexpr milliseconds kNetworkRecovers{10'000};

enum class Data : uint8_t {
  kKept,
  kMayBeLost,  // the last of what a server knew, when another takes over
  kGone,       // a server came back empty
};

struct Failure {
  std::string name;
  std::function<void()> begin;
  milliseconds lasts = milliseconds(1'000);
  std::function<void()> end = {};  // empty: it ends by itself
  // Whether all rules are seen to follow their policies meanwhile; otherwise they may.
  bool is_felt = true;
  Data data = Data::kKept;
  // When it is over, where end() only lets it be: how long Redis takes to mend itself is not ours.
  std::function<bool()> is_over = {};
  milliseconds recovers = kRecovers;
};

inline void expect_answers(const std::array<Tally, kRules.size()>& tallies, Duration deadline) {
  std::chrono::microseconds latest = {};
  for (size_t i = 0; i < kRules.size(); ++i) {
    const Tally& tally = tallies[i];
    SCOPED_TRACE(to_string(kRules[i]));
    EXPECT_EQ(tally.wrong, "");
    EXPECT_EQ(tally.answered, tally.sent);
    EXPECT_LE(tally.latest, std::chrono::microseconds(deadline.us) + milliseconds(1) + slack());
    latest = std::max(latest, tally.latest);
  }
  std::printf("  latest answer after %.1f ms\n", static_cast<double>(latest.count()) / 1'000);
}

// What had been asked at a moment.
struct Moment {
  std::array<Tally, kRules.size()> tallies = {};
  uint64_t failures = 0;
};

// Nothing is counted twice, and nothing that was admitted by the counter is missing. `empty`: when the counters were
// empty for the last time.
inline void expect_counts(ChaosInstance& instance, const Moment& empty, Data data) {
  int64_t all_units = 0;
  uint64_t all_asked = instance.failures() - empty.failures;
  for (const Rule rule : kRules) {
    SCOPED_TRACE(to_string(rule));
    const Tally& before = empty.tallies[static_cast<size_t>(rule)];
    const Tally tally = instance.tally(rule);
    const int64_t units = instance.units(rule);
    EXPECT_GE(units, 0) << instance.problem();
    EXPECT_LE(units, static_cast<int64_t>(tally.sent - before.answered)) << "counted twice";
    all_units += units;
    all_asked += tally.by_counter - before.by_counter;
    if (data == Data::kMayBeLost) continue;
    EXPECT_LE(static_cast<int64_t>(tally.by_counter - before.by_counter), units) << "admitted and not counted";
  }
  EXPECT_LE(all_units, static_cast<int64_t>(all_asked)) << "counted twice";
  std::printf("  %lld units; %llu checks may have come to Redis\n", static_cast<long long>(all_units),
              static_cast<unsigned long long>(all_asked));
  EXPECT_EQ(instance.local_units(Rule::kLocal), static_cast<int64_t>(instance.tally(Rule::kLocal).by_policy));
}

inline void expect_survival(ChaosInstance& instance, const Failure& failure) {
  ASSERT_TRUE(within(kPatient, [&] { return instance.is_well(); })) << instance.problem();
  const auto before = instance.tallies();
  failure.begin();
  std::this_thread::sleep_for(failure.lasts);
  if (failure.is_felt) {
    EXPECT_TRUE(within(kRecovers, [&] { return instance.is_degraded_since(before); })) << "it was not felt";
  }
  const Moment during{instance.tallies(), instance.failures()};
  if (failure.end) failure.end();
  milliseconds mended{0};
  if (failure.is_over) {
    EXPECT_TRUE(within(kPatient, failure.is_over, &mended));
  }
  milliseconds took{0};
  EXPECT_TRUE(within(failure.recovers, [&] { return instance.is_well(); }, &took)) << instance.problem();
  const uint64_t degraded = instance.tally(Rule::kAllow).by_policy - before[0].by_policy;
  std::printf("%s: well again after %lld ms", failure.name.c_str(), static_cast<long long>(took.count()));
  if (failure.is_over) std::printf(" (Redis itself took %lld ms)", static_cast<long long>(mended.count()));
  std::printf("; %llu of %llu by policy\n", static_cast<unsigned long long>(degraded),
              static_cast<unsigned long long>(instance.tally(Rule::kAllow).sent - before[0].sent));
  for (const Rule rule : kRules) {
    for (const auto& [problem, times] : instance.tally(rule).problems) {
      std::printf("  %s, %llu times: %s\n", to_string(rule).c_str(), static_cast<unsigned long long>(times),
                  problem.c_str());
    }
  }
  std::this_thread::sleep_for(milliseconds(100));
  ASSERT_TRUE(instance.stop_asking()) << "a check is not answered";
  expect_answers(instance.tallies(), instance.deadline());
  expect_counts(instance, failure.data == Data::kGone ? during : Moment{}, failure.data);
}

}  // namespace rateguard::test
