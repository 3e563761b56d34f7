#include "net/blocking_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>

#include "net/blocking_calls.h"
#include "net/loop_thread_testing.h"
#include "net/steady_time_testing.h"

namespace rateguard::net {
namespace {

// Work that runs until the test lets it go.
class Gate {
 public:
  BlockingPool::Work work() {
    return [this] {
      entered_.count_down();
      open_.wait();
    };
  }
  void await_entry() { entered_.wait(); }
  void open() { open_.count_down(); }

 private:
  std::latch entered_{1};
  std::latch open_{1};
};

TEST(BlockingPoolTest, RunsWorkOnItsOwnThreads) {
  BlockingPool pool({.threads = 2});
  Gate first;
  Gate second;
  EXPECT_TRUE(pool.submit(first.work()));
  EXPECT_TRUE(pool.submit(second.work()));
  first.await_entry();
  second.await_entry();
  EXPECT_EQ(pool.figures().running, 2u);
  first.open();
  second.open();
  pool.drain();
  EXPECT_EQ(pool.figures().running, 0u);
}

TEST(BlockingPoolTest, RefusesWhatFindsNoRoom) {
  BlockingPool pool({.threads = 1, .queued_max = 1});
  Gate gate;
  pool.submit(gate.work());
  gate.await_entry();
  std::atomic<int> ran = 0;
  EXPECT_TRUE(pool.submit([&] { ++ran; }));
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
  EXPECT_EQ(pool.figures().queued, 1u);
  EXPECT_EQ(pool.figures().refused, 1u);
  gate.open();
  pool.drain();
  EXPECT_EQ(ran, 1);
}

TEST(BlockingPoolTest, WorkOfOneKeyKeepsItsOrderAndOtherWorkDoesNotWaitForIt) {
  BlockingPool pool({.threads = 4});
  Gate gate;
  std::string order;  // touched by work of one key only
  pool.submit(gate.work(), 1);
  gate.await_entry();
  for (char c = 'a'; c <= 'z'; ++c) pool.submit([&order, c] { order += c; }, 1);
  std::latch others(2);
  pool.submit([&] { others.count_down(); }, 2);
  pool.submit([&] { others.count_down(); });
  others.wait();
  EXPECT_EQ(pool.figures().queued, 26u);
  gate.open();
  pool.drain();
  EXPECT_EQ(order, "abcdefghijklmnopqrstuvwxyz");
}

TEST(BlockingPoolTest, CancelsOnlyWorkThatHasNotBegun) {
  BlockingPool pool({.threads = 1});
  Gate gate;
  const auto running = pool.submit(gate.work());
  gate.await_entry();
  const auto owned = std::make_shared<int>(1);
  std::atomic<int> ran = 0;
  const auto cancelled = pool.submit([&, owned] { ran += 10; });
  pool.submit([&] { ++ran; });
  EXPECT_TRUE(pool.cancel(*cancelled));
  EXPECT_EQ(owned.use_count(), 1);
  EXPECT_FALSE(pool.cancel(*cancelled));
  EXPECT_FALSE(pool.cancel(*running));
  gate.open();
  pool.drain();
  EXPECT_EQ(ran, 1);
}

TEST(BlockingPoolTest, StopDropsWhatHasNotBegunAndWaitsForWhatHas) {
  BlockingPool pool({.threads = 1});
  Gate gate;
  std::atomic<bool> ended = false;
  pool.submit([&, work = gate.work()]() mutable {
    work();
    ended = true;
  });
  gate.await_entry();
  std::atomic<int> ran = 0;
  std::latch dropped(1);
  struct Dropped {
    std::latch& latch;
    ~Dropped() { latch.count_down(); }
  };
  pool.submit([&ran, mark = std::make_unique<Dropped>(dropped)] { ++ran; });
  std::thread opens([&] {
    while (pool.figures().queued != 0) std::this_thread::yield();
    gate.open();
  });
  pool.stop();
  EXPECT_TRUE(ended);
  dropped.wait();
  opens.join();
  EXPECT_EQ(ran, 0);
  EXPECT_FALSE(pool.submit([&] { ++ran; }));
}

// A disk that has died lets no call return.
TEST(BlockingPoolTest, StopDoesNotWaitBeyondItsDeadlineForWorkThatHangs) {
  using std::chrono::steady_clock;
  BlockingPool pool({.threads = 2});
  Gate gate;
  std::atomic<int> ran = 0;
  pool.submit(gate.work(), 1);
  gate.await_entry();
  pool.submit([&] { ++ran; }, 1);
  EXPECT_FALSE(pool.stop_until(steady_clock::time_point::min()));
  EXPECT_FALSE(pool.submit([&] { ++ran; })) << "it has been told to end";
  gate.open();
  EXPECT_TRUE(pool.stop_until(steady_clock::now() + std::chrono::minutes(1)));
  EXPECT_EQ(ran, 0);
}

TEST(BlockingPoolTest, SaysHowLongWorkHasWaited) {
  ManualSteadyTime time;
  BlockingPool pool({.threads = 1}, time.source());
  Gate gate;
  pool.submit(gate.work());
  gate.await_entry();
  pool.submit([] {});
  time.advance(Duration::seconds(3));
  EXPECT_EQ(pool.figures().oldest_wait, Duration::seconds(3));
  EXPECT_EQ(pool.figures().longest_wait, Duration{});
  gate.open();
  pool.drain();
  EXPECT_EQ(pool.figures().oldest_wait, Duration{});
  EXPECT_EQ(pool.figures().longest_wait, Duration::seconds(3));
}

// A loop whose tasks call the pool.
struct BlockingCallsTest : testing::Test {
  ~BlockingCallsTest() override { thread.stop(); }

  LoopThread<ManualClock> thread;
  BlockingPool pool{{.threads = 1, .queued_max = 1}};
  Tasks tasks{thread.loop()};
  BlockingCalls calls{pool, tasks, thread.loop()};
};

TEST_F(BlockingCallsTest, ATaskGoesOnWithTheResult) {
  std::latch ended(1);
  CallResult<std::thread::id> result;
  thread.start();
  thread.post([&] {
    tasks.run([&] {
      result = calls.call([] { return std::this_thread::get_id(); });
      ended.count_down();
    });
  });
  ended.wait();
  thread.stop();
  EXPECT_EQ(result.called, Called::kDone);
  ASSERT_TRUE(result.value);
  EXPECT_NE(*result.value, std::this_thread::get_id());
}

TEST_F(BlockingCallsTest, ATaskHearsThatThePoolIsFullOrHasDroppedItsWork) {
  Gate gate;
  pool.submit(gate.work());
  gate.await_entry();
  std::latch refused(1);
  std::latch dropped(1);
  Called first = Called::kDone;
  Called second = Called::kDone;
  thread.start();
  thread.on_loop([&] {
    tasks.run([&] {
      first = calls.call([] { return 1; }).called;
      dropped.count_down();
    });
    tasks.run([&] {
      second = calls.call([] { return 2; }).called;
      refused.count_down();
    });
  });
  refused.wait();
  EXPECT_EQ(second, Called::kRefused);
  std::thread opens([&] {
    while (pool.figures().queued != 0) std::this_thread::yield();
    gate.open();
  });
  pool.stop();
  dropped.wait();
  opens.join();
  thread.stop();
  EXPECT_EQ(first, Called::kRefused);
}

TEST_F(BlockingCallsTest, ACancelledTaskTakesBackWhatHasNotBegunAndLeavesTheRest) {
  Gate gate;
  TaskGroup group;
  Called running = Called::kDone;
  Called queued = Called::kDone;
  const auto owned = std::make_shared<int>(1);
  thread.start();
  thread.on_loop([&] {
    tasks.run(
        Lane::kShort,
        [&] {
          running = calls
                        .call([work = gate.work(), owned]() mutable {
                          work();
                          return *owned;
                        })
                        .called;
        },
        &group);
  });
  gate.await_entry();
  thread.on_loop([&] {
    tasks.run(Lane::kShort, [&] { queued = calls.call([owned] { return *owned; }).called; }, &group);
    group.cancel();
    EXPECT_EQ(tasks.running(), 0u);
  });
  EXPECT_EQ(running, Called::kCancelled);
  EXPECT_EQ(queued, Called::kCancelled);
  EXPECT_EQ(pool.figures().queued, 0u);
  gate.open();
  pool.drain();
  thread.on_loop([] {});  // its late answer is nobody's
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(BlockingCallsTest, ATaskGoesOnWithoutTheResultAtItsDeadline) {
  Gate gate;
  pool.submit(gate.work());
  gate.await_entry();
  Called called = Called::kDone;
  thread.start();
  thread.on_loop([&] {
    const Instant when = thread.clock().now();
    tasks.run([&, when] { called = calls.call([] { return 1; }, BlockingPool::kNoOrder, when).called; });
    tasks.wake_late(when);
  });
  EXPECT_EQ(called, Called::kLate);
  EXPECT_EQ(pool.figures().queued, 0u);
  gate.open();
  pool.drain();
}

}  // namespace
}  // namespace rateguard::net
