#include "catalog/sqlite/sqlite_catalog.h"

#include <utility>

#include "catalog/sql/sql_catalog.h"
#include "catalog/sqlite/sqlite_database.h"

namespace rateguard::catalog {

CatalogResult<std::unique_ptr<CatalogStore>> open_sqlite_catalog(const std::string& path, const std::string& program,
                                                                 Instant now) {
  auto database = SqliteDatabase::open(path);
  if (!database) return std::unexpected(std::move(database.error()));
  return SqlCatalog::open(std::move(*database), program, now);
}

}  // namespace rateguard::catalog
