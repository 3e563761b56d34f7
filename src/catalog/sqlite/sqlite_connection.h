// One connection to a SQLite file. Used by one thread at a time.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "catalog/refusal.h"
#include "catalog/sql/sql_database.h"

struct sqlite3;
struct sqlite3_stmt;

namespace rateguard::catalog {

enum class SqliteAccess : uint8_t {
  kReadWrite,
  kReadOnly,
  kInspect,  // without locks and without a trace: of the file alone, as if nobody wrote to it
};

class SqliteConnection {
 public:
  // Errors: kUnavailable, kForeign if the file is no SQLite database (seen by its first statement at the latest).
  static CatalogResult<std::unique_ptr<SqliteConnection>> open(const std::string& path, SqliteAccess access);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // Prepares each statement once, but for those that define tables.
  CatalogResult<SqlRows> run(std::string_view statement, std::span<const SqlValue> values = {});
  // What stands at the beginning of the file, with zeros for what it does not have; even while others write to it. To
  // open it and close it again by other means would take away the locks that this process has on it (fcntl(2)).
  CatalogResult<std::array<char, 100>> head();
  // False: SQLite has ended it by itself, or there was none.
  bool is_in_transaction() const;

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;
  struct TextHash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };

  explicit SqliteConnection(std::string path) : path_(std::move(path)) {}
  CatalogResult<Statement> prepare(std::string_view statement);
  CatalogResult<sqlite3_stmt*> prepared(std::string_view statement);
  CatalogResult<SqlRows> step(sqlite3_stmt* statement, std::span<const SqlValue> values);
  std::unexpected<CatalogRefusal> refusal(std::string_view what) const;

  std::string path_;
  std::unique_ptr<sqlite3, Close> database_;
  // Finalized before the connection is closed.
  std::unordered_map<std::string, Statement, TextHash, std::equal_to<>> statements_;
};

}  // namespace rateguard::catalog
