#include "app/build/build.h"

#include <fmt/format.h>

namespace rateguard::app {

std::string_view version_number() {
  return RATEGUARD_VERSION;
}

// Defined in a header that the build writes and includes before this file (CMakeLists.txt).
std::string_view commit() {
  return RATEGUARD_COMMIT;
}

std::string compiler() {
#ifdef __clang__
  return fmt::format("clang {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("gcc {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

}  // namespace rateguard::app
