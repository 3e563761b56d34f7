// `rateguard audit`: who changed what in a catalog.
#pragma once

#include "app/catalog/catalog_command.h"
#include "app/catalog/catalog_service.h"
#include "base/result.h"

namespace rateguard::app {

// Newest first. "--workspace", "--action", "--target", "--actor", "--from" and "--until" narrow it. Errors: as
// run_catalog_command().
Result<CommandOutput> show_audit_log(CatalogService& service, const CatalogWords& words);

}  // namespace rateguard::app
