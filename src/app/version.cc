#include <fmt/format.h>

#include "app/commands.h"

namespace rateguard::app {

int version(bool json) {
  if (json) {
    fmt::print("{{\"version\":\"{}\",\"compiler\":\"{}\"}}\n", RATEGUARD_VERSION, __VERSION__);
  } else {
    fmt::print("rateguard {} ({})\n", RATEGUARD_VERSION, __VERSION__);
  }
  return kSuccess;
}

}  // namespace rateguard::app
