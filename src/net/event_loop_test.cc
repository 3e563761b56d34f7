#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace rateguard::net {
namespace {

struct LoopTest : testing::Test {
  SystemClock clock;
  std::unique_ptr<EventLoop> loop = *EventLoop::create(clock);
  std::string log;
};

TEST_F(LoopTest, RunsPostedWorkInOrderFromAnyThread) {
  std::thread other([&] {
    loop->post([&] { log += "a"; });
    loop->post([&] { log += "b"; });
    loop->post([&] { loop->stop(); });
  });
  loop->run();
  other.join();
  EXPECT_EQ(log, "ab");
}

TEST_F(LoopTest, AStopBeforeRunIsNotLostAndItCanBeRunAgain) {
  loop->post([&] {
    log += "x";
    loop->stop();
  });
  loop->stop();
  loop->run();
  EXPECT_EQ(log, "");
  loop->run();
  EXPECT_EQ(log, "x");
}

TEST_F(LoopTest, TimersFireInOrderAndNotWhenCancelled) {
  Timer cancelled = loop->after(Duration::millis(1), [&] { log += "never"; });
  const Timer late = loop->after(Duration::millis(20), [&] {
    log += "2";
    loop->stop();
  });
  const Timer early = loop->after(Duration::millis(5), [&] { log += "1"; });
  cancelled.cancel();
  loop->run();
  EXPECT_EQ(log, "12");
}

TEST_F(LoopTest, ATimerMayCancelItselfAndReplaceItself) {
  Timer timer;
  timer = loop->every(Duration::millis(1), [&] {
    log += "a";
    if (log.size() < 3) return;
    timer.cancel();
    timer = loop->after(Duration::millis(1), [&] {
      log += "b";
      loop->stop();
    });
  });
  loop->run();
  EXPECT_EQ(log, "aaab");
}

TEST(EventLoopAt, WaitsForTheLoopsOwnClock) {
  ManualClock clock;
  const auto loop = *EventLoop::create(clock);
  std::string log;
  const Instant when = clock.now() + Duration::millis(2);
  const Timer timer = loop->at(when, [&] {
    EXPECT_GE(loop->now(), when);
    log += "at";
    loop->stop();
  });
  // The system's time passes `when` long before the loop's clock does.
  const Timer later = loop->after(Duration::millis(20), [&] {
    log += "later ";
    clock.advance(Duration::millis(2));
  });
  loop->run();
  EXPECT_EQ(log, "later at");
}

// Both ends of a pipe.
struct Pipe {
  std::array<int, 2> ends{};
  Pipe() { EXPECT_EQ(::pipe(ends.data()), 0); }
  ~Pipe() {
    ::close(ends[0]);
    ::close(ends[1]);
  }
  void fill() const { EXPECT_EQ(::write(ends[1], "x", 1), 1); }
};

struct Reader final : ReadyHandler {
  std::function<void()> ready = [] {};
  void on_ready(uint32_t events) override {
    EXPECT_TRUE(events & EPOLLIN);
    ready();
  }
};

TEST_F(LoopTest, AnUnwatchedHandlerGetsNoMoreEventsOfTheSameBatch) {
  const Pipe a;
  const Pipe b;
  Reader first;
  Reader second;
  a.fill();
  b.fill();
  int heard = 0;
  const auto unwatch_both = [&] {
    ++heard;
    loop->unwatch(a.ends[0], first);
    loop->unwatch(b.ends[0], second);
    loop->post([&] { loop->stop(); });
  };
  first.ready = second.ready = unwatch_both;
  ASSERT_TRUE(loop->watch(a.ends[0], EPOLLIN, first));
  ASSERT_TRUE(loop->watch(b.ends[0], EPOLLIN, second));
  loop->run();
  EXPECT_EQ(heard, 1);
}

TEST_F(LoopTest, PostedWorkGetsItsTurnThoughADescriptorIsAlwaysReady) {
  const Pipe pipe;
  Reader reader;
  pipe.fill();
  int heard = 0;
  reader.ready = [&] {
    if (++heard == 1) loop->post([&] { loop->stop(); });
  };
  ASSERT_TRUE(loop->watch(pipe.ends[0], EPOLLIN, reader));
  loop->run();
  EXPECT_GE(heard, 1);
  EXPECT_LT(heard, 1'000);
}

TEST_F(LoopTest, RefusesAnInvalidDescriptor) {
  Reader reader;
  EXPECT_FALSE(loop->watch(-1, EPOLLIN, reader));
}

}  // namespace
}  // namespace rateguard::net
