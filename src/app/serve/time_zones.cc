#include "app/serve/time_zones.h"

#include <fmt/ranges.h>

#include "zoneinfo/database.h"

namespace rateguard::app {

std::string time_zones_version() {
  const std::string version = zoneinfo::system_database().version();
  return version.empty() ? "unknown" : version;
}

void refresh_time_zones(Log& log) {
  const auto refreshed = zoneinfo::system_database().refresh();
  for (const std::string& problem : refreshed.problems) {
    log.write(LogLevel::kWarn, "a time zone cannot be read again", {{"why", problem}});
  }
  if (refreshed.changed.empty()) return;
  log.write(LogLevel::kInfo, "time zones have other rules now",
            {{"zones", fmt::format("{}", fmt::join(refreshed.changed, ", "))}, {"version", time_zones_version()}});
}

}  // namespace rateguard::app
