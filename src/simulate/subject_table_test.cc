#include "simulate/subject_table.h"

#include <gtest/gtest.h>

#include <map>

namespace rateguard::simulate {
namespace {

TEST(SubjectTable, KeepsTheFiguresOfEveryKeyAndFindsThemAgain) {
  SubjectTable table;
  SubjectId next = 100;  // numbers that other tables have taken
  std::map<std::string, SubjectFigures> expected;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const std::string key = "R" + std::to_string(i * i % 7'001);
    const SubjectId number = next;
    SubjectTable::Sums& sums = table.find_or_add(keyed_hash(key), i, next);
    ++sums.requests;
    sums.refused += i % 3 == 0;
    SubjectFigures& figures = expected.try_emplace(key, SubjectFigures{.id = number, .first_event = i}).first->second;
    ++figures.requests;
    figures.refused += i % 3 == 0;
  }
  ASSERT_EQ(table.size(), expected.size());
  EXPECT_EQ(next, 100 + expected.size());
  for (const auto& [key, subject] : expected) {
    const auto index = table.find(keyed_hash(key));
    ASSERT_TRUE(index) << key;
    EXPECT_EQ(table.find(subject.id), index);
    EXPECT_EQ(table.figures(*index).id, subject.id);
    EXPECT_EQ(table.figures(*index).first_event, subject.first_event);
    EXPECT_EQ(table.figures(*index).requests, subject.requests);
    EXPECT_EQ(table.figures(*index).refused, subject.refused);
  }
  EXPECT_FALSE(table.find(keyed_hash("never seen")));
  EXPECT_FALSE(table.find(SubjectId{99}));
  EXPECT_FALSE(table.find(next));
}

TEST(SubjectTable, CostsAddUpBeyond32Bits) {
  SubjectTable table;
  SubjectId next = 0;
  uint64_t expected = 0;
  for (const uint64_t cost :
       {uint64_t{UINT32_MAX}, uint64_t{1}, uint64_t{0}, uint64_t{UINT32_MAX}, uint64_t{1} << 52}) {
    table.find_or_add(keyed_hash("R"), 0, next).add_cost(cost);
    expected += cost;
    EXPECT_EQ(table.figures(0).cost_admitted, expected);
  }
}

TEST(SubjectTable, CostsThatDoNotFitAreNotLost) {
  SubjectTable table;
  SubjectId next = 0;
  for (int i = 0; i < 3; ++i) table.find_or_add(keyed_hash("R"), 0, next).add_cost(uint64_t{1} << 63);
  EXPECT_EQ(table.figures(0).cost_admitted, UINT64_MAX);
}

}  // namespace
}  // namespace rateguard::simulate
