#include "base/out_of_memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>

namespace rateguard {
namespace {

// More than any machine has.
void ask_for_too_much() noexcept {
  volatile size_t size = SIZE_MAX / 4;
  void* const memory = ::operator new(size);  // which cannot be optimised away
  std::exit(memory == nullptr ? 1 : 0);
}

TEST(OutOfMemoryDeathTest, TheProcessEndsAndSaysWhy) {
  EXPECT_EXIT(
      {
        report_lack_of_memory();
        ask_for_too_much();
      },
      testing::KilledBySignal(SIGABRT), "rateguard: out of memory; the process ends");
}

}  // namespace
}  // namespace rateguard
