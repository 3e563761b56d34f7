#include "simulate/reused_text.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

TEST(ReusedText, HoldsTheLastTextWhateverItsLength) {
  ReusedText text;
  EXPECT_EQ(text.view(), "");
  for (const size_t size : {0, 1, 103, 104, 105, 5'000, 104, 3, 105, 0}) {
    const std::string expected(size, static_cast<char>('a' + size % 26));
    text.assign(expected);
    EXPECT_EQ(text.view(), expected);
    const ReusedText copy = text;
    EXPECT_EQ(copy.view(), expected);
  }
}

}  // namespace
}  // namespace rateguard::simulate
