#include "config/field_type.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"

namespace rateguard::config {
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
  LogLevel level = LogLevel::kInfo;
  const FieldRef field(&level);
  EXPECT_EQ(field.type->print(field.place), "info");
  EXPECT_TRUE(field.type->parse(field.place, "warn", {}).has_value());
  EXPECT_EQ(field.type->print(field.place), "warn");
  EXPECT_EQ(field.type->parse(field.place, "loud", {}).error().message,
            "expected debug, info, warn or error, found 'loud'");
  LogLevel other = LogLevel::kWarn;
  EXPECT_TRUE(field.type->equal(field.place, &other));
  other = LogLevel::kError;
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
}  // namespace rateguard::config
