// `rateguard limits`: the limits that a workspace, a plan or a key has of its own, and where a key's come from.
#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "app/catalog/catalog_command.h"
#include "app/catalog/catalog_service.h"
#include "base/result.h"
#include "model/instant.h"

namespace rateguard::app {

// `words`: "--workspace", "--plan" or "--key" says whose; the names are a rule, and for "set" a limit. Errors: as
// run_catalog_command().
Result<CommandOutput> run_limit_command(CatalogService& service, const CatalogWords& words);

// What the API says about a key's effective rules, and about which instances know its last change.
std::string effective_limits_text(const boost::json::value& data);
std::string propagation_text(const boost::json::value& data, Instant now);

}  // namespace rateguard::app
