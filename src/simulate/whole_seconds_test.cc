#include "simulate/whole_seconds.h"

#include <gtest/gtest.h>

#include <vector>

namespace rateguard::simulate {
namespace {

std::vector<int64_t> times_of(const std::vector<Event>& events) {
  std::vector<int64_t> out;
  for (const Event& event : events) out.push_back(event.time_us);
  return out;
}

TEST(SpreadWholeSeconds, GivesTheRequestsOfASecondEqualDistancesInTheirOrder) {
  std::vector<Event> events = {{.time_us = 5'000'000, .client = 1},
                               {.time_us = 5'000'000, .client = 2},
                               {.time_us = 5'000'000, .client = 3},
                               {.time_us = 5'000'000, .client = 4},
                               {.time_us = 6'000'000, .client = 5}};
  EXPECT_EQ(spread_whole_seconds(events), 4u) << "the last has its second for itself";
  EXPECT_EQ(times_of(events), (std::vector<int64_t>{5'000'000, 5'250'000, 5'500'000, 5'750'000, 6'000'000}));
  for (uint32_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].client, i + 1);
}

TEST(SpreadWholeSeconds, LeavesThoseWithAFractionWhereTheyAreAndAmongTheOthersInOrder) {
  std::vector<Event> events = {{.time_us = 5'000'000, .client = 1},
                               {.time_us = 5'000'000, .client = 2},
                               {.time_us = 5'000'000, .client = 3, .has_fraction = true},
                               {.time_us = 5'100'000, .client = 4, .has_fraction = true}};
  EXPECT_EQ(spread_whole_seconds(events), 2u);
  EXPECT_EQ(times_of(events), (std::vector<int64_t>{5'000'000, 5'000'000, 5'100'000, 5'500'000}));
  EXPECT_EQ(events[1].client, 3u);
  EXPECT_EQ(events[3].client, 2u);
}

TEST(SpreadWholeSeconds, MoreThanAMillionRequestsOfASecondStayWithinIt) {
  std::vector<Event> events(1'500'000, Event{.time_us = 5'000'000});
  EXPECT_EQ(spread_whole_seconds(events), events.size());
  EXPECT_EQ(events.front().time_us, 5'000'000);
  EXPECT_EQ(events.back().time_us, 5'999'999);
}

}  // namespace
}  // namespace rateguard::simulate
