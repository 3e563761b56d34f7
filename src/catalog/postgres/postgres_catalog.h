// The catalog in a PostgreSQL database, which may be shared with other programs: its tables begin with "rg_".
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_store.h"
#include "catalog/postgres/postgres_database.h"
#include "model/instant.h"

namespace rateguard::catalog {

// Connects, and brings the tables to this program's version. `url` as in postgres_url.h; a pooler in transaction mode
// may stand in between. `program` is this program's version, `now` the wall clock's time; both are kept with the
// tables. Errors: kUnavailable, kReadOnly, kFull, kCorrupt; kInvalid for another URL; kSchemaNewer, and then the tables
// were not touched.
CatalogResult<std::unique_ptr<CatalogStore>> open_postgres_catalog(const std::string& url, const std::string& program,
                                                                   Instant now, PostgresOptions options = {});

}  // namespace rateguard::catalog
