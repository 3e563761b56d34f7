#include "catalog/postgres/postgres_catalog.h"

#include <utility>

#include "catalog/postgres/postgres_url.h"
#include "catalog/sql/sql_catalog.h"

namespace rateguard::catalog {

CatalogResult<std::unique_ptr<CatalogStore>> open_postgres_catalog(const std::string& url, const std::string& program,
                                                                   Instant now, PostgresOptions options) {
  if (!is_postgres_url(url)) {
    return refuse(CatalogFault::kInvalid, "the catalog's URL must begin with postgres:// or postgresql://");
  }
  return SqlCatalog::open(std::make_unique<PostgresDatabase>(url, options), program, now);
}

}  // namespace rateguard::catalog
