#include "settings/field_type.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "settings/choice.h"
#include "settings/field_kinds.h"

namespace rateguard {
namespace {

enum class Loudness : uint8_t { kLow, kMiddle, kHigh };
constexpr Choice<Loudness> kLoudnesses[] = {
    {"low", Loudness::kLow}, {"middle", Loudness::kMiddle}, {"high", Loudness::kHigh}};

}  // namespace

template <>
const FieldType& field_type<Loudness>() {
  return kChoiceField<Loudness, kLoudnesses>;
}

namespace {

TEST(FieldType, SetsWhatTheBoundsAllowAndLeavesTheRestAlone) {
  int threads = 3;
  const FieldRef field(&threads);
  const FieldBounds bounds{.min = 0, .max = 8, .words = "0 to 8"};
  EXPECT_TRUE(field.type->is_plain);
  EXPECT_TRUE(field.type->parse(field.place, "8", bounds).has_value());
  EXPECT_EQ(threads, 8);
  EXPECT_EQ(field.type->parse(field.place, "9", bounds).error().message,
            "expected a whole number from 0 to 8, found '9'");
  EXPECT_EQ(threads, 8);
}

TEST(FieldType, AWordIsReadAndShownAlike) {
  Loudness loudness = Loudness::kLow;
  const FieldRef field(&loudness);
  EXPECT_EQ(field.type->print(field.place), "low");
  EXPECT_TRUE(field.type->parse(field.place, "middle", {}).has_value());
  EXPECT_EQ(loudness, Loudness::kMiddle);
  EXPECT_EQ(field.type->print(field.place), "middle");
  EXPECT_EQ(field.type->parse(field.place, "loud", {}).error().message, "expected low, middle or high, found 'loud'");
  Loudness other = Loudness::kMiddle;
  EXPECT_TRUE(field.type->equal(field.place, &other));
  other = Loudness::kHigh;
  EXPECT_FALSE(field.type->equal(field.place, &other));
}

TEST(FieldType, AListTakesItemAfterItemAndCanBeEmptied) {
  std::vector<std::string> tokens;
  const FieldRef field(&tokens);
  ASSERT_NE(field.type->clear, nullptr);
  EXPECT_TRUE(field.type->parse(field.place, "a", {}).has_value());
  EXPECT_TRUE(field.type->parse(field.place, "b", {}).has_value());
  EXPECT_FALSE(field.type->parse(field.place, "with blank", {}).has_value());
  EXPECT_EQ(tokens, (std::vector<std::string>{"a", "b"}));
  field.type->clear(field.place);
  EXPECT_TRUE(tokens.empty());
}

TEST(FieldType, WhatIsShownOfTokensSaysHowManyThereAre) {
  std::vector<std::string> tokens = {"secret"};
  const FieldRef field(&tokens);
  EXPECT_EQ(field.type->print(field.place), "1 items");
}

}  // namespace
}  // namespace rateguard
