#include "catalog/sqlite/sqlite_catalog.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "catalog/catalog_suite_testing.h"
#include "catalog/sql/migration_suite_testing.h"
#include "catalog/sqlite/sqlite_database.h"
#include "catalog/sqlite/sqlite_folder_testing.h"

namespace rateguard::catalog {
namespace {

struct SqliteFactory {
  std::unique_ptr<CatalogStore> open() {
    auto store = open_sqlite_catalog(folder->file(), "test", Instant::from_seconds(1));
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  std::unique_ptr<SqlDatabase> database() {
    auto database = SqliteDatabase::open(folder->file());
    EXPECT_TRUE(database.has_value()) << database.error().message;
    return database ? std::move(*database) : nullptr;
  }
  void begin_again() { folder = std::make_unique<SqliteFolder>(); }
  static std::string bytes_literal(std::string_view hex) { return "X'" + std::string(hex) + "'"; }

  std::unique_ptr<SqliteFolder> folder = std::make_unique<SqliteFolder>();
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, CatalogSuite, SqliteFactory);
INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, MigrationSuite, SqliteFactory);

}  // namespace
}  // namespace rateguard::catalog
