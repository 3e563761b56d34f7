// Which catalog a command is about: that of a running server, or the database itself.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "app/catalog/catalog_service.h"
#include "app/cli/commands.h"
#include "base/result.h"

namespace rateguard::app {

// What the command will do with it. A catalog that is only asked about is not made first.
enum class CatalogUse : uint8_t {
  kRead,
  kPlan,  // as kRead, but one that is not there yet counts as empty
  kChange,
};

// Errors: kInvalid if the command line names none, or one that cannot be meant; kIo and kUnavailable if it cannot be
// used.
Result<std::unique_ptr<CatalogService>> open_catalog_service(const CatalogPlace& place, CatalogUse use);

// The files that it is in, and those of its configuration, which nothing else may be written to. None at a server.
std::vector<std::string> files_of_catalog(const CatalogPlace& place);

// Complains about what went wrong with a catalog, and gives the exit code for it.
ExitCode refuse_for_catalog(const Error& error);

}  // namespace rateguard::app
