#include "simulate/growing_array.h"

#include <gtest/gtest.h>

namespace rateguard::simulate {
namespace {

TEST(GrowingArray, HoldsWhatWasPutInWhereItWasPut) {
  GrowingArray<size_t> array;
  EXPECT_EQ(array.size(), 0u);
  array.push_back(0);
  size_t& first = array[0];
  for (size_t i = 1; i < 300'000; ++i) {  // of 8 bytes: beyond the first huge page
    array.push_back(i);
    ASSERT_EQ(array.back(), i);
  }
  EXPECT_EQ(array.size(), 300'000u);
  for (size_t i = 0; i < array.size(); ++i) ASSERT_EQ(array[i], i);
  EXPECT_EQ(&array[0], &first);
}

}  // namespace
}  // namespace rateguard::simulate
