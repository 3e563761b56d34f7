#include <fmt/format.h>

#include "app/build/build.h"
#include "app/cli/commands.h"
#include "app/serve/time_zones.h"

namespace rateguard::app {

int version(bool json) {
  if (json) {
    fmt::print("{{\"version\":\"{}\",\"commit\":\"{}\",\"compiler\":\"{}\",\"time_zones\":\"{}\"}}\n", version_number(),
               commit(), compiler(), time_zones_version());
  } else {
    fmt::print("rateguard {} (commit {}, {})\n", version_number(), commit(), compiler());
    fmt::print("time zones {}\n", time_zones_version());
  }
  return kSuccess;
}

}  // namespace rateguard::app
