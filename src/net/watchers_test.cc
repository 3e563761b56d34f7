// Files and signals that an event loop watches.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <latch>
#include <string>
#include <vector>

#include "net/event_loop.h"
#include "net/file_watcher.h"
#include "net/signal_watcher.h"

namespace rateguard::net {
namespace {

namespace fs = std::filesystem;

class FileWatcherTest : public testing::Test {
 protected:
  FileWatcherTest() : loop_(*EventLoop::create(clock_)) {
    std::string pattern = testing::TempDir() + "watched-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~FileWatcherTest() override { fs::remove_all(directory_); }

  void write(const std::string& name, const std::string& text) { std::ofstream(directory_ / name) << text; }

  // Runs the loop until the next report, or for `patience` when none is expected.
  std::vector<std::string> next_report(Duration patience = Duration::seconds(10)) {
    reports_.clear();
    const Timer enough = loop_->after(patience, [this] { loop_->stop(); });
    loop_->run();
    return reports_;
  }

  std::unique_ptr<FileWatcher> watch(const std::vector<std::string>& names) {
    std::vector<std::string> files;
    for (const std::string& name : names) files.push_back(directory_ / name);
    auto watcher = FileWatcher::create(*loop_, files,
                                       [this](const std::vector<std::string>& changed) {
                                         for (const std::string& file : changed)
                                           reports_.push_back(fs::path(file).filename());
                                         loop_->stop();
                                       },
                                       {.debounce = Duration::millis(10),
                                        .look_every = Duration::seconds(600),
                                        .pool = pool_,
                                        .first_look = first_look_});
    return std::move(*watcher);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  fs::path directory_;
  BlockingPool* pool_ = nullptr;
  FileWatcherOptions::FirstLook first_look_ = FileWatcherOptions::FirstLook::kAtOnce;
  std::vector<std::string> reports_;
};

using Names = std::vector<std::string>;
constexpr Duration kNothingExpected = Duration::millis(100);

TEST_F(FileWatcherTest, SeesAFileWrittenInPlace) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  write("rules.yaml", "b");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

// Whoever writes a file in place empties it first, and may be stopped there.
TEST_F(FileWatcherTest, AFileThatIsEmptyForAMomentIsBeingWritten) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  write("rules.yaml", "");
  EXPECT_EQ(next_report(kNothingExpected), Names{});
  write("rules.yaml", "b");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  write("rules.yaml", "");
  EXPECT_EQ(next_report(kNothingExpected), Names{});
  watcher->look_soon();
  EXPECT_EQ(next_report(), Names{"rules.yaml"}) << "it stays empty";
}

TEST_F(FileWatcherTest, SeesAFileReplacedByARename) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  write("other", "b");
  fs::rename(directory_ / "other", directory_ / "rules.yaml");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  write("other", "c");
  fs::rename(directory_ / "other", directory_ / "rules.yaml");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

TEST_F(FileWatcherTest, SeesKubernetesSwapItsDataDirectory) {
  fs::create_directory(directory_ / "..1");
  fs::create_directory(directory_ / "..2");
  write("..1/rules.yaml", "a");
  write("..2/rules.yaml", "b");
  fs::create_directory_symlink("..1", directory_ / "..data");
  fs::create_symlink("..data/rules.yaml", directory_ / "rules.yaml");
  const auto watcher = watch({"rules.yaml"});
  fs::create_directory_symlink("..2", directory_ / "..data_tmp");
  fs::rename(directory_ / "..data_tmp", directory_ / "..data");
  fs::remove_all(directory_ / "..1");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

TEST_F(FileWatcherTest, SeesAFileThroughALinkToAnotherDirectory) {
  fs::create_directory(directory_ / "elsewhere");
  write("elsewhere/real.yaml", "a");
  fs::create_symlink("elsewhere/real.yaml", directory_ / "rules.yaml");
  const auto watcher = watch({"rules.yaml"});
  write("elsewhere/real.yaml", "b");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

TEST_F(FileWatcherTest, SeesAFileComeAndGo) {
  const auto watcher = watch({"rules.yaml"});
  write("rules.yaml", "");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  fs::remove(directory_ / "rules.yaml");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

TEST_F(FileWatcherTest, SaysNothingOfTheSameContentOrOtherFiles) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  write("rules.yaml", "a");
  write("other.yaml", "b");
  EXPECT_EQ(next_report(kNothingExpected), Names{});
}

TEST_F(FileWatcherTest, TellsSeveralChangesOnce) {
  write("a", "1");
  write("b", "1");
  const auto watcher = watch({"a", "b"});
  write("b", "2");
  write("a", "2");
  write("a", "3");
  EXPECT_EQ(next_report(), (Names{"a", "b"}));
  EXPECT_EQ(next_report(kNothingExpected), Names{});
}

TEST_F(FileWatcherTest, SeesFilesOfADirectoryComeChangeAndGo) {
  fs::create_directory(directory_ / "config");
  write("config/a.yaml", "1");
  const auto watcher = watch({"config"});
  write("config/b.yaml", "1");
  EXPECT_EQ(next_report(), Names{"config"});
  write("config/a.yaml", "22");
  EXPECT_EQ(next_report(), Names{"config"});
  fs::remove(directory_ / "config/a.yaml");
  EXPECT_EQ(next_report(), Names{"config"});
  fs::rename(directory_ / "config/b.yaml", directory_ / "config/c.yaml");
  EXPECT_EQ(next_report(), Names{"config"});
  fs::create_directory(directory_ / "config/d");
  EXPECT_EQ(next_report(kNothingExpected), Names{});
}

TEST_F(FileWatcherTest, SeesKubernetesSwapADirectoryOfFiles) {
  fs::create_directories(directory_ / "config/..1");
  fs::create_directories(directory_ / "config/..2");
  write("config/..1/rules.yaml", "a");
  write("config/..2/rules.yaml", "b");
  fs::create_directory_symlink("..1", directory_ / "config/..data");
  fs::create_symlink("..data/rules.yaml", directory_ / "config/rules.yaml");
  const auto watcher = watch({"config"});
  fs::create_directory_symlink("..2", directory_ / "config/..data_tmp");
  fs::rename(directory_ / "config/..data_tmp", directory_ / "config/..data");
  EXPECT_EQ(next_report(), Names{"config"});
}

// The descriptor of the inotify that the process has; the test's own watcher is the only one.
int inotify_descriptor() {
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code error;
    if (fs::read_symlink(entry.path(), error) == "anon_inode:inotify") return std::stoi(entry.path().filename());
  }
  return -1;
}

int unread_bytes(int descriptor) {
  int bytes = -1;
  EXPECT_EQ(::ioctl(descriptor, FIONREAD, &bytes), 0);
  return bytes;
}

// A folder in which files are written without pause must not keep the loop from its other work.
TEST_F(FileWatcherTest, ReadsEventsWithinABoundAndOncePerLook) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  for (int i = 0; i < 3'000; ++i) write("other-" + std::to_string(i), "");
  write("rules.yaml", "b");
  const int inotify = inotify_descriptor();
  const int before = unread_bytes(inotify);
  ASSERT_GT(before, 2 * 16 * 4'096);
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  const int after = unread_bytes(inotify);
  EXPECT_GE(after, before - 16 * 4'096) << "in one turn";
  EXPECT_LT(after, before);
  EXPECT_EQ(next_report(Duration::millis(300)), Names{});
  EXPECT_EQ(unread_bytes(inotify), 0) << "the rest is read in later turns";
  write("rules.yaml", "c");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
}

TEST_F(FileWatcherTest, ANamedPipeIsNotOpened) {
  write("rules.yaml", "a");
  const auto watcher = watch({"rules.yaml"});
  fs::remove(directory_ / "rules.yaml");
  ASSERT_EQ(::mkfifo((directory_ / "rules.yaml").c_str(), 0600), 0);
  EXPECT_EQ(next_report(), Names{"rules.yaml"}) << "a loop that opened it would wait for a writer";
}

// The pool's only thread is kept busy: so it is where a disk does not answer.
TEST_F(FileWatcherTest, ASlowDiskDoesNotStopTheLoop) {
  BlockingPool pool({.threads = 1});
  std::latch disk(1);
  write("rules.yaml", "a");
  pool_ = &pool;
  const auto watcher = watch({"rules.yaml"});
  ASSERT_TRUE(pool.submit([&] { disk.wait(); }));
  write("rules.yaml", "b");
  int turns = 0;
  const Timer others = loop_->every(Duration::millis(1), [&] { ++turns; });
  EXPECT_EQ(next_report(kNothingExpected), Names{});
  EXPECT_GT(turns, 5) << "the loop does its other work";
  disk.count_down();
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  pool.stop();
}

TEST_F(FileWatcherTest, WhatChangesBeforeAFirstLookOnThePoolIsNotReported) {
  BlockingPool pool({.threads = 1});
  std::latch disk(1);
  ASSERT_TRUE(pool.submit([&] { disk.wait(); }));
  write("rules.yaml", "a");
  pool_ = &pool;
  first_look_ = FileWatcherOptions::FirstLook::kOnPool;
  const auto watcher = watch({"rules.yaml"});
  write("rules.yaml", "b");
  disk.count_down();
  EXPECT_EQ(next_report(kNothingExpected), Names{});
  write("rules.yaml", "c");
  EXPECT_EQ(next_report(), Names{"rules.yaml"});
  pool.stop();
}

TEST(SignalWatcher, CallsOnTheLoopForEverySignal) {
  SystemClock clock;
  const auto loop = *EventLoop::create(clock);
  std::vector<int> seen;
  const SignalWatcher watcher(*loop, {SIGHUP, SIGTERM}, [&](int signal) {
    seen.push_back(signal);
    if (signal == SIGTERM) return loop->stop();
    std::raise(SIGTERM);
  });
  std::raise(SIGHUP);
  loop->run();
  EXPECT_EQ(seen, (std::vector<int>{SIGHUP, SIGTERM}));
}

}  // namespace
}  // namespace rateguard::net
