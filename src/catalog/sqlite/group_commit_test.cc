#include "catalog/sqlite/group_commit.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <string>
#include <thread>
#include <vector>

namespace rateguard::catalog {
namespace {

// Makes jobs one after the other, and keeps the sizes of the groups. The first group waits for `arrived`.
struct Maker {
  void operator()(std::span<GroupCommit::Job* const> jobs) {
    if (sizes.empty()) arrived.wait();
    sizes.push_back(jobs.size());
    for (GroupCommit::Job* const job : jobs) job->result = (*job->work)();
  }
  std::latch arrived{1};
  std::vector<size_t> sizes;
};

TEST(GroupCommitTest, WhatArrivesDuringACommitIsMadeTogetherInTheNext) {
  constexpr int kOthers = 16;
  Maker maker;
  GroupCommit group([&](auto jobs) { maker(jobs); });
  std::atomic<int> made = 0;
  const GroupCommit::Work work = [&]() -> CatalogResult<void> {
    ++made;
    return {};
  };
  std::vector<std::thread> threads;
  for (int i = 0; i <= kOthers; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(group.write(work)); });
  }
  // One of them makes, and the others wait.
  while (group.waiting() < kOthers) std::this_thread::yield();
  EXPECT_EQ(made, 0);
  maker.arrived.count_down();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, kOthers + 1);
  EXPECT_EQ(maker.sizes, (std::vector<size_t>{1, kOthers}));
}

TEST(GroupCommitTest, NobodyReturnsBeforeTheGroupIsCommitted) {
  constexpr int kOthers = 32;
  std::latch arrived(1);
  int groups = 0;
  std::atomic<bool> has_begun = false;
  std::atomic<bool> is_committing = false;
  GroupCommit group([&](std::span<GroupCommit::Job* const> jobs) {
    has_begun = true;
    if (++groups == 1) arrived.wait();
    is_committing = groups == 2;
    for (GroupCommit::Job* const job : jobs) job->result = (*job->work)();
    // The commit: results are known, nothing is on the disk, and those who wait have just been woken by the first
    // group.
    for (int i = 0; i < 10'000; ++i) std::this_thread::yield();
    is_committing = false;
  });
  const GroupCommit::Work work = []() -> CatalogResult<void> { return {}; };
  std::thread first([&] { EXPECT_TRUE(group.write(work)); });
  while (!has_begun) std::this_thread::yield();
  std::atomic<int> early = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < kOthers; ++i) {
    threads.emplace_back([&] {
      EXPECT_TRUE(group.write(work));
      if (is_committing) ++early;
    });
  }
  while (group.waiting() < kOthers) std::this_thread::yield();
  arrived.count_down();
  first.join();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(groups, 2);
  EXPECT_EQ(early, 0);
}

TEST(GroupCommitTest, EachGetsItsOwnResult) {
  Maker maker;
  maker.arrived.count_down();
  GroupCommit group([&](auto jobs) { maker(jobs); });
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&, i] {
      for (int j = 0; j < 200; ++j) {
        const std::string mine = std::to_string(i) + " " + std::to_string(j);
        const GroupCommit::Work work = [&]() -> CatalogResult<void> {
          if (j % 2 == 0) return {};
          return refuse(CatalogFault::kConflict, mine);
        };
        const auto result = group.write(work);
        EXPECT_EQ(result.has_value(), j % 2 == 0);
        EXPECT_EQ(result.has_value() ? mine : result.error().message, mine);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace rateguard::catalog
