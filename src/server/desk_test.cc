#include "server/desk.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace rateguard::server {
namespace {

struct Seat {
  uint64_t policy = 0;
};

struct DeskTest : testing::Test {
  uint64_t policies = 1;
  int made = 0;
  net::Tasks tasks{{.short_lane = {.running_max = 2, .queued_max = 1}}};
  Desk<Seat> desk{&tasks,
                  policies,
                  [this] {
                    ++made;
                    return std::make_unique<Seat>(Seat{policies});
                  },
                  {.idle_max = 2, .waiting_bytes_max = 100}};
  std::vector<net::Tasks::Answered> answers;

  // Work that waits for the test's answer.
  auto work(std::string name, std::string& trace) {
    return [this, name = std::move(name), &trace] {
      const auto woken = tasks.await([this](const net::Tasks::Answered& answered) { answers.push_back(answered); });
      trace += woken == net::Woken::kAnswered ? name : "(" + name + ")";
    };
  }
};

TEST_F(DeskTest, ASeatServesOneAfterTheOther) {
  {
    const auto first = desk.take();
  }
  {
    const auto second = desk.take();
  }
  EXPECT_EQ(made, 1);
  EXPECT_EQ(desk.idle(), 1u);
}

TEST_F(DeskTest, KeepsNoMoreSeatsThanItsBound) {
  {
    std::vector<Desk<Seat>::Taken> taken;
    for (int i = 0; i < 5; ++i) taken.push_back(desk.take());
  }
  EXPECT_EQ(made, 5);
  EXPECT_EQ(desk.idle(), 2u);
}

TEST_F(DeskTest, SeatsOfAnOldPolicyAreNotKept) {
  std::optional<Desk<Seat>::Taken> out(desk.take());
  {
    const auto resting = desk.take();
  }
  EXPECT_EQ(desk.idle(), 1u);
  policies = 2;
  out.reset();
  desk.forget_old();
  EXPECT_EQ(desk.idle(), 0u);
  EXPECT_EQ(desk.take()->policy, 2u);
}

TEST_F(DeskTest, ASeatThatWasGivenTheNewPolicyIsKept) {
  {
    auto out = desk.take();
    policies = 2;
    EXPECT_FALSE(out.is_current());
    out->policy = 2;
    out.is_renewed();
  }
  EXPECT_EQ(desk.idle(), 1u);
  EXPECT_EQ(desk.take()->policy, 2u);
  EXPECT_EQ(made, 1);
}

TEST_F(DeskTest, WhoeverHasGoneIsCancelledAndLeavesNothingBehind) {
  std::string trace;
  net::TaskGroup gone;
  net::TaskGroup stays;
  EXPECT_TRUE(desk.serve(10, stays, work("a", trace)));
  EXPECT_TRUE(desk.serve(10, gone, work("b", trace)));
  EXPECT_TRUE(desk.serve(10, gone, work("never", trace)));  // its turn has not come
  EXPECT_EQ(desk.waiting_bytes(), 30u);
  gone.cancel();
  EXPECT_EQ(trace, "(b)");
  EXPECT_EQ(desk.waiting_bytes(), 10u);
  answers[0]();
  EXPECT_EQ(trace, "(b)a");
  EXPECT_EQ(desk.waiting_bytes(), 0u);
}

TEST_F(DeskTest, BeyondItsBoundsNothingMoreWaits) {
  std::string trace;
  net::TaskGroup asker;
  EXPECT_FALSE(desk.has_room(101));
  EXPECT_FALSE(desk.serve(101, asker, work("too large", trace)));
  EXPECT_TRUE(desk.serve(60, asker, work("a", trace)));
  EXPECT_FALSE(desk.serve(60, asker, work("too much with the other", trace)));
  EXPECT_TRUE(desk.serve(1, asker, work("b", trace)));
  EXPECT_TRUE(desk.serve(1, asker, work("c", trace)));
  EXPECT_FALSE(desk.serve(1, asker, work("too many", trace)));
  EXPECT_EQ(desk.waiting_bytes(), 62u);
  for (size_t i = 0; i < answers.size(); ++i) answers[i]();
  EXPECT_EQ(trace, "abc");
  EXPECT_EQ(desk.waiting_bytes(), 0u);
}

}  // namespace
}  // namespace rateguard::server
