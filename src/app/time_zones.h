// The time zone database that is in use, for people.
#pragma once

#include <string>

#include "log/log.h"

namespace rateguard::app {

// "2026f", or "unknown" where its folder does not say, as when there is no database. For the log at the start, the
// metrics and `rateguard version`.
std::string time_zones_version();

// Takes over what the database's files say now, and logs what has changed and what cannot be used.
void refresh_time_zones(Log& log);

}  // namespace rateguard::app
