#include "simulate/subject_table.h"

#include <gtest/gtest.h>

#include <map>

namespace rateguard::simulate {
namespace {

TEST(SubjectTable, KeepsTheFiguresOfEveryKeyByRule) {
  SubjectTable table(2);
  std::map<std::pair<std::string, rules::RuleId>, uint32_t> expected;
  for (uint32_t i = 0; i < 20'000; ++i) {
    const std::string key = "R" + std::to_string(i * i % 7'001);
    const rules::RuleId rule = i % 2;
    SubjectTable::Sums& sums = table.find_or_add(keyed_hash(key), key, rule);
    ++sums.requests;
    sums.refused += i % 3 == 0;
    ++expected[{key, rule}];
  }
  const auto figures = table.figures();
  ASSERT_EQ(figures.size(), expected.size());
  uint64_t refused = 0;
  for (const SubjectFigures& subject : figures) {
    const std::string key(table.key(subject.id));
    EXPECT_EQ(subject.requests, (expected[{key, subject.rule}])) << key;
    EXPECT_EQ(table.find(key, subject.rule), subject.id);
    refused += subject.refused;
  }
  EXPECT_EQ(refused, 6'667u);
}

TEST(SubjectTable, CostsAddUpBeyond32Bits) {
  SubjectTable table(1);
  uint64_t expected = 0;
  for (const uint32_t cost : {UINT32_MAX, 1u, 0u, UINT32_MAX, UINT32_MAX, 7u}) {
    table.find_or_add(keyed_hash("R"), "R", 0).add_cost(cost);
    expected += cost;
    EXPECT_EQ(table.figures()[0].cost_admitted, expected);
  }
}

}  // namespace
}  // namespace rateguard::simulate
