// Files that are no catalog, or a damaged one, and disks that are full.
#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "catalog/sample_records_testing.h"
#include "catalog/sqlite/sqlite_catalog.h"
#include "catalog/sqlite/sqlite_folder_testing.h"

namespace rateguard::catalog {
namespace {

constexpr Instant kNow = Instant::from_seconds(1'780'000'000);

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}
void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}
CatalogResult<std::unique_ptr<CatalogStore>> open(const SqliteFolder& folder) {
  return open_sqlite_catalog(folder.file(), "test", kNow);
}
void run_sql(const std::string& path, const std::string& statements) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}
// The file is named in the refusal, and it and its folder are as they were.
void expect_untouched(const SqliteFolder& folder, CatalogFault fault) {
  const std::string before = content_of(folder.file());
  const auto refused = open(folder);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, fault) << refused.error().message;
  EXPECT_TRUE(refused.error().message.starts_with(folder.file() + ": ")) << refused.error().message;
  EXPECT_EQ(content_of(folder.file()), before);
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.path(), folder.file()) << "a file that was not there";
  }
}

TEST(SqliteFileTest, AFileThatIsNoDatabaseIsLeftUntouched) {
  for (const std::string& content : {std::string("x"), std::string("rules:\n  - name: a\n"), std::string(8'192, '\0'),
                                     std::string("SQLite format 3"), std::string(100'000, 'x')}) {
    const SqliteFolder folder;
    write(folder.file(), content);
    expect_untouched(folder, CatalogFault::kForeign);
  }
}

TEST(SqliteFileTest, ADatabaseOfAnotherProgramIsLeftUntouched) {
  for (const char* const statements :
       {"CREATE TABLE t(x)", "CREATE TABLE rg_schema(version)", "PRAGMA application_id=5; CREATE TABLE t(x)",
        "PRAGMA journal_mode=WAL; CREATE TABLE t(x)"}) {
    const SqliteFolder folder;
    run_sql(folder.file(), statements);
    expect_untouched(folder, CatalogFault::kForeign);
  }
}

TEST(SqliteFileTest, ANewerCatalogIsLeftUntouched) {
  const SqliteFolder folder;
  ASSERT_TRUE(open(folder).has_value());
  run_sql(folder.file(), "INSERT INTO rg_schema VALUES(99,0,'9.9')");
  expect_untouched(folder, CatalogFault::kSchemaNewer);
}

TEST(SqliteFileTest, NamesWithTheCharactersOfUrisAreNames) {
  const SqliteFolder folder;
  for (const char* const name : {"a?mode=memory.db", "a#b.db", "a%41.db", "a b.db"}) {
    const std::string path = (folder.path() / name).string();
    {
      const auto store = open_sqlite_catalog(path, "test", kNow);
      ASSERT_TRUE(store.has_value()) << store.error().message;
      EXPECT_TRUE(create(**store, sample_plan("pro"), {}, kNow));
    }
    const auto store = open_sqlite_catalog(path, "test", kNow);
    ASSERT_TRUE(store.has_value()) << store.error().message;
    EXPECT_TRUE(find_by_name<PlanRecord>(**store, "pro"));
    EXPECT_TRUE(std::filesystem::exists(path));
  }
}

TEST(SqliteFileTest, WhatCannotBeAFileIsSaidSo) {
  const SqliteFolder folder;
  const auto refused = open_sqlite_catalog(folder.path().string(), "test", kNow);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().fault, CatalogFault::kForeign) << refused.error().message;
  const auto missing = open_sqlite_catalog((folder.path() / "none" / "catalog.db").string(), "test", kNow);
  ASSERT_FALSE(missing.has_value());
  EXPECT_EQ(missing.error().fault, CatalogFault::kUnavailable);
  EXPECT_NE(missing.error().message.find("No such file or directory"), std::string::npos) << missing.error().message;
}

TEST(SqliteFileTest, OnlyTheOwnerMayReadTheFileAndWhatLiesBesideIt) {
  const SqliteFolder folder;
  const auto store = open(folder);
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE(create(**store, sample_plan("pro"), {}, kNow));
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    EXPECT_EQ(entry.status().permissions(), std::filesystem::perms(0600)) << entry.path();
    ++files;
  }
  EXPECT_EQ(files, 3);  // the file, its log and the index of that
}

TEST(SqliteFileTest, ADamagedFileIsNamedAndNeverWrittenTo) {
  const SqliteFolder folder;
  {
    const auto store = open(folder);
    ASSERT_TRUE(store.has_value());
    for (int i = 0; i < 200; ++i) {
      ASSERT_TRUE(create(**store, sample_workspace("w" + std::to_string(i)), {}, kNow));
    }
  }
  const std::string whole = content_of(folder.file());
  // Beyond the head, which names the file as ours, up to its end, and a file that is cut.
  for (const size_t from : {size_t{100}, size_t{4'096}, whole.size() / 2}) {
    std::string damaged = whole;
    std::fill(damaged.begin() + static_cast<std::ptrdiff_t>(from), damaged.end(), '\xa5');
    write(folder.file(), damaged);
    CatalogResult<ChangeOutcome> changed = refuse(CatalogFault::kCorrupt, folder.file() + ": ");
    if (const auto store = open(folder)) {
      changed = (*store)->change({.writes = {{.what = CreateRecord{sample_workspace("w7")}}}, .now = kNow});
      if (!changed && changed.error().fault == CatalogFault::kDuplicate) {
        changed = (*store)->change({.writes = {{.what = CreateRecord{sample_workspace("w199")}}}, .now = kNow});
      }
    } else {
      EXPECT_EQ(store.error().fault, CatalogFault::kCorrupt) << store.error().message;
      EXPECT_TRUE(store.error().message.starts_with(folder.file() + ": ")) << store.error().message;
    }
    ASSERT_FALSE(changed.has_value()) << from;
    EXPECT_EQ(changed.error().fault, CatalogFault::kCorrupt) << changed.error().message;
    EXPECT_TRUE(changed.error().message.starts_with(folder.file() + ": ")) << changed.error().message;
    EXPECT_EQ(content_of(folder.file()), damaged);
  }
}

// What is written to a file without a name is lost, however well it went.
TEST(SqliteFileTest, AFileThatWasRemovedOrReplacedWhileInUseIsAskedNoMore) {
  const SqliteFolder folder;
  const auto store = open_sqlite_catalog(folder.file(), "test", Instant::from_seconds(1));
  ASSERT_TRUE(store.has_value());
  ASSERT_TRUE(create(**store, sample_plan("a"), {}, Instant::from_seconds(2)));
  const std::string aside = std::string(folder.file()) + ".aside";
  std::filesystem::rename(folder.file(), aside);
  const auto refused = [&] {
    const auto made = create(**store, sample_plan("b"), {}, Instant::from_seconds(3));
    const auto found = find_by_name<PlanRecord>(**store, "a");
    return !made && made.error().fault == CatalogFault::kUnavailable && !found &&
           found.error().message.find("removed or replaced") != std::string::npos;
  };
  EXPECT_TRUE(refused());
  std::ofstream(folder.file()) << "another";
  EXPECT_TRUE(refused());
  std::filesystem::rename(aside, folder.file());
  EXPECT_TRUE(create(**store, sample_plan("b"), {}, Instant::from_seconds(4)));
}

TEST(SqliteFileTest, AFileThatIsGrowingMeanwhileIsOpenedNeverthelessAndAllItSaysIsRead) {
  const SqliteFolder folder;
  const auto store = open(folder);
  ASSERT_TRUE(store.has_value());
  std::atomic<int> made = 0;
  std::thread writer([&] {
    for (int i = 0; i < 400; ++i) {
      auto workspace = sample_workspace("w" + std::to_string(i));
      workspace.title = std::string(30'000, 'x');  // so that the log is copied into the file every few changes
      EXPECT_TRUE(create(**store, workspace, {}, kNow));
      made = i + 1;
    }
  });
  while (made < 400) {
    const int before = made;
    const auto other = open(folder);
    if (!other) {
      ADD_FAILURE() << other.error().message;
      break;
    }
    EXPECT_GE((*other)->state()->revision, before);
  }
  writer.join();
}

// Lets SQLite's writes fail as those of a full disk do, from the Nth one on.
class FullDisk {
 public:
  FullDisk() {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    vfs->xSetSystemCall(vfs, "pwrite", reinterpret_cast<sqlite3_syscall_ptr>(&pwrite_or_not));
    vfs->xSetSystemCall(vfs, "pwrite64", reinterpret_cast<sqlite3_syscall_ptr>(&pwrite_or_not));
    vfs->xSetSystemCall(vfs, "write", reinterpret_cast<sqlite3_syscall_ptr>(&write_or_not));
  }
  ~FullDisk() {
    sqlite3_vfs* const vfs = sqlite3_vfs_find(nullptr);
    vfs->xSetSystemCall(vfs, nullptr, nullptr);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

  static void fill_after(int writes) { left_ = writes; }
  static void make_room() { left_ = kRoom; }

 private:
  static constexpr int kRoom = 1'000'000;
  static inline std::atomic<int> left_ = kRoom;

  static bool has_room() {
    if (left_ == 0) {
      errno = ENOSPC;
      return false;
    }
    --left_;
    return true;
  }
  static ssize_t pwrite_or_not(int file, const void* data, size_t bytes, off_t at) {
    return has_room() ? ::pwrite(file, data, bytes, at) : -1;
  }
  static ssize_t write_or_not(int file, const void* data, size_t bytes) {
    return has_room() ? ::write(file, data, bytes) : -1;
  }
};

TEST(SqliteFileTest, OnAFullDiskChangesAreRefusedWholeReadingGoesOnAndRoomHeals) {
  const FullDisk disk;
  const SqliteFolder folder;
  const auto store = open(folder);
  ASSERT_TRUE(store.has_value());
  const auto plan = create(**store, sample_plan("pro"), {}, kNow);
  ASSERT_TRUE(plan.has_value());
  ChangeSet changes = {.now = kNow};
  for (int i = 0; i < 20; ++i) {
    auto workspace = sample_workspace("w" + std::to_string(i));
    workspace.title = std::string(5'000, 'x');  // pages of its own
    changes.writes.push_back({.what = CreateRecord{workspace}});
  }
  int writes = 0;
  for (bool is_made = false; !is_made; ++writes) {
    ASSERT_LT(writes, 1'000);
    const auto before = (*store)->state();
    FullDisk::fill_after(writes);
    const auto outcome = (*store)->change(changes);
    EXPECT_EQ(get<PlanRecord>(**store, plan->head.id), *plan);
    is_made = outcome.has_value();
    if (is_made) break;
    EXPECT_EQ(outcome.error().fault, CatalogFault::kFull) << outcome.error().message;
    EXPECT_TRUE((*store)->list_any({.kind = RecordKind::kWorkspace})->records.empty());
    EXPECT_EQ((*store)->state(), before);
    FullDisk::make_room();
    EXPECT_TRUE(create(**store, sample_plan("p" + std::to_string(writes)), {}, kNow));
  }
  EXPECT_GT(writes, 20) << "the test has not seen many places to fail at";
  FullDisk::make_room();
  EXPECT_EQ((*store)->list_any({.kind = RecordKind::kWorkspace})->records.size(), 20u);
}

TEST(SqliteFileTest, ACatalogThatCouldNotBeMadeForLackOfRoomCanBeMadeLater) {
  const FullDisk disk;
  int writes = 0;
  for (; writes < 1'000; ++writes) {
    const SqliteFolder folder;
    FullDisk::fill_after(writes);
    const auto refused = open(folder);
    FullDisk::make_room();
    if (refused.has_value()) break;
    EXPECT_EQ(refused.error().fault, CatalogFault::kFull) << writes << " " << refused.error().message;
    const auto store = open(folder);
    ASSERT_TRUE(store.has_value()) << writes << " " << store.error().message;
    EXPECT_TRUE(create(**store, sample_plan("pro"), {}, kNow));
  }
  EXPECT_GT(writes, 20);
  EXPECT_LT(writes, 1'000);
}

TEST(SqliteFileTest, WhatWasAnsweredIsThereAfterTheProcessWasKilled) {
  const SqliteFolder folder;
  std::string id;
  {
    const auto store = open(folder);
    ASSERT_TRUE(store.has_value());
    id = create(**store, sample_plan("pro"), {}, kNow).value().head.id;
    // As a kill leaves it: the file and its log, without the end that close() would write.
    std::filesystem::copy_file(folder.file(), folder.file() + ".copy");
    std::filesystem::copy_file(folder.file() + "-wal", folder.file() + ".copy-wal");
  }
  const auto store = open_sqlite_catalog(folder.file() + ".copy", "test", kNow);
  ASSERT_TRUE(store.has_value()) << store.error().message;
  EXPECT_TRUE(get<PlanRecord>(**store, id));
}

}  // namespace
}  // namespace rateguard::catalog
