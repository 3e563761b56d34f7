// Checks the settings of one store against each other.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// Refuses contradictions. Errors: kInvalid, naming the key; never a password.
Result<void> check_store(std::string_view name, const StoreSettings& store);
// Checks that a Redis store has all that it needs to connect, in the file or the environment: an address, and a
// password for its user. Errors: kInvalid.
Result<void> check_store_access(std::string_view name, const StoreSettings& store);
// Allows at most one store in memory: two tables in one process would have no advantage. Errors: kInvalid.
Result<void> check_one_memory(const Config& config);

}  // namespace rateguard::config
