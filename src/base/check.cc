#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace rateguard {

void check_failed(const char* file, int line, const char* expression) {
  std::fprintf(stderr, "rateguard: %s:%d: broken invariant: %s\n", file, line, expression);
  std::abort();
}

}  // namespace rateguard
