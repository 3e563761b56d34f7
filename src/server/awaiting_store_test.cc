#include "server/awaiting_store.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "net/clock.h"
#include "server/late_store_for_tests.h"
#include "store/memory/memory_store.h"

namespace rateguard::server {
namespace {

constexpr Duration kMinute = Duration::seconds(60);

class AwaitingStoreTest : public testing::Test {
 protected:
  // What is left of eight after one more.
  uint64_t ask() {
    Charge charge{.key = "k", .limit = &window_};
    store_.charge({{&charge, 1}}, now_);
    return charge.decision.remaining;
  }

  const Limit window_ = Limit::fixed_window(8, kMinute).value();
  net::ManualClock clock_;
  const Instant now_ = clock_.now();
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  std::unique_ptr<MemoryStore> counters_ = MemoryStore::create({.max_keys = 100}).value();
  net::Tasks tasks_;
  LateStore remote_{*counters_};
  AwaitingStore store_{remote_, tasks_, *loop_};
};

TEST_F(AwaitingStoreTest, TheTaskContinuesWhenTheAnswerHasArrived) {
  std::vector<int> order;
  std::vector<uint64_t> left;
  for (int i = 0; i < 2; ++i) {
    tasks_.run([&, i] {
      left.push_back(ask());
      order.push_back(i);
    });
  }
  EXPECT_TRUE(order.empty());
  remote_.answer(1);
  remote_.answer(0);
  EXPECT_EQ(order, (std::vector<int>{1, 0}));
  EXPECT_EQ(left, (std::vector<uint64_t>{7, 6}));
}

TEST_F(AwaitingStoreTest, AnAnswerAtOnceIsNotWaitedFor) {
  remote_.at_once = true;
  bool decided = false;
  tasks_.run([&] {
    EXPECT_EQ(ask(), 7u);
    decided = true;
  });
  EXPECT_TRUE(decided);
}

TEST_F(AwaitingStoreTest, ResetsAndReleasesWaitToo) {
  const Limit holds = Limit::concurrency(1, kMinute).value();
  Charge used{.key = "k", .limit = &window_};
  Charge held{.key = "h", .limit = &holds};
  counters_->charge({{&used, 1}}, now_);
  counters_->charge({{&held, 1}}, now_);
  bool done = false;
  tasks_.run([&] {
    EXPECT_EQ(store_.reset("k", {}), ResetResult::kForgotten);
    EXPECT_EQ(store_.release(held.decision.hold, now_), ReleaseResult::kReleased);
    done = true;
  });
  ASSERT_EQ(remote_.waiting(), 1u);
  remote_.answer();
  ASSERT_EQ(remote_.waiting(), 1u);
  EXPECT_FALSE(done);
  remote_.answer();
  EXPECT_TRUE(done);
  store_.tick({}, {});
  EXPECT_EQ(remote_.ticks, 1);
}

}  // namespace
}  // namespace rateguard::server
