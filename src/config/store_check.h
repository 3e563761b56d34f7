// What the settings of one store must hold together.
#pragma once

#include <string_view>

#include "base/result.h"
#include "config/config.h"

namespace rateguard::config {

// What contradicts itself. Errors: kInvalid, naming the key; never a password.
Result<void> check_store(std::string_view name, const StoreSettings& store);
// Whether a Redis store says all that it takes to connect, which the environment may say where the file does not: where
// it is, and a password with a user. Errors: kInvalid.
Result<void> check_store_access(std::string_view name, const StoreSettings& store);
// At most one store is in memory: what two tables of this process could do, one does as well. Errors: kInvalid.
Result<void> check_one_memory(const Config& config);

}  // namespace rateguard::config
