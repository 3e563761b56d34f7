// A SQLite file as the catalog's database: in WAL mode, so that reading goes on while something is written, and with
// every commit on the disk before it is answered (synchronous=FULL).
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/mutex.h"
#include "catalog/sql/sql_database.h"
#include "catalog/sqlite/group_commit.h"
#include "catalog/sqlite/sqlite_connection.h"

namespace rateguard::catalog {

class SqliteDatabase final : public SqlDatabase {
 public:
  // What the file's header says it is: "RGct" (https://www.sqlite.org/fileformat2.html#application_id).
  static constexpr int64_t kApplicationId = 0x52476374;

  // Makes the file, readable by its owner alone, if there is none or an empty one. Errors: kForeign, and then the file
  // was not touched; kUnavailable, kReadOnly, kFull, kCorrupt.
  static CatalogResult<std::unique_ptr<SqlDatabase>> open(const std::string& path);

  std::string name() const override { return path_; }
  const SqlDialect& dialect() const override;
  CatalogResult<SqlRows> ask(std::string_view statement, std::span<const SqlValue> values) override;
  CatalogResult<void> read(const Work& work) override;
  CatalogResult<void> write(const Work& work) override;
  // Nobody tells: other processes that have the file open are found by the revision.
  void on_announcement(std::function<void(int64_t revision)>) override {}

 private:
  // Which file a path names.
  struct FileIdentity {
    uint64_t device = 0;
    uint64_t inode = 0;
    bool operator==(const FileIdentity&) const = default;
  };

  SqliteDatabase(std::string path, std::unique_ptr<SqliteConnection> writer);
  static FileIdentity identity_of(const std::string& path);

  CatalogResult<std::unique_ptr<SqliteConnection>> take_reader();
  void give_back(std::unique_ptr<SqliteConnection> reader);
  void make(std::span<GroupCommit::Job* const> jobs);

  // Errors: kUnavailable where the path names another file by now, or none: what was written would be lost.
  CatalogResult<void> is_still_there() const;

  const std::string path_;
  const FileIdentity file_;                   // when it was opened
  std::unique_ptr<SqliteConnection> writer_;  // used by `group_` alone
  GroupCommit group_;
  Mutex mutex_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_ RG_GUARDED_BY(mutex_);  // idle
};

}  // namespace rateguard::catalog
