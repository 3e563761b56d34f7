// The release of the time zone database in use.
#pragma once

#include <string>

#include "log/log.h"

namespace rateguard::app {

// "2026f", or "unknown" if its folder does not say, for example without a database. For the log at the start, the
// metrics and `rateguard version`.
std::string time_zones_version();

// Reloads the database's files, and logs which zones have changed and which cannot be used.
void refresh_time_zones(Log& log);

}  // namespace rateguard::app
