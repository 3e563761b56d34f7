#include "loadgen/pace.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace rateguard::loadgen {
namespace {

TEST(Pace, CountsWhatIsDue) {
  const Pace pace(1'000'000'000, 1'000);
  EXPECT_EQ(pace.due_by(999'999'999), 0u);
  EXPECT_EQ(pace.due_by(1'000'000'000), 1u) << "the first is due at the start";
  EXPECT_EQ(pace.due_by(1'000'999'999), 1u);
  EXPECT_EQ(pace.due_by(1'001'000'000), 2u);
  EXPECT_EQ(pace.due_ns(60'000), 61'000'000'000) << "a minute later nothing has added up";
}

TEST(Pace, DueByAndDueAgree) {
  EXPECT_TRUE(rc::check([] {
    const double rate = *rc::gen::inRange(1, 2'000'000) / 3.0;
    const int64_t elapsed = *rc::gen::inRange<int64_t>(0, 3'600'000'000'000);
    const Pace pace(500, rate);
    const int64_t now = 500 + elapsed;
    const uint64_t due = pace.due_by(now);
    RC_ASSERT(due >= 1u);
    RC_ASSERT(pace.due_ns(due - 1) <= now);
    RC_ASSERT(pace.due_ns(due) > now);
  }));
}

}  // namespace
}  // namespace rateguard::loadgen
