#include "suggest/peak_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

namespace rateguard::suggest {
namespace {

// A hash all of whose bits change with the number (splitmix64, by Sebastiano Vigna, public domain).
uint64_t hash_of(uint64_t n) {
  n += 0x9E3779B97F4A7C15;
  n = (n ^ (n >> 30)) * 0xBF58476D1CE4E5B9;
  n = (n ^ (n >> 27)) * 0x94D049BB133111EB;
  return n ^ (n >> 31);
}

TEST(PeakTable, KnowsTheMostOfAnyMinuteAndAnyHour) {
  PeakTable table(64);
  for (const int64_t second : {0, 1, 59, 60, 61, 3599, 3600, 3601, 3602, 3603, 3599}) table.add(7, second);
  size_t subjects = 0;
  table.for_each([&](const SubjectPeaks& peaks) {
    ++subjects;
    EXPECT_EQ(peaks.minute_peak, 5u) << "a late request of the minute before counts for the latest";
    EXPECT_EQ(peaks.hour_peak, 6u);
    EXPECT_EQ(peaks.requests, 11u);
  });
  EXPECT_EQ(subjects, 1u);
}

TEST(PeakTable, ALogThatBeginsAgainEarlierDoesNotAddToTheOneBefore) {
  PeakTable table(64);
  for (int i = 0; i < 5; ++i) table.add(7, 100'000 + i);
  for (int i = 0; i < 3; ++i) table.add(7, i);
  table.for_each([&](const SubjectPeaks& peaks) { EXPECT_EQ(peaks.minute_peak, 5u); });
}

TEST(PeakTable, FollowsAUniformSampleOfMoreSubjectsThanItHolds) {
  constexpr uint64_t kSubjects = 100'000;
  constexpr size_t kMax = 4096;
  PeakTable table(kMax);
  // The n-th subject makes n % 1000 + 1 requests within a minute, its own.
  for (uint64_t subject = 0; subject < kSubjects; ++subject) {
    for (uint64_t i = 0; i <= subject % 1000; ++i) table.add(hash_of(subject), static_cast<int64_t>(subject * 60));
  }
  EXPECT_LE(table.size(), kMax);
  EXPECT_GE(table.size(), kMax / 3);
  EXPECT_NEAR(static_cast<double>(table.size() * table.one_in()), kSubjects, kSubjects * 0.06);
  EXPECT_LE(table.memory_bytes(), 2 * kMax * sizeof(SubjectPeaks));
  std::vector<uint32_t> peaks;
  table.for_each([&](const SubjectPeaks& one) {
    EXPECT_EQ(one.minute_peak, one.requests) << "of a subject that is followed nothing is missed";
    peaks.push_back(one.minute_peak);
  });
  std::ranges::sort(peaks);
  EXPECT_NEAR(peaks[peaks.size() / 2], 500, 50);
  EXPECT_NEAR(peaks[peaks.size() * 99 / 100], 990, 10);
}

}  // namespace
}  // namespace rateguard::suggest
