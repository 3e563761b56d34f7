#include "simulate/event_order.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace rateguard::simulate {
namespace {

// Far more than are sorted at once, numbered by their cost; `time_us` says when each was.
template <typename Time>
HugePageVector<Event> events_at(Time&& time_us) {
  HugePageVector<Event> events;
  for (uint32_t i = 0; i < 300'000; ++i) events.push_back({.time_us = static_cast<int64_t>(time_us(i)), .cost_low = i});
  return events;
}

void expect_in_order(HugePageVector<Event> events) {
  HugePageVector<Event> expected = events;
  std::ranges::stable_sort(expected, {}, &Event::time_us);
  sort_by_time(events);
  for (size_t i = 0; i < events.size(); ++i) {
    ASSERT_EQ(events[i].time_us, expected[i].time_us) << i;
    ASSERT_EQ(events[i].cost(), expected[i].cost()) << i;
  }
}

TEST(EventOrder, SortsWholeSecondsThatLieNearTheirPlaces) {
  std::mt19937 random(1);
  expect_in_order(events_at([&](uint32_t i) { return (i / 400 + random() % 3) * int64_t{1'000'000}; }));
}

TEST(EventOrder, SortsFractionsThatLieNearTheirPlaces) {
  std::mt19937 random(2);
  expect_in_order(events_at([&](uint32_t i) { return i * int64_t{2500} + random() % 5'000'000; }));
}

TEST(EventOrder, SortsEventsWhoseTimesLieFarApart) {
  std::mt19937 random(3);
  expect_in_order(events_at([&](uint32_t i) { return (i + random() % 50) * int64_t{7'300'000'000}; }));
}

TEST(EventOrder, SortsEventsFarFromTheirPlaces) {
  std::mt19937 random(4);
  // As several servers' logs of one hour, each a little out of order, one after the other.
  expect_in_order(events_at([&](uint32_t i) { return (i % 60'000 / 20 + random() % 3) * int64_t{1'000'000}; }));
  expect_in_order(events_at([&](uint32_t) { return random() % 1'000'000'000 * int64_t{1'000'000}; }));
}

}  // namespace
}  // namespace rateguard::simulate
