#include "net/tasks.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/clock.h"

namespace rateguard::net {
namespace {

using Answered = Tasks::Answered;

// Work that waits until the test answers it.
struct TasksTest : testing::Test {
  Woken wait(Tasks& of) {
    return of.await([&](const Answered& answered) { answers.push_back(answered); });
  }
  Woken wait() { return wait(tasks); }

  Tasks tasks;
  std::vector<Answered> answers;
  std::string trace;
};

TEST_F(TasksTest, RunsWorkToItsEndAtOnce) {
  bool ran = false;
  EXPECT_TRUE(tasks.run([&] {
    ran = true;
    EXPECT_TRUE(tasks.inside());
    EXPECT_EQ(tasks.running(), 1u);
  }));
  EXPECT_TRUE(ran);
  EXPECT_FALSE(tasks.inside());
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, GoesOnWhereItWaitedWithWhatItHad) {
  tasks.run([&] {
    std::string own(1'000, 'x');
    trace += 'a';
    EXPECT_EQ(wait(), Woken::kAnswered);
    trace += own.size() == 1'000 ? 'c' : '?';
    wait();
    trace += 'e';
  });
  trace += 'b';
  answers[0]();
  trace += 'd';
  EXPECT_EQ(tasks.running(), 1u);
  answers[1]();
  EXPECT_EQ(trace, "abcde");
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, AnAnswerAtOnceIsNotWaitedFor) {
  tasks.run([&] {
    EXPECT_EQ(tasks.await([](const Answered& answered) { answered(); }), Woken::kAnswered);
    trace += 'a';
  });
  EXPECT_EQ(trace, "a");
}

TEST_F(TasksTest, AnAnswerWakesOnceAndNothingElse) {
  tasks.run([&] {
    wait();
    trace += '1';
    wait();
    trace += '2';
  });
  answers[0]();
  answers[0]();
  EXPECT_EQ(trace, "1");
  answers[1]();
  tasks.run([&] {
    wait();  // the same record, perhaps
    trace += '3';
  });
  answers[0]();
  answers[1]();
  EXPECT_EQ(trace, "12");
  answers[2]();
  EXPECT_EQ(trace, "123");
}

TEST_F(TasksTest, OneTaskMayAnswerAnother) {
  tasks.run([&] {
    wait();
    trace += '1';
    EXPECT_TRUE(tasks.inside());
  });
  tasks.run([&] {
    answers[0]();
    trace += '2';
    EXPECT_TRUE(tasks.inside());
  });
  EXPECT_EQ(trace, "12");
}

TEST_F(TasksTest, WorkBeyondTheBoundWaitsItsTurn) {
  Tasks two({.short_lane = {.running_max = 2}});
  for (int i = 0; i < 5; ++i) {
    two.run([&, i] {
      wait(two);
      trace += static_cast<char>('0' + i);
    });
  }
  EXPECT_EQ(two.running(), 2u);
  EXPECT_EQ(two.queued(), 3u);
  for (size_t next = 0; next < answers.size(); ++next) answers[next]();
  EXPECT_EQ(trace, "01234");
  EXPECT_EQ(two.running() + two.queued(), 0u);
}

TEST_F(TasksTest, WorkBeyondTheQueueIsRefusedAndDropped) {
  Tasks one({.short_lane = {.running_max = 1, .queued_max = 1}});
  const auto kept = std::make_shared<int>(7);
  EXPECT_TRUE(one.run([&] { wait(one); }));
  EXPECT_TRUE(one.has_room(Lane::kShort));
  EXPECT_TRUE(one.run([&] { trace += 'q'; }));
  EXPECT_FALSE(one.has_room(Lane::kShort));
  EXPECT_FALSE(one.run([&, copy = kept] { trace += '?'; }));
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(one.figures(Lane::kShort).refused, 1u);
  answers[0]();
  EXPECT_EQ(trace, "q");
  EXPECT_TRUE(one.has_room(Lane::kShort));
}

TEST_F(TasksTest, ACheckRunsAtOnceWhileAsManyStreamsWaitAsMayRun) {
  for (int i = 0; i < 4'096; ++i) tasks.run(Lane::kLong, [&] { wait(); });
  tasks.run(Lane::kLong, [&] { trace += "a stream that waits its turn"; });
  EXPECT_EQ(tasks.figures(Lane::kLong).running, 4'096u);
  EXPECT_EQ(tasks.figures(Lane::kLong).queued, 1u);
  tasks.run(Lane::kShort, [&] {
    wait();
    trace += "a check";
  });
  EXPECT_EQ(tasks.figures(Lane::kShort).running, 1u);
  answers.back()();
  EXPECT_EQ(trace, "a check");
  EXPECT_EQ(tasks.figures(Lane::kShort).running, 0u);
}

TEST_F(TasksTest, ALongQueueOfShortWorkNeedsNoDeepStack) {
  Tasks one({.short_lane = {.running_max = 1, .queued_max = 100'000}});
  one.run([&] { wait(one); });
  int ran = 0;
  for (int i = 0; i < 100'000; ++i) one.run([&] { ++ran; });
  answers[0]();
  EXPECT_EQ(ran, 100'000);
}

TEST_F(TasksTest, ManyWaitAtOnceAndStacksAreGivenBack) {
  Tasks many({.idle_max = 3});
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 1'000; ++i) {
    many.run([&, i] {
      wait(many);
      sum += i;
    });
  }
  EXPECT_EQ(many.running(), 1'000u);
  for (const Answered& answered : answers) answered();
  EXPECT_EQ(sum, 999u * 1'000 / 2);
  EXPECT_EQ(many.running(), 0u);
}

TEST_F(TasksTest, WhatWaitsOrIsQueuedAtTheEndIsUnwound) {
  const auto kept = std::make_shared<int>(7);
  TaskGroup outlives;
  {
    Tasks ends({.short_lane = {.running_max = 1}});
    ends.run(
        Lane::kShort,
        [&, copy = kept] {
          const auto local = copy;
          wait(ends);
          ADD_FAILURE() << "nobody answered it";
        },
        &outlives);
    ends.run(Lane::kShort, [copy = kept] { ADD_FAILURE() << "its turn never came"; }, &outlives);
    EXPECT_EQ(kept.use_count(), 4);
  }
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_TRUE(outlives.empty());
}

TEST_F(TasksTest, AWaitEndsAtItsDeadlineAndALaterAnswerIsIgnored) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  Woken first = Woken::kAnswered;
  Woken second = Woken::kLate;
  tasks.run([&] {
    first = tasks.await([&](const Answered& answered) { answers.push_back(answered); }, noon);
    second = wait();
  });
  tasks.wake_late(noon - Duration::micros(1));
  EXPECT_EQ(first, Woken::kAnswered);
  tasks.wake_late(noon);
  EXPECT_EQ(first, Woken::kLate);
  answers[0]();
  EXPECT_EQ(tasks.running(), 1u);
  answers[1]();
  EXPECT_EQ(second, Woken::kAnswered);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, AnAnswerInTimeForgetsTheDeadline) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  tasks.run([&] {
    tasks.await([&](const Answered& answered) { answers.push_back(answered); }, noon);
    EXPECT_EQ(wait(), Woken::kAnswered);
    trace += 'a';
  });
  answers[0]();
  tasks.wake_late(noon);
  EXPECT_EQ(trace, "");
  answers[1]();
  EXPECT_EQ(trace, "a");
}

TEST_F(TasksTest, SleepersWakeInTheOrderOfTheirTimes) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  for (const int seconds : {3, 1, 2}) {
    tasks.run([&, seconds] {
      EXPECT_EQ(tasks.sleep_until(noon + Duration::seconds(seconds)), Woken::kLate);
      trace += static_cast<char>('0' + seconds);
    });
  }
  tasks.wake_late(noon + Duration::seconds(2));
  EXPECT_EQ(trace, "12");
  tasks.wake_late(noon + Duration::seconds(9));
  EXPECT_EQ(trace, "123");
}

// Else the loop would never come to anything else.
TEST_F(TasksTest, ASleeperThatIsAlwaysLateIsWokenOnceEachTimeAndHoldsUpNobody) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  bool goes_on = true;
  tasks.run([&] {
    while (goes_on && tasks.sleep_until(noon - Duration::seconds(1)) == Woken::kLate) trace += 'a';
  });
  tasks.run([&] {
    tasks.sleep_until(noon);
    trace += 'b';
  });
  tasks.wake_late(noon);
  EXPECT_EQ(trace, "ab");
  tasks.wake_late(noon);
  EXPECT_EQ(trace, "aba");
  goes_on = false;
  tasks.wake_late(noon);
  EXPECT_EQ(tasks.running(), 0u);
}

// The one that has been woken may take the other's deadline away.
TEST_F(TasksTest, AWokenTaskMayAnswerOrCancelAnotherWhoseTimeHasComeToo) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  TaskGroup group;
  Woken answered = Woken::kLate;
  Woken cancelled = Woken::kLate;
  tasks.run([&] {
    tasks.sleep_until(noon);
    answers.front()();
    group.cancel();
  });
  tasks.run([&] { answered = tasks.await([&](const Answered& a) { answers.push_back(a); }, noon); });
  tasks.run(Lane::kShort, [&] { cancelled = tasks.sleep_until(noon); }, &group);
  tasks.wake_late(noon);
  EXPECT_EQ(answered, Woken::kAnswered);
  EXPECT_EQ(cancelled, Woken::kCancelled);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TasksOnALoop, DeadlinesPassAsTheLoopsTimeDoes) {
  ManualClock clock;
  const auto loop = EventLoop::create(clock).value();
  Tasks tasks(*loop);
  const Instant when = clock.now() + Duration::millis(1);
  const Instant much_later = clock.now() + Duration::seconds(100'000);
  Woken woken = Woken::kAnswered;
  tasks.run([&] { tasks.sleep_until(much_later); });
  tasks.run([&] {
    woken = tasks.sleep_until(when);
    loop->stop();
  });
  clock.advance(Duration::millis(1));
  loop->run();
  EXPECT_EQ(woken, Woken::kLate);
  EXPECT_EQ(tasks.running(), 1u);
}

TEST_F(TasksTest, ACancelledTaskUnwindsInOrderAndWaitsNoMore) {
  TaskGroup group;
  tasks.run(
      Lane::kShort,
      [&] {
        EXPECT_EQ(wait(), Woken::kCancelled);
        EXPECT_TRUE(tasks.is_cancelled());
        EXPECT_EQ(wait(), Woken::kCancelled);
        EXPECT_EQ(tasks.sleep_until(Instant::from_seconds(9)), Woken::kCancelled);
        trace += 'u';
      },
      &group);
  EXPECT_FALSE(group.empty());
  group.cancel();
  EXPECT_EQ(trace, "u");
  EXPECT_TRUE(group.empty());
  EXPECT_EQ(answers.size(), 1u);  // what came after was not even asked
  answers[0]();
  tasks.run([&] { EXPECT_FALSE(tasks.is_cancelled()); });  // it has the record of the one before
}

TEST_F(TasksTest, WhatCannotBeLeftIsAnsweredFirst) {
  TaskGroup group;
  const auto wait_whole = [&] {
    return tasks.await_whole([&](const Answered& answered) { answers.push_back(answered); });
  };
  tasks.run(
      Lane::kShort,
      [&] {
        EXPECT_EQ(wait_whole(), Woken::kAnswered);
        trace += 'a';
        EXPECT_EQ(wait_whole(), Woken::kCancelled);
        trace += 'u';
      },
      &group);
  group.cancel();
  EXPECT_EQ(trace, "");
  answers[0]();
  EXPECT_EQ(trace, "au");
  EXPECT_EQ(answers.size(), 1u);
}

TEST_F(TasksTest, CancelledWorkThatHasNotBegunIsDropped) {
  Tasks one({.short_lane = {.running_max = 1}});
  TaskGroup group;
  const auto kept = std::make_shared<int>(7);
  one.run([&] { wait(one); });
  one.run(Lane::kShort, [&, copy = kept] { trace += '?'; }, &group);
  one.run([&] { trace += 'b'; });
  group.cancel();
  EXPECT_EQ(kept.use_count(), 1);
  EXPECT_EQ(one.queued(), 1u);
  answers[0]();
  EXPECT_EQ(trace, "b");
}

TEST_F(TasksTest, AGroupIsCancelledAtOnceAndOthersAreNot) {
  TaskGroup group;
  int unwound = 0;
  for (int i = 0; i < 100; ++i) {
    tasks.run(Lane::kLong, [&] { unwound += wait() == Woken::kCancelled ? 1 : 0; }, &group);
  }
  tasks.run([&] { EXPECT_EQ(wait(), Woken::kAnswered); });
  group.cancel();
  EXPECT_EQ(unwound, 100);
  EXPECT_EQ(tasks.running(), 1u);
  answers.back()();
}

TEST_F(TasksTest, ATaskMayCancelItsOwnGroup) {
  TaskGroup group;
  tasks.run(Lane::kShort, [&] { trace += wait() == Woken::kCancelled ? 'o' : '?'; }, &group);
  tasks.run(
      Lane::kShort,
      [&] {
        group.cancel();
        trace += 's';
        EXPECT_EQ(wait(), Woken::kCancelled);
      },
      &group);
  EXPECT_EQ(trace, "os");
  EXPECT_TRUE(group.empty());
}

// What a request's task owns has the group by which it is cancelled.
TEST_F(TasksTest, AGroupMayGoWithTheTaskThatItCancels) {
  auto owned = std::make_unique<TaskGroup>();
  TaskGroup& group = *owned;
  tasks.run(Lane::kShort, [&, mine = std::move(owned)] { trace += wait() == Woken::kCancelled ? 'u' : '?'; }, &group);
  group.cancel();
  EXPECT_EQ(trace, "u");
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, AGroupMayGoWithOneOfSeveralTasksThatItCancels) {
  auto owned = std::make_unique<TaskGroup>();
  TaskGroup& group = *owned;
  const auto wait_cancelled = [&] { trace += wait() == Woken::kCancelled ? 'u' : '?'; };
  tasks.run(Lane::kShort, wait_cancelled, &group);
  tasks.run(Lane::kShort, [&, mine = std::move(owned)] { wait_cancelled(); }, &group);
  tasks.run(Lane::kShort, wait_cancelled, &group);
  group.cancel();
  EXPECT_EQ(trace, "uuu");
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, ADestroyedGroupCancelsItsTasks) {
  Tasks one({.long_lane = {.running_max = 1}});
  {
    TaskGroup group;
    one.run(Lane::kLong, [&] { trace += wait(one) == Woken::kCancelled ? 'u' : '?'; }, &group);
    one.run(Lane::kLong, [&] { trace += '?'; }, &group);
  }
  EXPECT_EQ(trace, "u");
  EXPECT_EQ(one.running() + one.queued(), 0u);
}

TEST_F(TasksTest, AGroupIsJoinedWhenTheLastOfItHasEnded) {
  TaskGroup group;
  for (int i = 0; i < 2; ++i) tasks.run(Lane::kShort, [&] { wait(); }, &group);
  tasks.run([&] {
    EXPECT_EQ(group.join(tasks), Woken::kAnswered);
    trace += 'j';
    EXPECT_EQ(group.join(tasks), Woken::kAnswered);
  });
  answers[0]();
  EXPECT_EQ(trace, "");
  answers[1]();
  EXPECT_EQ(trace, "j");
  EXPECT_EQ(tasks.running(), 0u);
}

TEST_F(TasksTest, JoinMayGiveUpAtADeadline) {
  const Instant noon = Instant::from_seconds(1'700'000'000);
  TaskGroup group;
  tasks.run(Lane::kShort, [&] { wait(); }, &group);
  tasks.run([&] { trace += group.join(tasks, noon) == Woken::kLate ? 'l' : '?'; });
  tasks.wake_late(noon);
  EXPECT_EQ(trace, "l");
  answers[0]();
  EXPECT_EQ(tasks.running(), 0u);
}

}  // namespace
}  // namespace rateguard::net
