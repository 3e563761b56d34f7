#include "net/tasks.h"

#include <gtest/gtest.h>

#include <string>

namespace rateguard::net {
namespace {

TEST(TasksTest, RunsWorkToItsEndAtOnce) {
  Tasks tasks;
  bool ran = false;
  tasks.run([&] {
    ran = true;
    EXPECT_NE(tasks.current(), nullptr);
    EXPECT_EQ(tasks.running(), 1u);
  });
  EXPECT_TRUE(ran);
  EXPECT_EQ(tasks.current(), nullptr);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TasksTest, GoesOnWhereItWaitedWithWhatItHad) {
  Tasks tasks;
  std::string trace;
  Tasks::Task* waiting = nullptr;
  tasks.run([&] {
    std::string own(1'000, 'x');
    trace += 'a';
    waiting = tasks.current();
    tasks.wait();
    trace += own.size() == 1'000 ? 'c' : '?';
    tasks.wait();
    trace += 'e';
  });
  trace += 'b';
  tasks.resume(*waiting);
  trace += 'd';
  EXPECT_EQ(tasks.running(), 1u);
  tasks.resume(*waiting);
  EXPECT_EQ(trace, "abcde");
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TasksTest, OneTaskMayResumeAnother) {
  Tasks tasks;
  std::string trace;
  Tasks::Task* first = nullptr;
  tasks.run([&] {
    first = tasks.current();
    tasks.wait();
    trace += '1';
    EXPECT_EQ(tasks.current(), first);
  });
  tasks.run([&] {
    Tasks::Task* const self = tasks.current();
    tasks.resume(*first);
    trace += '2';
    EXPECT_EQ(tasks.current(), self);
  });
  EXPECT_EQ(trace, "12");
}

TEST(TasksTest, WorkBeyondTheBoundWaitsItsTurn) {
  Tasks tasks({.running_max = 2});
  std::string trace;
  std::vector<Tasks::Task*> waiting;
  for (int i = 0; i < 5; ++i) {
    tasks.run([&, i] {
      waiting.push_back(tasks.current());
      tasks.wait();
      trace += static_cast<char>('0' + i);
    });
  }
  EXPECT_EQ(tasks.running(), 2u);
  EXPECT_EQ(tasks.queued(), 3u);
  for (size_t next = 0; next < waiting.size(); ++next) tasks.resume(*waiting[next]);
  EXPECT_EQ(trace, "01234");
  EXPECT_EQ(tasks.running() + tasks.queued(), 0u);
}

TEST(TasksTest, ALongQueueOfShortWorkNeedsNoDeepStack) {
  Tasks tasks({.running_max = 1});
  Tasks::Task* first = nullptr;
  tasks.run([&] {
    first = tasks.current();
    tasks.wait();
  });
  int ran = 0;
  for (int i = 0; i < 100'000; ++i) tasks.run([&] { ++ran; });
  tasks.resume(*first);
  EXPECT_EQ(ran, 100'000);
}

TEST(TasksTest, ManyWaitAtOnceAndStacksAreGivenBack) {
  Tasks tasks({.idle_max = 3});
  std::vector<Tasks::Task*> waiting;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < 1'000; ++i) {
    tasks.run([&, i] {
      waiting.push_back(tasks.current());
      tasks.wait();
      sum += i;
    });
  }
  EXPECT_EQ(tasks.running(), 1'000u);
  for (Tasks::Task* task : waiting) tasks.resume(*task);
  EXPECT_EQ(sum, 999u * 1'000 / 2);
  EXPECT_EQ(tasks.running(), 0u);
}

TEST(TasksTest, WhatWaitsAtTheEndIsUnwound) {
  auto kept = std::make_shared<int>(7);
  {
    Tasks tasks;
    tasks.run([&tasks, copy = kept] {
      const auto local = copy;
      tasks.wait();
      ADD_FAILURE() << "nobody resumed it";
    });
    EXPECT_EQ(kept.use_count(), 3);
  }
  EXPECT_EQ(kept.use_count(), 1);
}

}  // namespace
}  // namespace rateguard::net
