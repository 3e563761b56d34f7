#include <fmt/format.h>

#include "app/commands.h"
#include "app/time_zones.h"

namespace rateguard::app {

int version(bool json) {
  if (json) {
    fmt::print("{{\"version\":\"{}\",\"compiler\":\"{}\",\"time_zones\":\"{}\"}}\n", RATEGUARD_VERSION, __VERSION__,
               time_zones_version());
  } else {
    fmt::print("rateguard {} ({})\n", RATEGUARD_VERSION, __VERSION__);
    fmt::print("time zones {}\n", time_zones_version());
  }
  return kSuccess;
}

}  // namespace rateguard::app
