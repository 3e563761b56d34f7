#include "catalog/sqlite/sqlite_catalog.h"

#include <gtest/gtest.h>

#include <memory>

#include "catalog/catalog_suite_testing.h"
#include "catalog/sqlite/sqlite_folder_testing.h"

namespace rateguard::catalog {
namespace {

struct SqliteFactory {
  std::unique_ptr<CatalogStore> open() {
    auto store = open_sqlite_catalog(folder.file(), "test", Instant::from_seconds(1));
    EXPECT_TRUE(store.has_value()) << store.error().message;
    return store ? std::move(*store) : nullptr;
  }
  SqliteFolder folder;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Sqlite, CatalogSuite, SqliteFactory);

}  // namespace
}  // namespace rateguard::catalog
