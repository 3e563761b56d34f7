// A catalog as a file that parse_declaration() reads.
#pragma once

#include <string>

#include "app/catalog/catalog_service.h"
#include "base/result.h"

namespace rateguard::app {

// Everything that a file can declare, but for secrets, and fields with their defaults left out: declaring it again
// changes nothing. Errors: those of the service.
Result<std::string> export_declaration(CatalogService& service);

}  // namespace rateguard::app
