#include "server/awaiting_store.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/clock.h"

namespace rateguard::server {
namespace {

// Answers when it is told to.
class LateStore final : public RemoteStore {
 public:
  void charge(std::span<ChargeGroup> groups, Instant, Done done) override {
    for (const ChargeGroup& group : groups) {
      for (Charge& charge : group.charges) charge.decision.remaining = 7;
    }
    if (at_once) return done();
    waiting.push_back(std::move(done));
  }
  void reset(std::string_view, KeyOffset, Instant, std::move_only_function<void(ResetResult)> done) override {
    waiting.push_back([done = std::move(done)]() mutable { done(ResetResult::kForgotten); });
  }
  void release(const HoldId&, Instant, std::move_only_function<void(ReleaseResult)> done) override {
    waiting.push_back([done = std::move(done)]() mutable { done(ReleaseResult::kReleased); });
  }
  void tick(Instant) override { ++ticks; }

  bool at_once = false;
  int ticks = 0;
  std::vector<Done> waiting;
};

class AwaitingStoreTest : public testing::Test {
 protected:
  net::ManualClock clock_;
  std::unique_ptr<net::EventLoop> loop_ = net::EventLoop::create(clock_).value();
  net::Tasks tasks_;
  LateStore remote_;
  AwaitingStore store_{remote_, tasks_, *loop_};
};

TEST_F(AwaitingStoreTest, TheTaskGoesOnWhenTheAnswerHasCome) {
  std::vector<int> order;
  for (int i = 0; i < 2; ++i) {
    tasks_.run([&, i] {
      Charge charge{.key = "k"};
      store_.charge({{&charge, 1}}, {});
      EXPECT_EQ(charge.decision.remaining, 7u);
      order.push_back(i);
    });
  }
  EXPECT_TRUE(order.empty());
  remote_.waiting[1]();
  remote_.waiting[0]();
  EXPECT_EQ(order, (std::vector<int>{1, 0}));
}

TEST_F(AwaitingStoreTest, AnAnswerAtOnceIsNotWaitedFor) {
  remote_.at_once = true;
  bool decided = false;
  tasks_.run([&] {
    Charge charge{.key = "k"};
    store_.charge({{&charge, 1}}, {});
    decided = true;
  });
  EXPECT_TRUE(decided);
}

TEST_F(AwaitingStoreTest, ResetsAndReleasesWaitToo) {
  bool done = false;
  tasks_.run([&] {
    EXPECT_EQ(store_.reset("k", 0), ResetResult::kForgotten);
    EXPECT_EQ(store_.release({}, {}), ReleaseResult::kReleased);
    done = true;
  });
  ASSERT_EQ(remote_.waiting.size(), 1u);
  remote_.waiting[0]();
  ASSERT_EQ(remote_.waiting.size(), 2u);
  EXPECT_FALSE(done);
  remote_.waiting[1]();
  EXPECT_TRUE(done);
  store_.tick({}, {});
  EXPECT_EQ(remote_.ticks, 1);
}

}  // namespace
}  // namespace rateguard::server
