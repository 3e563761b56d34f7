// The catalog that a configuration names, opened: its database is this function's choice alone.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "catalog/catalog_store.h"
#include "config/config.h"
#include "model/instant.h"

namespace rateguard::app {

// Opens it, or makes it with the folder that it is in, and brings its tables to this program's version. `now` is the
// wall clock's time. Null: the configuration has none. Blocks. Errors: kInvalid for tables of a newer version, a file
// that is no catalog, and a URL that cannot be read; kIo for the rest. Each with the setting's position.
Result<std::unique_ptr<catalog::CatalogStore>> open_catalog(const config::Config& config, Instant now);

// Where it is, for people, without user and password: "sqlite:/data/catalog.db", "none".
std::string catalog_name(const config::Config& config);

}  // namespace rateguard::app
