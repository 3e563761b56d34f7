#include "app/serve/snapshot_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

namespace rateguard::app {
namespace {

class SnapshotLockTest : public testing::Test {
 protected:
  SnapshotLockTest() {
    std::string name = (std::filesystem::temp_directory_path() / "snapshot_lock_XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    path_ = (folder_ / "counters.snap").string();
  }
  ~SnapshotLockTest() override { std::filesystem::remove_all(folder_); }

  Result<std::unique_ptr<SnapshotLock>> take(Duration patience = {}) {
    return SnapshotLock::take(path_, patience, [this](const std::string& holder) { waited_for_ += holder; });
  }

  std::filesystem::path folder_;
  std::string path_;
  std::string waited_for_;
};

TEST_F(SnapshotLockTest, IsOnesAtATime) {
  auto first = take();
  ASSERT_TRUE(first.has_value()) << first.error().to_string();
  const auto second = take(Duration::seconds(60));
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error().code, ErrorCode::kIo);
  EXPECT_EQ(second.error().message, "another service (process " + std::to_string(::getpid()) +
                                        ") keeps its counters in " + path_ +
                                        "; stop it first, or give this one another folder with --data or the store's "
                                        "snapshot");
  EXPECT_EQ(waited_for_, "");
  first->reset();
  EXPECT_TRUE(take().has_value());
}

TEST_F(SnapshotLockTest, OfOneThatIsStoppingIsWaitedFor) {
  auto first = take();
  ASSERT_TRUE(first.has_value());
  (*first)->say_stopping();
  EXPECT_FALSE(take().has_value()) << "without patience";
  EXPECT_FALSE(take(Duration::millis(20)).has_value()) << "it does not wait for ever";
  EXPECT_EQ(waited_for_, std::to_string(::getpid()));

  std::jthread stops([&] { first->reset(); });
  const auto next = take(Duration::seconds(60));
  ASSERT_TRUE(next.has_value());
  EXPECT_FALSE(take(Duration::seconds(60)).has_value()) << "the next one is not stopping";
}

TEST_F(SnapshotLockTest, AFolderThatIsNotThereIsNamed) {
  path_ = (folder_ / "missing" / "counters.snap").string();
  EXPECT_EQ(take().error().message, "counters cannot be kept in the data folder " + (folder_ / "missing").string() +
                                        ": cannot open " + path_ + ".lock: No such file or directory");
}

}  // namespace
}  // namespace rateguard::app
