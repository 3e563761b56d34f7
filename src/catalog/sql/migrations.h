// The tables of a catalog, version by version. A version that has been released never changes; what comes later is a
// row of its own in migrations.cc.
#pragma once

#include <string>
#include <vector>

#include "catalog/refusal.h"
#include "catalog/sql/sql_database.h"
#include "model/instant.h"

namespace rateguard::catalog {

// What this program reads and writes.
int schema_version_newest();

// The version of the tables that are there; 0 if there are none. Changes nothing.
CatalogResult<int> schema_version(SqlDatabase& database);

// Brings the tables to `version`, in one transaction that no other instance's may run beside. `program` is this
// program's version, `now` the wall clock's time; both are kept with the tables. Errors: kSchemaNewer, naming both
// versions, and then nothing was touched; those of the database.
CatalogResult<void> migrate(SqlDatabase& database, int version, const std::string& program, Instant now);

}  // namespace rateguard::catalog
