#include "store/memory/snapshot.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "store/memory/crc32c.h"
#include "store/store_suite.h"

namespace rateguard {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'700'006'400);

class SnapshotTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = std::filesystem::temp_directory_path() / "rateguard-snapshot-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    path_ = directory_ / "counters.snap";
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  static std::unique_ptr<MemoryStore> make(uint64_t max_keys = 10'000) {
    return MemoryStore::create({.max_keys = max_keys}).value();
  }
  static Decision charge(MemoryStore& store, const std::string& key, const Limit& limit, uint64_t cost,
                         Instant now = kNow) {
    Charge one = {.key = key, .limit = &limit, .cost = {cost}};
    store.charge({{&one, 1}}, now);
    return one.decision;
  }
  static std::string key_of(const Limit& limit, int user) {
    return counter_key(to_string(limit.algorithm), {std::to_string(user)}, limit.algorithm);
  }
  // Counters of every algorithm, each with a few units used.
  static void fill(MemoryStore& store, int users) {
    for (const Limit& limit : limits_of_every_algorithm(9)) {
      for (int user = 0; user < users; ++user) {
        for (int i = 0; i <= user % 4; ++i) charge(store, key_of(limit, user), limit, 2, kNow + Duration::seconds(i));
      }
    }
  }
  static std::vector<Decision> looks(MemoryStore& store, int users, Instant now) {
    std::vector<Decision> decisions;
    for (const Limit& limit : limits_of_every_algorithm(9)) {
      for (int user = 0; user < users; ++user) decisions.push_back(charge(store, key_of(limit, user), limit, 0, now));
    }
    return decisions;
  }
  std::string contents() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void write(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  std::filesystem::path directory_;
  std::string path_;
};

TEST_F(SnapshotTest, BringsEveryCounterBack) {
  const auto store = make();
  fill(*store, 300);
  const SnapshotSaved saved = save_snapshot(*store, path_, kNow + Duration::seconds(5)).value();
  EXPECT_EQ(saved.records, store->stats().keys);
  EXPECT_EQ(saved.bytes, std::filesystem::file_size(path_));
  struct stat status = {};
  ASSERT_EQ(stat(path_.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp"));

  const Instant later = kNow + Duration::seconds(60);
  const auto again = make();
  const memory::Restored restored = load_snapshot(*again, path_, later).value();
  EXPECT_EQ(restored.counters, store->stats().keys);
  EXPECT_EQ(restored.taken_at, kNow + Duration::seconds(5));
  EXPECT_EQ(looks(*again, 300, later), looks(*store, 300, later));
}

TEST_F(SnapshotTest, FitsATableOfAnotherSize) {
  const auto store = make(200'000);
  fill(*store, 200);
  save_snapshot(*store, path_, kNow).value();
  const auto larger = make(1'000'000);
  EXPECT_EQ(load_snapshot(*larger, path_, kNow)->counters, 1'400u);
  EXPECT_EQ(looks(*larger, 200, kNow + Duration::seconds(9)), looks(*store, 200, kNow + Duration::seconds(9)));
  const auto smaller = make(100);
  const memory::Restored restored = load_snapshot(*smaller, path_, kNow).value();
  EXPECT_EQ(restored.counters, 100u);
  EXPECT_EQ(restored.no_room, 1'300u);
}

TEST_F(SnapshotTest, HoldsAreReleasedAcrossARestart) {
  const Limit limit = Limit::concurrency(3, Duration::seconds(60)).value();
  const auto store = make();
  const HoldId first = charge(*store, "held", limit, 1).hold;
  const HoldId second = charge(*store, "held", limit, 1).hold;
  store->release(first, kNow);
  save_snapshot(*store, path_, kNow).value();
  const auto again = make();
  load_snapshot(*again, path_, kNow).value();
  EXPECT_EQ(again->release(first, kNow), ReleaseResult::kUnknown);
  const HoldId third = charge(*again, "held", limit, 1).hold;
  EXPECT_NE(third, first) << "a number given before the restart is not given again";
  EXPECT_NE(third, second);
  EXPECT_EQ(again->release(second, kNow), ReleaseResult::kReleased);
  EXPECT_EQ(again->release(second, kNow), ReleaseResult::kUnknown);
}

TEST_F(SnapshotTest, WhatHasExpiredStaysBehind) {
  const Limit limit = Limit::fixed_window_from_first_request(5, Duration::seconds(10)).value();
  const auto store = make();
  charge(*store, "short", limit, 1);
  save_snapshot(*store, path_, kNow).value();
  const auto again = make();
  const memory::Restored restored = load_snapshot(*again, path_, kNow + Duration::seconds(10)).value();
  EXPECT_EQ(restored.counters, 0u);
  EXPECT_EQ(restored.expired, 1u);
}

TEST_F(SnapshotTest, AClockThatWentBackLocksNobodyOut) {
  const auto store = make();
  fill(*store, 20);
  const std::vector<Decision> before = looks(*store, 20, kNow + Duration::seconds(3));
  save_snapshot(*store, path_, kNow + Duration::seconds(3)).value();
  // The clock is a thousand days behind when the program starts again: everybody goes on as if no time had passed.
  const Duration back = Duration::seconds(1'000 * 86'400LL);
  const Instant now = kNow + Duration::seconds(3) - back;
  const auto again = make();
  EXPECT_EQ(load_snapshot(*again, path_, now)->counters, 140u);
  const std::vector<Decision> after = looks(*again, 20, now);
  for (size_t i = 0; i < before.size(); ++i) {
    EXPECT_EQ(after[i].remaining, before[i].remaining) << i;
    EXPECT_LE(after[i].reset_after, before[i].reset_after + Duration::seconds(1)) << i;
  }
}

TEST_F(SnapshotTest, AMissingFileIsNotFound) {
  EXPECT_EQ(load_snapshot(*make(), path_, kNow).error().code, ErrorCode::kNotFound);
}

TEST_F(SnapshotTest, EveryDamageIsFoundAndTheStoreStaysEmpty) {
  const auto store = make();
  fill(*store, 2);
  save_snapshot(*store, path_, kNow).value();
  const std::string whole = contents();
  const auto expect_corrupt = [&](const std::string& bytes, const std::string& what) {
    write(bytes);
    const auto again = make();
    const auto restored = load_snapshot(*again, path_, kNow);
    ASSERT_FALSE(restored.has_value()) << what;
    EXPECT_EQ(restored.error().code, ErrorCode::kCorrupt) << what << ": " << restored.error().message;
    EXPECT_EQ(again->stats().keys, 0u) << what;
    EXPECT_TRUE(charge(*again, "after", limits_of_every_algorithm(1)[0], 1).allowed()) << "the store works on";
  };
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ (1 << (i % 8)));
    expect_corrupt(damaged, "a bit of byte " + std::to_string(i));
  }
  for (size_t length = 0; length < whole.size(); ++length) {
    expect_corrupt(whole.substr(0, length), "cut to " + std::to_string(length));
  }
  expect_corrupt(whole + '\0', "a byte too many");
  expect_corrupt("SQLite format 3" + std::string(200, '\0'), "a foreign file");
  write(whole);
  EXPECT_TRUE(load_snapshot(*make(), path_, kNow).has_value());
}

TEST_F(SnapshotTest, AWholeFileOfAnotherVersionIsNotDamaged) {
  const auto store = make();
  fill(*store, 2);
  save_snapshot(*store, path_, kNow).value();
  std::string newer = contents();
  newer[8] = 3;                                     // the version
  newer.insert(newer.size() - 4, 200'000, '\x7f');  // records of which nobody here knows
  const uint32_t crc = memory::crc32c(0, std::span<const char>(newer).first(newer.size() - 4));
  std::memcpy(newer.data() + newer.size() - 4, &crc, sizeof crc);
  write(newer);
  const auto again = make();
  const auto refused = load_snapshot(*again, path_, kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_EQ(refused.error().message, path_ + ": the snapshot is of format version 3; this program reads version 2");
  EXPECT_EQ(again->stats().keys, 0u);
  EXPECT_EQ(set_aside(path_, refused.error().code, kNow).value(), path_ + ".other-version-1700006400");
  newer[100] ^= 1;
  write(newer);
  EXPECT_EQ(load_snapshot(*make(), path_, kNow).error().code, ErrorCode::kCorrupt);
}

TEST_F(SnapshotTest, WindowsOfTheCalendarKeepTheirNamesWhereTheCountersTimeWasAhead) {
  // Charged at 23:30 by the wall clock, while the counters' time was an hour ahead: 00:30. Then the program starts
  // anew.
  const Instant midnight = Instant::from_seconds(1'700'006'400);
  const Instant wall = midnight - Duration::seconds(1'800);
  const Now ahead = {wall + Duration::seconds(3'600), Duration::seconds(3'600)};
  const Limit day = *Limit::calendar_window(5, Anchor::kDay, nullptr);
  const auto store = make();
  Charge spent{.key = "k", .limit = &day, .cost = {5}};
  store->charge({std::span(&spent, 1)}, ahead);
  ASSERT_TRUE(spent.decision.allowed());
  save_snapshot(*store, path_, ahead).value();
  const auto again = make();
  ASSERT_EQ(load_snapshot(*again, path_, wall)->counters, 1u);
  EXPECT_FALSE(charge(*again, "k", day, 1, wall).allowed());
  EXPECT_EQ(charge(*again, "k", day, 1, wall).retry_after, Duration::seconds(1'800));
  EXPECT_TRUE(charge(*again, "k", day, 5, midnight).allowed());
}

TEST_F(SnapshotTest, ADamagedFileIsSetAside) {
  write("nonsense");
  EXPECT_EQ(set_aside(path_, ErrorCode::kCorrupt, kNow).value(), path_ + ".damaged-1700006400");
  EXPECT_FALSE(std::filesystem::exists(path_));
  EXPECT_TRUE(std::filesystem::exists(path_ + ".damaged-1700006400"));
  EXPECT_EQ(set_aside(path_, ErrorCode::kCorrupt, kNow).error().code, ErrorCode::kIo);
}

// The file system's own operations, of which the Nth fails.
memory::FileOps failing_at(int& left, bool& failed) {
  const memory::FileOps& real = memory::FileOps::posix();
  const auto fails = [&left, &failed] { return failed |= left == 0, left-- == 0; };
  const auto error = [] { return fail(ErrorCode::kIo, "no space left on device"); };
  memory::FileOps ops = real;
  ops.create = [=](const std::string& path) -> Result<int> {
    if (fails()) return error();
    return real.create(path);
  };
  ops.write = [=](int file, std::span<const char> bytes) -> Result<void> {
    if (!fails()) return real.write(file, bytes);
    (void)real.write(file, bytes.first(bytes.size() / 2));
    return error();
  };
  ops.sync = [=](int file) -> Result<void> {
    if (fails()) return error();
    return real.sync(file);
  };
  ops.close = [=](int file) -> Result<void> {
    const bool fail_now = fails();
    const Result<void> closed = real.close(file);
    if (fail_now) return error();
    return closed;
  };
  ops.rename = [=](const std::string& from, const std::string& to) -> Result<void> {
    if (fails()) return error();
    return real.rename(from, to);
  };
  ops.sync_directory = [=](const std::string& path) -> Result<void> {
    if (fails()) return error();
    return real.sync_directory(path);
  };
  return ops;
}

TEST_F(SnapshotTest, AnyFailureLeavesTheOldOrTheNewSnapshotIntact) {
  const auto old_store = make();
  fill(*old_store, 3);
  save_snapshot(*old_store, path_, kNow).value();
  const std::string old_bytes = contents();
  const auto store = make(100'000);
  fill(*store, 3'000);  // several writes long
  int operations = 0;
  for (bool finished = false; !finished; ++operations) {
    ASSERT_LT(operations, 100);
    write(old_bytes);
    int left = operations;
    bool failed = false;
    const auto saved = save_snapshot(*store, path_, kNow, failing_at(left, failed));
    finished = !failed;
    EXPECT_EQ(saved.has_value(), !failed) << operations;
    EXPECT_FALSE(std::filesystem::exists(path_ + ".tmp")) << operations;
    const auto again = make(100'000);
    const auto restored = load_snapshot(*again, path_, kNow);
    ASSERT_TRUE(restored.has_value()) << operations;
    if (contents() != old_bytes) {
      EXPECT_EQ(restored->counters, store->stats().keys) << operations;
    }
  }
  EXPECT_GT(operations, 7) << "create, several writes, sync, close, rename, the directory's sync";
}

TEST_F(SnapshotTest, CountersGoOnWhileItIsTaken) {
  // Threads charge and add keys, so that groups split under the snapshot; each counter in it must be one that once was:
  // no less than before, no more than after, and none that was there before may be missing.
  const Limit limit = Limit::fixed_window(1'000'000, Duration::seconds(86'400)).value();
  const auto store = make(200'000);
  const auto key = [&](int n) { return counter_key("busy", {std::to_string(n)}); };
  for (int n = 0; n < 2'000; ++n) charge(*store, key(n), limit, 1);
  std::atomic<bool> stop = false;
  std::vector<std::jthread> threads;
  for (int t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; !stop; ++n) {
        charge(*store, key(n % 2'000), limit, 1);
        if (n < 40'000) charge(*store, counter_key("new", {std::to_string(t), std::to_string(n)}), limit, 1);
      }
    });
  }
  for (int round = 0; round < 5; ++round) {
    std::vector<uint64_t> before;
    for (int n = 0; n < 2'000; ++n) before.push_back(charge(*store, key(n), limit, 0).remaining);
    ASSERT_TRUE(save_snapshot(*store, path_, kNow).has_value());
    const auto again = make(200'000);
    ASSERT_TRUE(load_snapshot(*again, path_, kNow).has_value());
    for (int n = 0; n < 2'000; ++n) {
      const uint64_t saved = charge(*again, key(n), limit, 0).remaining;
      EXPECT_LE(saved, before[static_cast<size_t>(n)]) << n;
      EXPECT_GE(saved, charge(*store, key(n), limit, 0).remaining) << n;
    }
  }
  stop = true;
}

}  // namespace
}  // namespace rateguard
