// The catalog in a SQLite file.
#pragma once

#include <memory>
#include <string>

#include "catalog/catalog_store.h"
#include "model/instant.h"

namespace rateguard::catalog {

// Opens or makes it, and brings its tables to this program's version. Several processes may have it open. `program` is
// this program's version, `now` the wall clock's time; both are kept with the tables. Errors: kForeign and
// kSchemaNewer, and then the file was not touched; kUnavailable, kReadOnly, kFull, kCorrupt.
CatalogResult<std::unique_ptr<CatalogStore>> open_sqlite_catalog(const std::string& path, const std::string& program,
                                                                 Instant now);

}  // namespace rateguard::catalog
