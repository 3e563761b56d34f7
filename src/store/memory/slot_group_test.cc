#include "store/memory/slot_group.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace rateguard::memory {
namespace {

Fingerprint fingerprint(uint64_t head, uint32_t rest) {
  return {head | 1, rest};
}

algorithm::State state(uint32_t value) {
  algorithm::State made = {};
  made.x = value;
  return made;
}

TEST(SlotGroup, IsAMapUnderAnySequenceOfChanges) {
  EXPECT_TRUE(rc::check("inserts and erasures against std::map", [] {
    // Few homes, so that runs collide, wrap around the end and fill the group.
    const uint32_t homes = *rc::gen::element<uint32_t>(1, 3, 64);
    const uint32_t first_home = *rc::gen::inRange<uint32_t>(0, 64);
    const auto steps = *rc::gen::container<std::vector<std::pair<uint32_t, bool>>>(
        400, rc::gen::pair(rc::gen::inRange<uint32_t>(0, 200), rc::gen::arbitrary<bool>()));
    const auto group = std::make_unique<SlotGroup>();
    std::map<uint32_t, uint32_t> model;
    const auto key = [&](uint32_t n) { return fingerprint(uint64_t{n} << 8, first_home + n % homes); };
    uint32_t value = 0;
    for (const auto& [n, erases] : steps) {
      Slot* slot = group->find(key(n));
      RC_ASSERT((slot != nullptr) == model.contains(n));
      if (slot != nullptr) RC_ASSERT(slot->state().x == model[n]);
      if (slot != nullptr && erases) {
        group->erase(slot);
        model.erase(n);
      } else if (slot == nullptr && model.size() < SlotGroup::kSlots) {
        group->insert(key(n), state(++value));
        model[n] = value;
      }
    }
    for (uint32_t n = 0; n < 200; ++n) {
      const Slot* slot = group->find(key(n));
      RC_ASSERT((slot != nullptr) == model.contains(n));
      if (slot != nullptr) RC_ASSERT(slot->state().x == model[n]);
    }
  }));
}

TEST(SlotGroup, ErasesManyAtOnceAndKeepsTheRest) {
  EXPECT_TRUE(rc::check("erase_if against std::erase_if", [] {
    const uint32_t homes = *rc::gen::element<uint32_t>(1, 3, 64);
    const uint32_t first_home = *rc::gen::inRange<uint32_t>(0, 64);
    const auto numbers = *rc::gen::unique<std::vector<uint32_t>>(rc::gen::inRange<uint32_t>(0, SlotGroup::kSlots));
    const uint32_t divisor = *rc::gen::inRange<uint32_t>(1, 6);
    const auto group = std::make_unique<SlotGroup>();
    const auto key = [&](uint32_t n) { return fingerprint(uint64_t{n} << 8, first_home + n % homes); };
    for (const uint32_t n : numbers) group->insert(key(n), state(n + 1));
    const auto goes = [&](uint32_t n) { return n % divisor == 0; };
    const auto going = static_cast<uint32_t>(std::ranges::count_if(numbers, goes));
    RC_ASSERT(group->erase_if([&](const Slot& slot) { return goes(slot.state().x - 1); }) == going);
    for (const uint32_t n : numbers) {
      const Slot* slot = group->find(key(n));
      RC_ASSERT((slot == nullptr) == goes(n));
      if (slot != nullptr) RC_ASSERT(slot->state().x == n + 1);
    }
    RC_ASSERT(group->erase_if([](const Slot&) { return true; }) == numbers.size() - going);
  }));
}

TEST(Line, HoldsTheKeysOfItsTwoSlotsAndWritesOneOfThem) {
  const auto group = std::make_unique<SlotGroup>();
  const auto key = [](uint32_t n) { return fingerprint(uint64_t{n + 1} << 8, 63); };  // all at home in the last line
  EXPECT_FALSE(group->home_of(key(0)).holds(key(0))) << "empty";
  for (uint32_t n = 0; n < 4; ++n) group->insert(key(n), state(n));
  for (uint32_t n = 0; n < 4; ++n) {
    Line home = group->home_of(key(n));
    ASSERT_EQ(home.holds(key(n)), n < 2) << n << ": the others are in the next line";
    if (!home.holds(key(n))) continue;
    EXPECT_EQ(home.state(), state(n));
    const algorithm::State next = {.time_us = 1 + n, .algorithm = 2, .extra = 3, .x = 4, .y = 5, .z = ~0u};
    home.set_state(next);
    EXPECT_EQ(group->find(key(n))->state(), next);
    const Slot& other = *group->find(key(1 - n));
    EXPECT_EQ(other.key(), key(1 - n));
    EXPECT_EQ(other.state().y, n == 0 ? state(1).y : 5) << "stays as it is";
    EXPECT_EQ(other.state().time_us, n == 0 ? 0 : 1) << "stays as it is";
  }
  EXPECT_FALSE(group->home_of(key(9)).holds(key(9)));
}

TEST(Line, TakesNoOtherKeyOfTheSameHeadForItsOwn) {
  const auto group = std::make_unique<SlotGroup>();
  group->insert(fingerprint(1 << 8, 5), state(1));
  group->insert(fingerprint(1 << 8, 5 + 64), state(2));
  EXPECT_FALSE(group->home_of(fingerprint(1 << 8, 5)).holds(fingerprint(1 << 8, 5))) << "left to find()";
  EXPECT_EQ(group->find(fingerprint(1 << 8, 5))->state(), state(1));
  Line home = group->home_of(fingerprint(1 << 8, 5 + 64));
  ASSERT_TRUE(home.holds(fingerprint(1 << 8, 5 + 64)));
  EXPECT_EQ(home.state(), state(2));
}

TEST(SlotGroup, AFullGroupFindsAndErases) {
  const auto group = std::make_unique<SlotGroup>();
  for (uint32_t i = 0; i < SlotGroup::kSlots; ++i) group->insert(fingerprint(uint64_t{i + 1} << 8, 5), state(i));
  EXPECT_EQ(group->find(fingerprint(uint64_t{1000} << 8, 5)), nullptr);
  for (uint32_t i = 0; i < SlotGroup::kSlots; ++i) {
    Slot* slot = group->find(fingerprint(uint64_t{i + 1} << 8, 5));
    ASSERT_NE(slot, nullptr);
    EXPECT_EQ(slot->state().x, i);
    group->erase(slot);
  }
  for (const Slot& slot : group->slots) EXPECT_TRUE(slot.is_empty());
}

TEST(Fingerprint, OfAHashWithoutABitIsNotEmpty) {
  EXPECT_NE(Fingerprint::of({}).head, 0u);
}

}  // namespace
}  // namespace rateguard::memory
